import { describe, expect, it } from 'vitest';
import { ApplyPositionsDocument } from '../api/documents/graphql.ts';
import { COUNTS } from '../counts.ts';
import { as, call, did, grownBy, LONG_LISTS, opening, type Reply, sceneOn, times } from '../support/accounting.ts';
import { fundedPosition, makeDeal, openPosition } from '../support/deal.ts';
import { serve } from '../support/server.ts';
import { onBothStores, openPostgres } from '../support/stores.ts';

const USD = (amount: string) => ({ amount, currencyCode: 'USD' });

onBothStores((open) => {
  const scene = sceneOn(open, LONG_LISTS);
  const create = (patch: object = {}, deal = scene.deal) => ({ create: opening(deal, patch) });
  const move = (positionId: string, toState: string, patch: object = {}) => ({
    transition: { positionId, toState, ...patch },
  });
  const apply = (operations: readonly object[], more: object = {}): Promise<Reply> =>
    call(scene.server, 'applyPositions', { operations, ...more });
  const created = async (): Promise<string> => (await openPosition(scene.server, scene.deal)).id;

  describe('a batch with an idempotency key', () => {
    it('a batch with an idempotency key replays the result or error of every operation, with the current positions', async () => {
      const { server, deal, store } = scene;
      const { id } = await fundedPosition(server, deal);
      const operations = [
        create({ amount: USD('5.00') }),
        move(id, 'PARTIALLY_RELEASED', { amount: '100.01' }),
        move(id, 'PARTIALLY_RELEASED', { amount: '1.00' }),
        move(id, 'FUNDED'),
        create({ holderReference: '' }),
        create({ amount: { amount: '1', currencyCode: 'EUR' } }),
        move(id, 'CANCELLED', { expectedVersion: 1 }),
        create({ assetId: 'ast_x' }),
      ];
      const key = { atomic: false, idempotencyKey: 'replayed' };
      const first = await apply(operations, key);
      expect(first).toMatchObject({ committed: true, replayed: false });
      await did(server, 'releasePosition', { positionId: id, all: true });
      const { results = [] } = first;
      const again = await grownBy(store, async () => {
        const reply = await apply(operations, key);
        expect(reply).toMatchObject({ committed: true, replayed: true });
        const facts = (each: (typeof results)[number]) => [each.status, each.event, each.ledgerEvent, each.error];
        expect(reply.results?.map(facts)).toEqual(results.map(facts));
        expect(reply.results?.[2]?.position).toMatchObject({ state: 'RELEASED', version: 4 });
        expect(await apply(operations.toReversed(), key)).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
        // The operations that were not done are part of the input too.
        const other = operations.with(4, create({ holderReference: '', amount: USD('6.00') }));
        expect(await apply(other, key)).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
      });
      expect(again).toEqual({ auditEvents: 2 });
    });

    it('the error of an atomic batch is replayed if it depends on state, and not stored otherwise', async () => {
      const id = await created();
      const late = [create(), move(id, 'RELEASED')];
      const first = await apply(late, { idempotencyKey: 'refused' });
      expect(first).toMatchObject({
        committed: false,
        replayed: false,
        results: [{ status: 'NOT_DONE' }, { status: 'REFUSED' }],
      });
      await did(scene.server, 'fundPosition', { positionId: id });
      expect(await apply(late, { idempotencyKey: 'refused' })).toEqual({ ...first, replayed: true });
      const asset = { create: opening({ ...scene.deal, assetId: 'ast_x' }) };
      for (const _again of [1, 2]) {
        expect(await apply([move(id, 'CANCELLED'), asset], { idempotencyKey: 'forgotten' })).toMatchObject({
          committed: false,
          replayed: false,
        });
      }
      expect(await apply([move(id, 'CANCELLED')], { idempotencyKey: 'forgotten' })).toMatchObject({
        committed: true,
        replayed: false,
      });
    });

    it('a batch with the Idempotency-Key header is executed once', async () => {
      const { server } = scene;
      const input = { operations: [create()] };
      const headers = { 'idempotency-key': 'batch header' };
      expect(await call(server, 'applyPositions', input, headers)).toMatchObject({ replayed: false });
      expect(await call(server, 'applyPositions', input, headers)).toMatchObject({ replayed: true });
    });
  });

  describe('a batch that is rejected as a whole', () => {
    const faultsOf = async (operations: readonly object[]): Promise<string> => {
      let message = '';
      for (const more of [{}, { atomic: false }, { dryRun: true }, { idempotencyKey: 'whole' }]) {
        let reply: Reply | undefined;
        const grown = await grownBy(scene.store, async () => {
          reply = await apply(operations, more);
        });
        expect(grown).toEqual({ auditEvents: 1 });
        expect(reply).toMatchObject({ __typename: 'ValidationError' });
        message = reply?.issues?.map((issue) => `${issue.path.join('.')} ${issue.message}`).join() ?? '';
      }
      return message;
    };

    it('a batch without operations, or with 1,001, is rejected and nothing is written', async () => {
      expect(await faultsOf([])).toBe('operations must have at least one value.');
      expect(await faultsOf(times(1_001, () => create()))).toBe(
        'operations must have at most 1000 values; it has 1001.',
      );
    });

    it('a batch whose operation has its own idempotency key, even an empty one, is rejected and nothing is written', async () => {
      const fault = 'idempotencyKey is not allowed here; set the idempotency key on the batch.';
      const moved = move(await created(), 'FUNDED', { idempotencyKey: 'own' });
      expect(await faultsOf([create(), create({ idempotencyKey: 'own' })])).toBe(`operations.1.create.${fault}`);
      expect(await faultsOf([create({ idempotencyKey: '' })])).toBe(`operations.0.create.${fault}`);
      expect(await faultsOf([moved])).toBe(`operations.0.transition.${fault}`);
    });

    it('a batch with operations of two institutions is rejected and nothing is written', async () => {
      const { server, other } = scene;
      const theirs = move((await openPosition(server, other)).id, 'FUNDED');
      const fault = 'must belong to the same institution as the other operations.';
      expect(await faultsOf([create(), create({}, other)])).toBe(`operations.1.create.assetId ${fault}`);
      expect(await faultsOf([move(await created(), 'FUNDED'), theirs])).toBe(
        `operations.1.transition.positionId ${fault}`,
      );
      expect(await faultsOf([create(), create(), theirs])).toBe(`operations.2.transition.positionId ${fault}`);
    });
  });

  it('positions and assets of another institution are reported as not found to an API key', async () => {
    const { server, deal, other } = scene;
    const mine = await created();
    const theirs = (await openPosition(server, other)).id;
    await as(server, { role: 'ADMIN', institutionId: deal.institution.id }, async () => {
      const reply = await apply([move(theirs, 'FUNDED'), create({}, other), move(mine, 'FUNDED')], { atomic: false });
      expect(reply.results).toMatchObject([
        {
          status: 'REFUSED',
          error: { code: 'NOT_FOUND', path: ['operations', '0', 'transition', 'positionId'], id: theirs },
        },
        { status: 'REFUSED', error: { code: 'NOT_FOUND', path: ['operations', '1', 'create', 'assetId'] } },
        { status: 'APPLIED' },
      ]);
    });
  });

  it('an operation with neither a creation nor a transition, or with both, is rejected before the batch starts', async () => {
    for (const operation of [{}, { ...create(), ...move('pos_1', 'FUNDED') }, { create: null }]) {
      const { errors } = await scene.server.ask(ApplyPositionsDocument, { input: { operations: [operation] } });
      expect(errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
    }
  });

  it('concurrent batches over the same positions lose no update', async () => {
    const { server, deal } = scene;
    const ids = [(await fundedPosition(server, deal)).id, (await fundedPosition(server, deal)).id];
    const replies = await Promise.all(
      times(COUNTS.concurrentPolicyCalls, (index) =>
        apply((index % 2 === 0 ? ids : ids.toReversed()).map((id) => move(id, 'PARTIALLY_RELEASED', { amount: '1' }))),
      ),
    );
    expect(replies.map(({ committed }) => committed)).toEqual(times(COUNTS.concurrentPolicyCalls, () => true));
    const left = await Promise.all(ids.map((positionId) => did(server, 'cancelPosition', { positionId })));
    const released = USD(`${COUNTS.concurrentPolicyCalls}.00`);
    for (const { position } of left)
      expect(position).toMatchObject({ version: 3 + COUNTS.concurrentPolicyCalls, released });
  });
});

it('a call with 1,000 creations sends as many statements as a call with 10', async () => {
  let sent: string[] = [];
  const store = await openPostgres(({ text }) => sent.push(text));
  const server = serve(store);
  const deal = await makeDeal(server);
  const statementsFor = async (count: number): Promise<readonly string[]> => {
    sent = [];
    const input = { operations: times(count, () => ({ create: opening(deal) })), idempotencyKey: `${count}` };
    const { data, errors } = await server.ask(
      'mutation ($input: ApplyPositionsInput!) { applyPositions(input: $input) { ... on ApplyPositionsPayload { committed } } }',
      { input },
    );
    expect([errors, data]).toEqual([undefined, { applyPositions: { committed: true } }]);
    return sent;
  };
  const few = await statementsFor(10);
  const many = await statementsFor(1_000);
  expect(many).toEqual(few);
  expect(many.length).toBeLessThanOrEqual(8);
});
