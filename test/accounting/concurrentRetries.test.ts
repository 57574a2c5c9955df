import { describe, expect, it } from 'vitest';
import { COUNTS } from '../counts.ts';
import { call, did, grownBy, opening, type Reply, sceneOn, times } from '../support/accounting.ts';
import { fundedPosition } from '../support/deal.ts';
import { onBothStores } from '../support/stores.ts';
import { equivalentInputsOn } from './equivalentInputs.ts';

const DAY_MS = 86_400_000;
/** The rows that one move writes, with its idempotency key and its audit event. */
const CHANGE = { lifecycleEvents: 1, ledgerEvents: 1, auditEvents: 1, idempotencyRecords: 1 };

onBothStores((open) => {
  const scene = sceneOn(open);
  const equivalentInputs = equivalentInputsOn(scene);

  describe(`${COUNTS.concurrentRetries} concurrent calls with one idempotency key`, () => {
    it.each([
      ['createInstitution', { institutions: 1, auditEvents: 1, idempotencyRecords: 1 }],
      ['createAssetTemplate', { assetTemplates: 1, templateConfigs: 1, auditEvents: 1, idempotencyRecords: 1 }],
      ['updateInstitution', { auditEvents: 1, idempotencyRecords: 1 }],
      ['updateAssetTemplate', { templateConfigs: 1, auditEvents: 1, idempotencyRecords: 1 }],
      ['updateAsset', { auditEvents: 1, idempotencyRecords: 1 }],
      ['updatePosition', { auditEvents: 1, idempotencyRecords: 1 }],
      ['createAsset', { assets: 1, auditEvents: 1, idempotencyRecords: 1 }],
      ['createPosition', { ...CHANGE, positions: 1 }],
      ['fundPosition', { ...CHANGE, postings: 2 }],
      ['releasePosition', { ...CHANGE, postings: 2 }],
      [
        'applyPositions',
        { positions: 1, lifecycleEvents: 2, ledgerEvents: 2, postings: 2, auditEvents: 1, idempotencyRecords: 1 },
      ],
      ['setPolicy', { policies: 1, auditEvents: 1, idempotencyRecords: 1 }],
      ['deletePolicy', { policies: -1, auditEvents: 1, idempotencyRecords: 1 }],
    ] as const)('%s is executed once and returns the same result to all concurrent calls', async (mutation, grown) => {
      const { server, store } = scene;
      const input = { ...equivalentInputs[mutation].input, idempotencyKey: 'twins' };
      let replies: readonly Reply[] = [];
      const by = await grownBy(store, async () => {
        replies = await Promise.all(times(COUNTS.concurrentRetries, () => call(server, mutation, input)));
      });
      expect(by).toEqual(grown);
      const [first] = replies.filter(({ replayed }) => replayed === false);
      expect(replies.filter(({ replayed }) => replayed === true)).toHaveLength(COUNTS.concurrentRetries - 1);
      for (const reply of replies) expect({ ...reply, replayed: false }).toEqual(first);
    });

    it('a stored user error is written once and returned to all concurrent calls', async () => {
      const { server, store, deal } = scene;
      const { id: positionId } = await fundedPosition(server, deal);
      const input = { positionId, idempotencyKey: 'twins refused' };
      let replies: readonly Reply[] = [];
      const by = await grownBy(store, async () => {
        replies = await Promise.all(times(COUNTS.concurrentRetries, () => call(server, 'fundPosition', input)));
      });
      expect(by.idempotencyRecords).toBe(1);
      for (const reply of replies) expect(reply).toEqual(replies[0]);
      expect(replies[0]).toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    });

    it('one of two different inputs is executed, and every call with the other is a conflict', async () => {
      const { server, store, deal } = scene;
      const inputs = ['a', 'b'].map((holderReference) => opening(deal, { holderReference, idempotencyKey: 'two' }));
      let replies: readonly Reply[] = [];
      const by = await grownBy(store, async () => {
        replies = await Promise.all(
          times(COUNTS.concurrentRetries, (index) => call(server, 'createPosition', inputs[index % 2] as object)),
        );
      });
      expect(by).toMatchObject({ positions: 1, idempotencyRecords: 1 });
      expect(replies.filter(({ code }) => code === 'IDEMPOTENCY_CONFLICT')).toHaveLength(COUNTS.concurrentRetries / 2);
      expect(replies.filter(({ replayed }) => replayed)).toHaveLength(COUNTS.concurrentRetries / 2 - 1);
    });

    it('a call whose expired idempotency key was removed is executed once more by concurrent calls', async () => {
      const { server, store, deal } = scene;
      const { id: institutionId } = deal.institution;
      const create = opening(deal, { idempotencyKey: 'old' });
      const set = { institutionId, region: 'SG', expectedVersion: null, idempotencyKey: 'old' };
      const before = [await did(server, 'createPosition', create), await did(server, 'setPolicy', set)];
      server.now += 31 * DAY_MS;
      expect(await call(server, 'createPosition', create)).toEqual({ ...before[0], replayed: true });
      await server.app.cleanUp();
      for (const [mutation, input, grown] of [
        [
          'createPosition',
          create,
          { positions: 1, lifecycleEvents: 1, ledgerEvents: 1, auditEvents: 1, idempotencyRecords: 1 },
        ],
        ['setPolicy', set, { auditEvents: 1, idempotencyRecords: 1 }],
      ] as const) {
        let replies: readonly Reply[] = [];
        const by = await grownBy(store, async () => {
          replies = await Promise.all(times(COUNTS.concurrentRetries, () => call(server, mutation, input)));
        });
        expect(by).toEqual(grown);
        expect(replies.filter(({ replayed }) => replayed === true)).toHaveLength(COUNTS.concurrentRetries - 1);
        expect(before.map((one) => one.position?.id)).not.toContain(replies[0]?.position?.id ?? 'a policy');
      }
    });
  });

  it(`${COUNTS.concurrentRetries} concurrent calls with the removed idempotency key of a user error run once more and store one result`, async () => {
    const { server, store, deal } = scene;
    const input = { positionId: (await fundedPosition(server, deal)).id, idempotencyKey: 'old refusal' };
    await call(server, 'fundPosition', input);
    server.now += 31 * DAY_MS;
    await server.app.cleanUp();
    await did(server, 'cancelPosition', { positionId: input.positionId });
    let replies: readonly Reply[] = [];
    const by = await grownBy(store, async () => {
      replies = await Promise.all(times(COUNTS.concurrentRetries, () => call(server, 'fundPosition', input)));
    });
    expect(Object.keys(by).toSorted()).toEqual(['auditEvents', 'idempotencyRecords']);
    for (const reply of replies) expect(reply).toEqual({ ...replies[0], from: 'CANCELLED' });
  });

  it('predecessor mistake 6: the same Idempotency-Key twice created two positions', async () => {
    const { server, store, deal } = scene;
    const headers = { 'Idempotency-Key': 'twice' };
    let replies: readonly Reply[] = [];
    const by = await grownBy(store, async () => {
      replies = [
        await call(server, 'createPosition', opening(deal), headers),
        await call(server, 'createPosition', opening(deal), headers),
      ];
    });
    expect(by).toEqual({ ...CHANGE, positions: 1 });
    expect(replies.map(({ replayed }) => replayed)).toEqual([false, true]);
    expect(replies[1]?.position).toEqual(replies[0]?.position);
  });
});
