import { expect, it } from 'vitest';
import { call, countsOf, did, opening, type Reply, sceneOn, times } from '../support/accounting.ts';
import { makeDeal } from '../support/deal.ts';
import { onBothStores } from '../support/stores.ts';

const RIVALS = 16;

onBothStores((open) => {
  const scene = sceneOn(open);
  const unique = (externalReference: string, patch: object = {}) =>
    opening(scene.deal, { externalReference, uniqueReference: true, ...patch });
  const conflictWith = (first: Reply) => ({
    code: 'CONFLICT',
    path: ['externalReference'],
    conflictingId: first.position?.id,
    message: `The position ${first.position?.id} was created with \`uniqueReference\` and has this external reference. Send another one.`,
  });

  it('createPosition rejects a second position with the same unique reference, with the id of the first', async () => {
    const { server, store } = scene;
    const first = await did(server, 'createPosition', unique('A'));
    const before = await countsOf(store);
    expect(await call(server, 'createPosition', unique('A'))).toMatchObject(conflictWith(first));
    expect((await countsOf(store)).positions).toBe(before.positions);
  });

  it('positions without the flag and positions of other institutions do not conflict', async () => {
    const { server } = scene;
    await did(server, 'createPosition', opening(scene.deal, { externalReference: 'B' }));
    const first = await did(server, 'createPosition', unique('B'));
    await did(server, 'createPosition', opening(scene.deal, { externalReference: 'B' }));
    await did(server, 'createPosition', opening(scene.deal, { externalReference: 'B', uniqueReference: false }));
    await did(server, 'createPosition', { ...unique('B'), ...opening(scene.other) });
    expect(await call(server, 'createPosition', unique('B'))).toMatchObject(conflictWith(first));
  });

  it.each(['b ', 'B', 'é', 'e\u0301', '\u{1f600}', '\uffff', 'x'.repeat(200)])(
    'the unique reference %j is equal only to itself',
    async (reference) => {
      const { server } = scene;
      const own = reference === 'B' ? 'B2' : reference;
      const first = await did(server, 'createPosition', unique(own));
      expect(await call(server, 'createPosition', unique(own))).toMatchObject(conflictWith(first));
    },
  );

  it('uniqueReference requires an external reference', async () => {
    const { server } = scene;
    for (const input of [{}, { externalReference: null }]) {
      const reply = await call(server, 'createPosition', opening(scene.deal, { ...input, uniqueReference: true }));
      expect(reply.issues).toEqual([{ path: ['externalReference'], message: 'is required with `uniqueReference`.' }]);
    }
  });

  it('the conflict is stored under the idempotency key, and the success replays', async () => {
    const { server } = scene;
    const first = await did(server, 'createPosition', unique('C', { idempotencyKey: 'c1' }));
    const refused = await call(server, 'createPosition', unique('C', { idempotencyKey: 'c2' }));
    expect(refused).toMatchObject(conflictWith(first));
    await did(server, 'updatePosition', { positionId: first.position?.id, externalReference: 'C moved' });
    expect(await call(server, 'createPosition', unique('C', { idempotencyKey: 'c2' }))).toEqual(refused);
    expect(await call(server, 'createPosition', unique('C', { idempotencyKey: 'c1' }))).toMatchObject({
      replayed: true,
      position: { id: first.position?.id, externalReference: 'C moved' },
    });
    await did(server, 'createPosition', unique('C', { idempotencyKey: 'c3' }));
  });

  it(`${RIVALS} concurrent calls create one position, and the others are rejected with its id`, async () => {
    const { server, store } = scene;
    const before = await countsOf(store);
    const replies = await Promise.all(times(RIVALS, () => call(server, 'createPosition', unique('race'))));
    const [first, ...more] = replies.filter(({ position }) => position !== undefined);
    expect(more).toEqual([]);
    const refused = replies.filter(({ code }) => code !== undefined);
    expect(refused).toHaveLength(RIVALS - 1);
    for (const each of refused) expect(each).toMatchObject(conflictWith(first as Reply));
    expect((await countsOf(store)).positions).toBe(before.positions + 1);
  });

  it('updatePosition rejects a used unique reference, accepts a free one, and frees the old one', async () => {
    const { server } = scene;
    const first = await did(server, 'createPosition', unique('D1'));
    const second = await did(server, 'createPosition', unique('D2'));
    const positionId = second.position?.id;
    const update = (externalReference: string | null) =>
      call(server, 'updatePosition', { positionId, externalReference });
    expect(await update('D1')).toMatchObject(conflictWith(first));
    expect(await update('D2')).toMatchObject({ position: { version: 1 } });
    expect(await update('D3')).toMatchObject({ position: { externalReference: 'D3' } });
    expect(await update(null)).toMatchObject({
      code: 'VALIDATION_FAILED',
      issues: [{ message: 'must not be null: the position was created with `uniqueReference`.' }],
    });
    await did(server, 'createPosition', unique('D2'));
    expect(await call(server, 'createPosition', unique('D3'))).toMatchObject(conflictWith(second));
  });

  it('updatePosition accepts any reference for a position without the flag', async () => {
    const { server } = scene;
    await did(server, 'createPosition', unique('E'));
    const { position } = await did(server, 'createPosition', opening(scene.deal));
    const taking = await did(server, 'updatePosition', { positionId: position?.id, externalReference: 'E' });
    expect(taking.position?.externalReference).toBe('E');
    const cleared = await did(server, 'updatePosition', { positionId: position?.id, externalReference: null });
    expect(cleared.position?.externalReference).toBeNull();
  });

  it(`one of ${RIVALS} concurrent updates to one unique reference succeeds, and the others are rejected`, async () => {
    const { server } = scene;
    const created = await Promise.all(times(RIVALS, (index) => did(server, 'createPosition', unique(`F${index}`))));
    const replies = await Promise.all(
      created.map(({ position }) =>
        call(server, 'updatePosition', { positionId: position?.id, externalReference: 'F' }),
      ),
    );
    expect(replies.filter(({ code }) => code === undefined)).toHaveLength(1);
    expect(replies.filter(({ code }) => code === 'CONFLICT')).toHaveLength(RIVALS - 1);
  });

  it('applyPositions enforces unique references within one batch', async () => {
    const { server, store } = scene;
    const operations = [unique('G1'), unique('G2'), unique('G1')].map((create) => ({ create }));
    const before = await countsOf(store);
    const atomic = await did(server, 'applyPositions', { operations });
    expect(atomic.results?.map(({ status }) => status)).toEqual(['NOT_DONE', 'NOT_DONE', 'REFUSED']);
    expect(atomic.results?.[2]?.error).toMatchObject({
      code: 'CONFLICT',
      path: ['operations', '2', 'create', 'externalReference'],
    });
    expect((await countsOf(store)).positions).toBe(before.positions);
    const each = await did(server, 'applyPositions', { operations, atomic: false });
    expect(each.results?.map(({ status }) => status)).toEqual(['APPLIED', 'APPLIED', 'REFUSED']);
    const taken = await did(server, 'applyPositions', { operations: [{ create: unique('G2') }] });
    expect(taken.results?.[0]?.error).toMatchObject({ code: 'CONFLICT' });
  });

  it('a dry run of applyPositions reports the conflict and reserves no reference', async () => {
    const { server } = scene;
    const operations = [{ create: unique('H') }, { create: unique('H') }];
    const dry = await did(server, 'applyPositions', { operations, atomic: false, dryRun: true });
    expect(dry.results?.map(({ status }) => status)).toEqual(['APPLIED', 'REFUSED']);
    await did(server, 'createPosition', unique('H'));
  });

  it('a unique reference stays in use after every move of its position, even when it is closed', async () => {
    const { server } = scene;
    const deal = await makeDeal(server);
    const input = opening(deal, { externalReference: 'I', uniqueReference: true });
    const first = await did(server, 'createPosition', input);
    for (const move of ['fundPosition', 'cancelPosition'] as const) {
      await did(server, move, { positionId: first.position?.id });
      expect(await call(server, 'createPosition', input)).toMatchObject(conflictWith(first));
    }
  });
});
