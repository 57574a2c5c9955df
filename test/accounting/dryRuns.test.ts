import { describe, expect, it } from 'vitest';
import { call, countsOf, LONG_LISTS, opening, type Reply, sceneOn, times } from '../support/accounting.ts';
import { fundedPosition, openPosition } from '../support/deal.ts';
import { onBothStores } from '../support/stores.ts';

const USD = (amount: string) => ({ amount, currencyCode: 'USD' });

onBothStores((open) => {
  const scene = sceneOn(open, LONG_LISTS);
  const create = (patch: object = {}) => ({ create: opening(scene.deal, patch) });
  const move = (positionId: string, toState: string, patch: object = {}) => ({
    transition: { positionId, toState, ...patch },
  });
  const apply = (operations: readonly object[], more: object = {}): Promise<Reply> =>
    call(scene.server, 'applyPositions', { operations, ...more });
  const created = async (): Promise<string> => (await openPosition(scene.server, scene.deal)).id;
  const statusesOf = ({ results }: Reply) => results?.map(({ status }) => status);

  describe('a dry run', () => {
    it.each([true, false])(
      'a dry run applies all operations, writes only an audit event and stores no idempotency key (atomic: %s)',
      async (atomic) => {
        const { store } = scene;
        const id = await created();
        const operations = [move(id, 'FUNDED'), create(), move(id, 'PARTIALLY_RELEASED', { amount: '1' })];
        const key = { atomic, idempotencyKey: `dry ${atomic}` };
        const before = await countsOf(store);
        const dry = await apply(operations, { ...key, dryRun: true });
        expect(await countsOf(store)).toEqual({ ...before, auditEvents: before.auditEvents + 1 });
        expect(dry).toMatchObject({ committed: false, replayed: false });
        expect(statusesOf(dry)).toEqual(['APPLIED', 'APPLIED', 'APPLIED']);
        expect(dry.results?.[2]).toMatchObject({
          position: { state: 'PARTIALLY_RELEASED', held: USD('99.00') },
          event: { sequence: 3 },
        });
        const real = await apply(operations, key);
        expect(real).toMatchObject({ committed: true, replayed: false });
        expect(await apply(operations, { ...key, dryRun: true })).toMatchObject({ replayed: false, committed: false });
      },
    );

    it('a dry run returns the errors that the operations would return', async () => {
      const id = await created();
      const operations = [move(id, 'FUNDED'), move(id, 'FUNDED'), create()];
      expect(statusesOf(await apply(operations, { dryRun: true }))).toEqual(['NOT_DONE', 'REFUSED', 'NOT_DONE']);
      expect(statusesOf(await apply(operations, { dryRun: true, atomic: false }))).toEqual([
        'APPLIED',
        'REFUSED',
        'APPLIED',
      ]);
    });
  });

  it('a batch of 1,000 creates and moves positions, and every operation has a result', async () => {
    const id = (await fundedPosition(scene.server, scene.deal, '999.00')).id;
    const releases = times(999, () => move(id, 'PARTIALLY_RELEASED', { amount: '1' })).slice(1);
    const reply = await apply([...releases, move(id, 'RELEASED'), create()]);
    expect(new Set(statusesOf(reply))).toEqual(new Set(['APPLIED']));
    expect(reply.results?.[998]?.position).toMatchObject({ state: 'RELEASED', version: 3, released: USD('999.00') });
    const refused = await apply(times(1_001, () => create()));
    expect(refused).toMatchObject({ __typename: 'ValidationError', path: ['operations'] });
  });
});
