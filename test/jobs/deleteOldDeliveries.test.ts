import { beforeAll, describe, expect, it } from 'vitest';
import type { WebhookDelivery } from '../../src/domain/webhookDelivery.ts';
import { deleteOldDeliveries } from '../../src/jobs/deleteOldDeliveries.ts';
import type { Store } from '../../src/store/store.ts';
import { anInstitution, keep, nextId, START } from '../store/rows.ts';
import { aDelivery, anEndpoint } from '../store/webhookRows.ts';
import { onBothStores } from '../support/stores.ts';

const NOW = START + 1_000_000;
const OLD = { createdAt: START - 1 } as const;
const WAITING = { nextAttemptAt: null } as const;

onBothStores((open) => {
  describe('deleteOldDeliveries', () => {
    let store: Store;
    beforeAll(async () => {
      store = await open();
    });
    const run = () => deleteOldDeliveries({ store, clock: () => NOW }, START);
    const left = async (rows: readonly WebhookDelivery[]) => {
      const found = await store.read('ALL').webhookDeliveries.byIds(rows.map(({ id }) => id));
      return rows.filter((_row, index) => found[index]);
    };
    const written = async (of: (endpoint: ReturnType<typeof anEndpoint>) => readonly WebhookDelivery[]) => {
      const institution = anInstitution();
      const endpoint = anEndpoint(institution.id);
      const rows = of(endpoint);
      await keep(store, { institutions: [institution], webhookEndpoints: [endpoint], webhookDeliveries: rows });
      return rows;
    };

    it('deletes what was created before the time, in any state and in several batches, by two servers at once', async () => {
      const states = ['DELIVERED', 'FAILED', 'PENDING'] as const;
      const rows = await written((endpoint) =>
        Array.from({ length: 1_203 }, (_one, index) =>
          aDelivery(endpoint, index + 1, {
            state: states[index % 3] ?? 'PENDING',
            createdAt: index < 1_200 ? START - 1_200 + index : START,
          }),
        ),
      );
      const [first, second] = await Promise.all([run(), run()]);
      expect(first + second).toBeGreaterThanOrEqual(1_200);
      expect(await left(rows)).toEqual(rows.slice(1_200));
      expect(await run()).toBe(0);
    });

    it('makes the next delivery of a queue due if the first one is deleted', async () => {
      const objectId = nextId('pos');
      const rows = await written((endpoint) => [
        aDelivery(endpoint, 1, { objectId, ...OLD }),
        aDelivery(endpoint, 2, { objectId, ...OLD, ...WAITING }),
        aDelivery(endpoint, 3, { objectId, ...OLD, state: 'FAILED' }),
        aDelivery(endpoint, 4, { objectId, ...WAITING }),
        aDelivery(endpoint, 5, { objectId, ...WAITING }),
      ]);
      expect(await run()).toBe(3);
      const [, , , next, last] = rows as [unknown, unknown, unknown, WebhookDelivery, WebhookDelivery];
      const { webhookDeliveries } = store.read('ALL');
      expect(await webhookDeliveries.byIds([next.id, last.id])).toEqual([
        { ...next, nextAttemptAt: NOW, version: 2 },
        last,
      ]);
    });

    it('leaves the other deliveries of a queue as they are if its first one stays', async () => {
      const objectId = nextId('pos');
      const rows = await written((endpoint) => [
        aDelivery(endpoint, 1, { objectId }),
        aDelivery(endpoint, 2, { objectId, ...OLD, ...WAITING }),
        aDelivery(endpoint, 3, { objectId, ...WAITING }),
      ]);
      expect(await run()).toBe(1);
      const { webhookDeliveries } = store.read('ALL');
      expect(await webhookDeliveries.byIds(rows.map(({ id }) => id))).toEqual([rows[0], undefined, rows[2]]);
    });

    it('deletes the deliveries of an endpoint that was deleted', async () => {
      const rows = await written(({ institutionId }) => {
        const gone = anEndpoint(institutionId);
        return [aDelivery(gone, 1, OLD), aDelivery(gone, 2, { ...OLD, state: 'DELIVERED' })];
      });
      expect(await run()).toBe(2);
      expect(await left(rows)).toEqual([]);
    });
  });
});
