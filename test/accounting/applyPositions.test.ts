import { expect, it } from 'vitest';
import { PositionLedgerDocument } from '../api/documents/graphql.ts';
import { call, did, grownBy, opening, type Reply, sceneOn, trailOf, UNKNOWN } from '../support/accounting.ts';
import { fundedPosition, openPosition } from '../support/deal.ts';
import { onBothStores } from '../support/stores.ts';

const USD = (amount: string) => ({ amount, currencyCode: 'USD' });

onBothStores((open) => {
  const scene = sceneOn(open);
  const create = (patch: object = {}) => ({ create: opening(scene.deal, patch) });
  const move = (positionId: string, toState: string, patch: object = {}) => ({
    transition: { positionId, toState, ...patch },
  });
  const apply = (operations: readonly object[], more: object = {}): Promise<Reply> =>
    call(scene.server, 'applyPositions', { operations, ...more });
  const created = async (): Promise<string> => (await openPosition(scene.server, scene.deal)).id;

  it('a batch applies its operations in order in one commit, and each sees the ones before', async () => {
    const { server, store } = scene;
    const id = await created();
    let reply: Reply | undefined;
    const grown = await grownBy(store, async () => {
      reply = await apply([
        move(id, 'FUNDED', { reason: 'first', expectedVersion: 1 }),
        create({ holderReference: 'new' }),
        move(id, 'PARTIALLY_RELEASED', { amount: '30', expectedVersion: 2 }),
        move(id, 'PARTIALLY_RELEASED', { amount: '0.5', metadata: { a: 1 } }),
        move(id, 'CANCELLED'),
      ]);
    });
    expect(grown).toEqual({ positions: 1, lifecycleEvents: 5, ledgerEvents: 5, postings: 8, auditEvents: 1 });
    expect(reply).toMatchObject({ committed: true, replayed: false });
    expect(
      reply?.results?.map(({ status, position, event, error }) => [
        status,
        position?.state,
        position?.held.amount,
        position?.version,
        event?.sequence,
        error,
      ]),
    ).toEqual([
      ['APPLIED', 'FUNDED', '100.00', 2, 2, null],
      ['APPLIED', 'CREATED', '0.00', 1, 1, null],
      ['APPLIED', 'PARTIALLY_RELEASED', '70.00', 2, 3, null],
      ['APPLIED', 'PARTIALLY_RELEASED', '69.50', 2, 4, null],
      ['APPLIED', 'CANCELLED', '0.00', 2, 5, null],
    ]);
    const { position } = await server.run(PositionLedgerDocument, { id, first: 100 });
    expect(position).toMatchObject({
      state: 'CANCELLED',
      version: 2,
      held: USD('0.00'),
      released: USD('30.50'),
      refunded: USD('69.50'),
    });
    expect(position?.events?.nodes.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(position?.ledgerEvents?.nodes.slice(1)).toEqual(
      reply?.results?.flatMap(({ event, ledgerEvent }) => (event?.sequence === 1 ? [] : [ledgerEvent])),
    );
    const [audit] = await trailOf(server, { actions: ['POSITIONS_APPLIED'] });
    const ids = [id, reply?.results?.[1]?.position?.id];
    expect(audit).toMatchObject({
      outcome: 'SUCCESS',
      payload: { operations: 5, atomic: true, dryRun: false, positionIds: ids },
    });
  });

  it('an atomic batch returns the first error with its path, NOT_DONE for all others, and writes nothing', async () => {
    const id = await created();
    const operations = [
      move(id, 'FUNDED'),
      create(),
      create(),
      create({ amount: USD('1.001') }),
      move(id, 'CREATED'),
      create({ holderReference: '' }),
    ];
    let reply: Reply | undefined;
    const grown = await grownBy(scene.store, async () => {
      reply = await apply(operations);
    });
    expect(grown).toEqual({ auditEvents: 1 });
    expect(reply).toMatchObject({ __typename: 'ApplyPositionsPayload', committed: false, replayed: false });
    const not = { status: 'NOT_DONE', position: null, event: null, ledgerEvent: null, error: null };
    const path = ['operations', '3', 'create', 'amount', 'amount'];
    expect(reply?.results).toEqual([
      not,
      not,
      not,
      expect.objectContaining({ status: 'REFUSED', position: null }),
      not,
      not,
    ]);
    expect(reply?.results?.[3]?.error).toMatchObject({ __typename: 'ValidationError', path, issues: [{ path }] });
    const [audit] = await trailOf(scene.server, { actions: ['POSITIONS_APPLIED'] });
    expect(audit).toMatchObject({ outcome: 'FAILURE', errorCode: 'VALIDATION_FAILED', payload: { positionIds: [] } });
    expect(await did(scene.server, 'fundPosition', { positionId: id, expectedVersion: 1 })).toMatchObject({
      position: { version: 2 },
    });
  });

  it('a batch that is not atomic applies operations independently and returns every kind of error at its path', async () => {
    const { store, deal } = scene;
    const [fresh, funded] = [await created(), (await fundedPosition(scene.server, deal)).id];
    const region = 'US';
    const policy = { institutionId: deal.institution.id, region };
    await did(scene.server, 'setPolicy', { ...policy, limits: [{ currencyCode: 'USD', maxAmount: '500' }] });
    const cases: readonly (readonly [object, string | null, string | undefined])[] = [
      [move(fresh, 'RELEASED'), 'IllegalTransitionError', undefined],
      [move(funded, 'PARTIALLY_RELEASED', { amount: '100.01' }), 'InsufficientFundsError', 'transition.amount'],
      [move(funded, 'PARTIALLY_RELEASED', { amount: '40' }), null, undefined],
      [move(funded, 'PARTIALLY_RELEASED', { amount: '60.01' }), 'InsufficientFundsError', 'transition.amount'],
      [move(funded, 'PARTIALLY_RELEASED'), 'ValidationError', 'transition.amount'],
      [move(funded, 'RELEASED', { amount: '0.001' }), 'ValidationError', 'transition.amount'],
      [move(funded, 'CANCELLED', { expectedVersion: 9 }), 'StaleVersionError', 'transition.expectedVersion'],
      [move(UNKNOWN, 'FUNDED'), 'NotFoundError', 'transition.positionId'],
      [move('nobody', 'FUNDED', { reason: '\u0000' }), 'ValidationError', 'transition.reason'],
      [create({ assetId: 'ast_x' }), 'NotFoundError', 'create.assetId'],
      [create({ amount: { amount: '1', currencyCode: 'EUR' } }), 'PolicyViolationError', 'create.amount.currencyCode'],
      [create({ amount: USD('500.01') }), 'PolicyViolationError', 'create.amount'],
      [create({ amount: USD('-1') }), 'ValidationError', 'create.amount.amount'],
      [create({ expiresAt: new Date(scene.server.now).toISOString() }), 'ValidationError', 'create.expiresAt'],
      [create({ institutionId: scene.other.institution.id }), 'NotFoundError', 'create.institutionId'],
      [create({ amount: USD('500') }), null, undefined],
      [move(funded, 'RELEASED'), null, undefined],
      [move(funded, 'CANCELLED'), 'IllegalTransitionError', undefined],
    ];
    let reply: Reply | undefined;
    const grown = await grownBy(store, async () => {
      reply = await apply(
        cases.map(([operation]) => operation),
        { atomic: false },
      );
    });
    expect(grown).toEqual({ positions: 1, lifecycleEvents: 3, ledgerEvents: 3, postings: 4, auditEvents: 1 });
    expect(reply?.committed).toBe(true);
    expect(
      reply?.results?.map(({ status, error }) => [status, error?.__typename ?? null, error?.path?.join('.')]),
    ).toEqual(
      cases.map(([, type, path], index) => [
        type === null ? 'APPLIED' : 'REFUSED',
        type,
        type === null ? undefined : `operations.${index}.${path ?? (index === 0 || index === 17 ? 'transition' : '')}`,
      ]),
    );
    await did(scene.server, 'deletePolicy', policy);
  });

  it('a batch that is not atomic commits nothing if no operation can be applied', async () => {
    const grown = await grownBy(scene.store, async () => {
      expect(await apply([move(UNKNOWN, 'FUNDED')], { atomic: false })).toMatchObject({ committed: false });
    });
    expect(grown).toEqual({ auditEvents: 1 });
  });
});
