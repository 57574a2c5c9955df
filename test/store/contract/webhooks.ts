import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/domain/change.ts';
import { queueOfDelivery, type WebhookDelivery } from '../../../src/domain/webhookDelivery.ts';
import type { DueDeliveries, Window } from '../../../src/store/store.ts';
import { firstOf } from '../../../src/store/window.ts';
import { anInstitution, type GetStore, idsOf, keep, nextId, only, START, windowOn } from '../rows.ts';
import { aDelivery, anEndpoint } from '../webhookRows.ts';

/** Tests what webhooks need of a store: the log of deliveries, their queues, due deliveries, and taken changes. */
export function keepsWebhooks(store: GetStore): void {
  describe('rows', () => {
    it('endpoints and deliveries are returned as they were written, also a sequence above 2^31', async () => {
      const institution = anInstitution();
      const plain = anEndpoint(institution.id);
      const full = anEndpoint(institution.id, {
        description: 'Orders',
        variables: { id: 'x', list: [1, null] },
        objectId: nextId('pos'),
        detailId: nextId('evt'),
        state: 'DISABLED',
        disabledReason: 'GONE',
        failingSince: START + 1,
        previousSecret: 'sealed before',
        previousSecretExpiresAt: START + 2,
      });
      const deliveries = [
        aDelivery(plain, 1),
        aDelivery(plain, 2 ** 31 + 5, {
          detailId: nextId('evt'),
          state: 'DELIVERED',
          attempts: 3,
          lastAttemptAt: START + 5,
          lastStatus: 204,
          lastError: 'TIMEOUT',
          deliveredAt: START + 6,
          body: '{"type":"position.created"}',
        }),
        aDelivery(full, Number.MAX_SAFE_INTEGER, { state: 'FAILED', lastStatus: 500, lastError: 'STATUS' }),
      ];
      const webhookEndpoints = [plain, full];
      await keep(store(), { institutions: [institution], webhookEndpoints, webhookDeliveries: deliveries });
      const read = store().read(only(institution));
      expect(await read.webhookEndpoints.byIds(webhookEndpoints.map(({ id }) => id))).toEqual(webhookEndpoints);
      expect(await read.webhookDeliveries.byIds(deliveries.map(({ id }) => id))).toEqual(deliveries);
      const [page] = await read.webhookDeliveries.pages([windowOn<WebhookDelivery>()]);
      expect(page?.rows).toEqual(deliveries);
      const others = store().read(only(anInstitution()));
      expect(await others.webhookDeliveries.byIds([deliveries[0]?.id ?? ''])).toEqual([undefined]);
    });

    it('deliveries stay when their endpoint is removed, and can be removed themselves', async () => {
      const institution = anInstitution();
      const endpoint = anEndpoint(institution.id);
      const delivery = aDelivery(endpoint, 1);
      await keep(store(), {
        institutions: [institution],
        webhookEndpoints: [endpoint],
        webhookDeliveries: [delivery],
      });
      await store().transact(only(institution), async (tx) => tx.webhookEndpoints.remove(endpoint));
      const read = store().read(only(institution));
      expect(await read.webhookEndpoints.byIds([endpoint.id])).toEqual([undefined]);
      expect(await read.webhookDeliveries.byIds([delivery.id])).toEqual([delivery]);
      await store().transact('ALL', async (tx) => tx.webhookDeliveries.remove(delivery));
      expect(await read.webhookDeliveries.byIds([delivery.id])).toEqual([undefined]);
    });

    it('an endpoint of an institution that does not exist cannot be written', async () => {
      await expect(keep(store(), { webhookEndpoints: [anEndpoint(nextId('inst'))] })).rejects.toBeInstanceOf(Error);
    });
  });

  describe('windows', () => {
    const made = async () => {
      const institution = anInstitution();
      const [one, other] = [anEndpoint(institution.id), anEndpoint(institution.id)];
      const objectId = nextId('pos');
      const ofQueue = { objectId, nextAttemptAt: null };
      const webhookDeliveries = [
        aDelivery(one, 30, ofQueue),
        aDelivery(one, 10, { objectId }),
        aDelivery(one, 20, ofQueue),
        aDelivery(one, 5, { objectId, state: 'DELIVERED' }),
        aDelivery(one, 2 ** 40, { state: 'FAILED' }),
        aDelivery(other, 11, { objectId }),
        aDelivery(other, 12, { objectId, state: 'FAILED' }),
      ] as const;
      await keep(store(), { institutions: [institution], webhookEndpoints: [one, other], webhookDeliveries });
      return { institution, one, other, objectId, rows: webhookDeliveries };
    };
    const inOrder = (part: Partial<Window<WebhookDelivery>>) =>
      firstOf<WebhookDelivery>({ order: { by: ['sequence'], direction: 'ASC' }, limit: 10, ...part });

    it('the pending deliveries of each queue are listed by sequence, within a scope and without one', async () => {
      const { institution, rows } = await made();
      const queues = [queueOfDelivery(rows[0]), queueOfDelivery(rows[5]), queueOfDelivery(rows[4]), 'x:y', 'NUL\0'];
      for (const scope of ['ALL', only(institution)] as const) {
        const windows = queues.map((id) => inOrder({ parent: { field: 'queue', id }, limit: 2 }));
        const pages = await store().read(scope).webhookDeliveries.pages(windows);
        expect(pages.map(({ rows: found, more }) => [found, more])).toEqual([
          [[rows[1], rows[2]], true],
          [[rows[5]], false],
          [[], false],
          [[], false],
          [[], false],
        ]);
      }
      const elsewhere = store().read(only(anInstitution())).webhookDeliveries;
      const [page] = await elsewhere.pages([inOrder({ parent: { field: 'queue', id: queues[0] ?? '' } })]);
      expect(page?.rows).toEqual([]);
    });

    it('the deliveries of an endpoint in some states are listed from a sequence on', async () => {
      const { institution, one, rows } = await made();
      for (const scope of ['ALL', only(institution)] as const) {
        const reader = store().read(scope).webhookDeliveries;
        const after = async (sequence: number, states: readonly WebhookDelivery['state'][]) => {
          const where = { state: { in: states }, sequence: { range: { gt: sequence } } };
          const [page] = await reader.pages([inOrder({ parent: { field: 'webhookEndpointId', id: one.id }, where })]);
          return idsOf(page);
        };
        expect(await after(0, ['DELIVERED', 'FAILED'])).toEqual([rows[3].id, rows[4].id]);
        expect(await after(5, ['DELIVERED', 'FAILED'])).toEqual([rows[4].id]);
        expect(await after(2 ** 40 - 1, ['FAILED'])).toEqual([rows[4].id]);
        expect(await after(2 ** 40, ['FAILED'])).toEqual([]);
      }
    });

    it('lists are filtered by endpoint, object and state', async () => {
      const { institution, one, objectId, rows } = await made();
      for (const scope of ['ALL', only(institution)] as const) {
        const reader = store().read(scope).webhookDeliveries;
        const of = async (where: Window<WebhookDelivery>['where']) => {
          const own = { ...where, institutionId: { in: [institution.id] } };
          const [page] = await reader.pages([
            windowOn<WebhookDelivery>({ where: own, order: { by: ['createdAt'], direction: 'DESC' } }),
          ]);
          expect(await reader.counts([{ where: own }])).toEqual([page?.rows.length]);
          return page?.rows;
        };
        expect(await of({ state: { in: ['FAILED'] } })).toEqual([rows[6], rows[4]]);
        expect(await of({ webhookEndpointId: { in: [one.id] }, state: { in: ['FAILED'] } })).toEqual([rows[4]]);
        expect(await of({ objectId: { in: [objectId] }, state: { in: ['PENDING'] } })).toEqual([
          rows[5],
          rows[2],
          rows[1],
          rows[0],
        ]);
        expect(await of({ createdAt: { range: { gt: START } } })).toEqual([]);
      }
    });
  });

  describe('due deliveries', () => {
    const lockDue = (over: Partial<DueDeliveries> = {}) =>
      store().transact('ALL', async (tx) =>
        tx.lockDueDeliveries({ now: START, limit: 100, perEndpoint: 10, except: [], ...over }),
      );
    /** Makes all deliveries of other tests no longer due. */
    const settle = () =>
      store().transact('ALL', async (tx) => {
        for (const row of await tx.lockDueDeliveries({ now: START + 1e9, limit: 1e4, perEndpoint: 1e4, except: [] }))
          tx.webhookDeliveries.replace({ ...row, nextAttemptAt: null, version: row.version + 1 }, ['nextAttemptAt']);
      });

    it('those of enabled endpoints are returned, earliest first, and the endpoint that is due longest first', async () => {
      await settle();
      const [own, others] = [anInstitution(), anInstitution()];
      const [late, early, foreign] = [anEndpoint(own.id), anEndpoint(own.id), anEndpoint(others.id)];
      const disabled = anEndpoint(own.id, { state: 'DISABLED' });
      const deleted = anEndpoint(own.id);
      const at = (nextAttemptAt: number | null) => ({ nextAttemptAt });
      const due = [
        aDelivery(early, 8, at(START - 9)),
        aDelivery(early, 9, at(START - 2)),
        aDelivery(foreign, 3, at(START - 8)),
        aDelivery(late, 2, at(START - 7)),
        aDelivery(late, 1, at(START - 1)),
        aDelivery(late, 4, at(START - 1)),
        aDelivery(late, 5, at(START)),
      ];
      const notDue = [
        aDelivery(late, 6, at(START + 1)),
        aDelivery(late, 7, at(null)),
        aDelivery(late, 10, { state: 'DELIVERED' }),
        aDelivery(disabled, 11, at(START - 100)),
        aDelivery(deleted, 12, at(START - 100)),
      ];
      await keep(store(), {
        institutions: [own, others],
        webhookEndpoints: [late, early, foreign, disabled],
        webhookDeliveries: [...notDue, ...due].toReversed(),
      });
      expect(await lockDue()).toEqual(due);
      expect(await lockDue({ except: [early.id, foreign.id] })).toEqual(due.slice(3));
      expect(await lockDue({ perEndpoint: 2 })).toEqual([...due.slice(0, 3), ...due.slice(3, 5)]);
      expect(await lockDue({ limit: 3 })).toEqual(due.slice(0, 3));
      expect(await lockDue({ limit: 3, perEndpoint: 1 })).toEqual([due[0], due[2], due[3]]);
      expect(await lockDue({ limit: 0 })).toEqual([]);
      expect(await lockDue({ now: START - 8 })).toEqual([due[0], due[2]]);
      const ofOne = store().transact(only(others), async (tx) =>
        tx.lockDueDeliveries({ now: START, limit: 100, perEndpoint: 10, except: [] }),
      );
      expect(await ofOne).toEqual(due.slice(2, 3));
    });

    it('concurrent transactions lock different deliveries, and each is due again if its transaction fails', async () => {
      await settle();
      const institution = anInstitution();
      const endpoints = [anEndpoint(institution.id), anEndpoint(institution.id)];
      const webhookDeliveries = endpoints.flatMap((endpoint) =>
        Array.from({ length: 30 }, (_one, index) => aDelivery(endpoint, index + 1)),
      );
      await keep(store(), { institutions: [institution], webhookEndpoints: endpoints, webhookDeliveries });
      const begun: string[] = [];
      /** Begins attempts, and returns whether the transaction has failed. */
      const begin = async (fails: boolean): Promise<boolean> => {
        const work = store().transact('ALL', async (tx) => {
          const rows = await tx.lockDueDeliveries({ now: START, limit: 10, perEndpoint: 6, except: [] });
          for (const row of rows)
            tx.webhookDeliveries.replace({ ...row, nextAttemptAt: START + 1, version: 2 }, ['nextAttemptAt']);
          if (fails) throw new RangeError('simulated failure');
          return rows;
        });
        const outcome = await work.catch((error: unknown) => error);
        if (Array.isArray(outcome)) begun.push(...outcome.map(({ id }: WebhookDelivery) => id));
        return outcome instanceof RangeError;
      };
      const failing = [false, true, false, true, false];
      expect(await Promise.all(failing.map(begin))).toEqual(failing);
      while ((await lockDue()).length > 0) await begin(false);
      expect(begun.toSorted()).toEqual(webhookDeliveries.map(({ id }) => id).toSorted());
    });
  });

  describe('taken changes', () => {
    const commit = async (count: number): Promise<readonly string[]> => {
      const objectIds = Array.from({ length: count }, () => nextId('pos'));
      await store().transact('ALL', async (tx) => {
        for (const objectId of objectIds) tx.publish(aChange(objectId));
      });
      await store().changes.assignSequences();
      return objectIds;
    };
    const aChange = (objectId: string): Change => ({
      topic: 'POSITION',
      kind: 'UPDATED',
      institutionId: 'inst_x',
      objectId,
      detailId: nextId('evt'),
      createdAt: START,
    });
    const take = (limit: number) => store().transact('ALL', async (tx) => tx.takeChanges(limit));
    const takeAll = async () => {
      while ((await take(1_000)).length > 0);
    };
    const objectsOf = (changes: readonly Change[]) => changes.map(({ objectId }) => objectId);

    it('each change is taken once, in order, and as subscribers read it', async () => {
      await takeAll();
      const before = (await store().changes.read(null, 0)).last;
      const objectIds = await commit(5);
      const first = await take(3);
      const rest = await take(3);
      const { changes } = await store().changes.read(before, 10);
      expect([...first, ...rest]).toEqual(changes);
      expect(objectsOf(changes)).toEqual(objectIds);
      expect([first.length, rest.length]).toEqual([3, 2]);
      expect(await take(3)).toEqual([]);
    });

    it('a transaction that takes twice continues, and one that fails has taken none', async () => {
      await takeAll();
      const objectIds = await commit(4);
      const failed = store().transact('ALL', async (tx) => {
        expect(objectsOf(await tx.takeChanges(2))).toEqual(objectIds.slice(0, 2));
        throw new RangeError('simulated failure');
      });
      await expect(failed).rejects.toThrow(RangeError);
      const broken = store().transact('ALL', async (tx) => {
        await tx.takeChanges(2);
        tx.institutions.replace(anInstitution({ version: 2 }));
      });
      await expect(broken).rejects.toThrow(Error);
      const twice = await store().transact('ALL', async (tx) => {
        const first = await tx.takeChanges(2);
        return [...first, ...(await tx.takeChanges(1))];
      });
      expect(objectsOf(twice)).toEqual(objectIds.slice(0, 3));
      expect(objectsOf(await take(9))).toEqual(objectIds.slice(3));
    });

    it('concurrent transactions never take the same change', async () => {
      await takeAll();
      const objectIds = await commit(60);
      const taken: string[] = [];
      const takeSome = async () => {
        const changes = await store().transact('ALL', async (tx) => {
          const some = await tx.takeChanges(5);
          tx.institutions.insert(anInstitution());
          return some;
        });
        taken.push(...objectsOf(changes));
      };
      for (let rounds = 0; taken.length < 60 && rounds < 60; rounds += 1)
        await Promise.all(Array.from({ length: 6 }, takeSome));
      expect(taken.toSorted()).toEqual(objectIds.toSorted());
    });

    it('changes that were deleted are not taken', async () => {
      await takeAll();
      await commit(3);
      await store().changes.deleteBefore(START + 1_000_000);
      const objectIds = await commit(2);
      expect(objectsOf(await take(9))).toEqual(objectIds);
    });

    it('changes of one institution cannot be taken', async () => {
      await takeAll();
      await commit(1);
      const ofOne = store().transact(only(anInstitution()), async (tx) => tx.takeChanges(1));
      await expect(ofOne).rejects.toThrow('outside the scope');
      expect(await take(9)).toHaveLength(1);
    });
  });
}
