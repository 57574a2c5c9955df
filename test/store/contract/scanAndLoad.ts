import { describe, expect, it } from 'vitest';
import { templateConfigOf } from '../../../src/domain/assetTemplate.ts';
import { newLedgerEvent, postingsOf } from '../../../src/domain/ledgerEvent.ts';
import type { Scope } from '../../../src/domain/viewer.ts';
import { AlreadyExistsError } from '../../../src/store/errors.ts';
import { SCAN_ORDERS } from '../../../src/store/scanOrders.ts';
import type { Store, TableName, Tables } from '../../../src/store/store.ts';
import { aMessage, aSession } from '../chatRows.ts';
import { aDeal, anAsset, anEvent, aPosition, funded, type GetStore, keep, keepDeal, nextId, only } from '../rows.ts';

/** Returns all rows of a table in the scope. */
const scanned = <T extends TableName>(store: Store, scope: Scope, name: T): Promise<readonly Tables[T][]> =>
  store.scan(scope, async (scan) => {
    const all: Tables[T][] = [];
    for await (const rows of scan.rows(name)) all.push(...rows);
    return all;
  });

const times = <V>(count: number, make: (index: number) => V): V[] =>
  Array.from({ length: count }, (_one, index) => make(index));

/** More rows than a page has. */
const manyRows = 1_200;

export function scansAndLoads(store: GetStore): void {
  describe('scan', () => {
    it('returns every row of an institution once, in the order of the ids, and no other row', async () => {
      const deal = await keepDeal(store(), ({ asset }) => times(manyRows, () => aPosition(asset)));
      await keepDeal(store(), ({ asset }) => [aPosition(asset)]);
      const scope = only(deal.institution);
      expect(await scanned(store(), scope, 'positions')).toEqual(deal.positions);
      expect(await scanned(store(), scope, 'institutions')).toEqual([deal.institution]);
    });

    it('returns the rows of all institutions, those of each institution together', async () => {
      const rows = await scanned(store(), 'ALL', 'positions');
      const [count] = await store()
        .read('ALL')
        .positions.counts([{ where: {} }]);
      expect(rows).toHaveLength(count ?? -1);
      const keys = rows.map(({ institutionId, id }) => `${institutionId} ${id}`);
      expect(keys).toEqual(keys.toSorted());
      expect(new Set(keys).size).toBe(keys.length);
    });

    it('returns the messages of a session in their order, so that a reply comes after its message', async () => {
      const { institution } = await keepDeal(store(), () => []);
      const session = aSession(institution.id, { messageCount: 3 });
      // The clock of the server that wrote the second message was behind.
      const [earlierId, id] = [nextId('msg'), nextId('msg')];
      const first = aMessage(session, 1, { id });
      const reply = aMessage(session, 2, { id: earlierId, replyToId: id });
      await keep(store(), { chatSessions: [session], chatMessages: [first, reply, aMessage(session, 3)] });
      const rows = await scanned(store(), only(institution), 'chatMessages');
      expect(rows.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    });

    it('reads one snapshot, whatever is written meanwhile', async () => {
      const deal = await keepDeal(store(), ({ asset }) => times(manyRows, () => aPosition(asset)));
      const scope = only(deal.institution);
      const seen = await store().scan(scope, async (scan) => {
        const states: string[] = [];
        for await (const rows of scan.rows('positions')) {
          if (states.length === 0) {
            await store().transact(scope, async (tx) => {
              tx.positions.replace(funded(deal.positions.at(-1) as Tables['positions']));
              tx.positions.insert(aPosition(deal.asset));
              tx.assets.insert(anAsset(deal.template));
            });
          }
          states.push(...rows.map(({ state }) => state));
        }
        let assets = 0;
        for await (const rows of scan.rows('assets')) assets += rows.length;
        return { positions: states.length, states: new Set(states), assets };
      });
      expect(seen).toEqual({ positions: manyRows, states: new Set(['CREATED']), assets: 1 });
    });

    it('has an order for every table that begins with the institution', () => {
      for (const [name, [first]] of Object.entries(SCAN_ORDERS)) {
        expect([name, first]).toEqual([name, name === 'institutions' ? 'id' : 'institutionId']);
      }
    });
  });

  describe('load', () => {
    it('inserts rows as they are, and returns the result of its work', async () => {
      const { institution, template, asset } = aDeal();
      const position = funded(aPosition(asset, { metadata: { site: 'north' } }));
      const event = anEvent(position, { moved: position.amount });
      const ledgerEvent = newLedgerEvent(nextId('led'), event);
      const postings = postingsOf(ledgerEvent, event);
      const result = await store().load(async (load) => {
        await load.insert('institutions', [institution]);
        await load.insert('assetTemplates', [template]);
        await load.insert('templateConfigs', [templateConfigOf(template)]);
        await load.insert('assets', [asset]);
        await load.insert('positions', [position]);
        await load.insert('lifecycleEvents', [event]);
        await load.insert('ledgerEvents', [ledgerEvent]);
        await load.insert('postings', postings);
        return 'done';
      });
      expect(result).toBe('done');
      const scope = only(institution);
      expect(await scanned(store(), scope, 'positions')).toEqual([position]);
      expect(await scanned(store(), scope, 'postings')).toEqual(postings);
      const [totals] = await store()
        .read(scope)
        .positionTotals([{ where: {} }]);
      expect(totals).toMatchObject([{ state: 'FUNDED', count: 1, held: position.amount }]);
    });

    it('inserts nothing if its work fails, or if a row exists already', async () => {
      const { institution } = aDeal();
      const failing = store().load(async (load) => {
        await load.insert('institutions', [institution]);
        throw new Error('The file is damaged.');
      });
      await expect(failing).rejects.toThrow('The file is damaged.');
      const existing = await keepDeal(store(), () => []);
      const repeated = store().load(async (load) => {
        await load.insert('institutions', [institution]);
        await load.insert('institutions', [existing.institution]);
      });
      await expect(repeated).rejects.toThrow(AlreadyExistsError);
      expect(await store().read('ALL').institutions.byIds([institution.id])).toEqual([undefined]);
    });

    it('publishes no changes', async () => {
      const { changes } = store();
      await changes.assignSequences();
      const { last } = await changes.read(null, 1);
      const { institution } = aDeal();
      await store().load((load) => load.insert('institutions', [institution]));
      await changes.assignSequences();
      expect((await changes.read(null, 1)).last).toEqual(last);
    });
  });
}
