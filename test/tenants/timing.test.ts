import { expect, it } from 'vitest';
import type { ChatSession } from '../../src/domain/chatSession.ts';
import type { Id } from '../../src/domain/ids.ts';
import type { Position } from '../../src/domain/position.ts';
import { createMemoryStore, type MemoryStore } from '../../src/store/memory/index.ts';
import type { MaybePromise, Readers, Store } from '../../src/store/store.ts';
import { firstOf } from '../../src/store/window.ts';
import { COUNTS, HANG_MS } from '../counts.ts';
import { aMessage, aSession } from '../store/chatRows.ts';
import { aDeal, anEvent, aPosition, insertAll, START } from '../store/rows.ts';
import { openPostgres } from '../support/stores.ts';

const othersRows = 6_000;
const ownRows = 200;

/** Creates an institution with positions and sessions, and optionally another one with many more of the same values. */
async function fill(
  store: Store,
  hasOther: boolean,
): Promise<{ readonly institutionId: Id; readonly sessionId: Id; readonly positionId: Id }> {
  const own = aDeal();
  for (const [deal, count] of [[own, ownRows] as const, ...(hasOther ? [[aDeal(), othersRows] as const] : [])]) {
    const { institution, template, asset } = deal;
    await store.transact('ALL', async (tx) =>
      insertAll(tx, { institutions: [institution], assetTemplates: [template], assets: [asset] }),
    );
    const session = aSession(institution.id);
    await store.transact('ALL', async (tx) => insertAll(tx, { chatSessions: [session] }));
    for (let from = 0; from < count; from += 200) {
      const indexes = Array.from({ length: 200 }, (_one, index) => from + index);
      const positions = indexes.map((index) =>
        aPosition(asset, { createdAt: START + index, holderReference: `holder ${index % 10}` }),
      );
      const rows = {
        chatSessions: indexes
          .filter((index) => index % 20 === 0)
          .map((index) => aSession(institution.id, { createdAt: START + index, title: `Pier ${index % 7}` })),
        chatMessages: indexes.map((index) =>
          aMessage(session, index + 1, { body: `word${index % 50} of a common text` }),
        ),
        positions,
        lifecycleEvents: positions.map((row) => anEvent(row)),
      };
      await store.transact('ALL', async (tx) => insertAll(tx, rows));
    }
  }
  const tx = store.read({ institutionId: own.institution.id });
  const [[sessions], [positions]] = await Promise.all([
    tx.chatSessions.pages([SESSIONS]),
    tx.positions.pages([POSITIONS]),
  ]);
  const named = { sessionId: sessions?.rows[0]?.id ?? '', positionId: positions?.rows[0]?.id ?? '' };
  return { institutionId: own.institution.id, ...named };
}

const SESSIONS = firstOf<ChatSession>({ order: { by: ['createdAt'], direction: 'DESC' }, limit: 20 });
const POSITIONS = firstOf<Position>({ order: { by: ['createdAt'], direction: 'DESC' }, limit: 20 });
type Filled = Awaited<ReturnType<typeof fill>>;
const READS: { readonly [name: string]: (readers: Readers, filled: Filled) => MaybePromise<unknown> } = {
  'search, a common word': (tx) => tx.chatSessions.pages([{ ...SESSIONS, search: ['common'] }]),
  'search, an unknown word': (tx) => tx.chatSessions.pages([{ ...SESSIONS, search: ['nothing'] }]),
  'sessions of an owner': (tx) =>
    tx.chatSessions.pages([{ ...SESSIONS, where: { ownerReference: { in: ['owner'] } } }]),
  'active sessions': (tx) => tx.chatSessions.pages([{ ...SESSIONS, where: { active: { in: [true] } } }]),
  'sessions counted': (tx) => tx.chatSessions.counts([{ where: { deleted: { in: [false] } } }]),
  'positions of a state': (tx) => tx.positions.pages([{ ...POSITIONS, where: { state: { in: ['CREATED'] } } }]),
  'positions of no state': (tx) => tx.positions.pages([{ ...POSITIONS, where: { state: { in: ['RELEASED'] } } }]),
  'positions of a holder': (tx) => tx.positions.counts([{ where: { holderReference: { in: ['holder 3'] } } }]),
  totals: (tx) => tx.positionTotals([{ where: {} }]),
  'unread messages': (tx, { sessionId: id }) => tx.unreadCounts([{ sessionId: id, participantReference: 'bob' }]),
  'a position by its id': (tx, { positionId }) => tx.positions.byIds([positionId]),
  'an unknown id': (tx) => tx.positions.byIds(['pos_00000000000000000000000000']),
};

/**
 * Reads alternately from a store without another institution and from one with it, and prints the durations. Returns
 * the sizes of the results, which are equal.
 */
async function compare(
  title: string,
  alone: Store,
  shared: Store,
  times: number,
): Promise<readonly (readonly [number, number])[]> {
  const filled = [await fill(alone, false), await fill(shared, true)] as const;
  process.stdout.write(
    `${title}: us without, us with ${othersRows} rows of another institution, share of slower pairs\n`,
  );
  const sizes: (readonly [number, number])[] = [];
  for (const [name, read] of Object.entries(READS)) {
    const took: [number[], number[]] = [[], []];
    const last: [number, number] = [0, 0];
    for (let pair = -50; pair < COUNTS.timedPairs; pair += 1) {
      for (const index of pair % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        const store = index === 0 ? alone : shared;
        const { institutionId } = filled[index];
        const began = performance.now();
        for (let call = 0; call < times; call += 1) {
          last[index] = sizeOf(await read(store.read({ institutionId }), filled[index]));
        }
        if (pair >= 0) took[index].push(((performance.now() - began) * 1_000) / times);
      }
    }
    sizes.push(last);
    const [without, withOther] = took;
    const slower = withOther.filter((us, pair) => us > (without[pair] ?? 0)).length / COUNTS.timedPairs;
    const figures = took.map((all) => medianOf(all).toFixed(1).padStart(8)).join('');
    process.stdout.write(`  ${name.padEnd(26)}${figures}   ${(100 * slower).toFixed(0)} %\n`);
  }
  return sizes;
}

const sizeOf = (result: unknown): number =>
  JSON.stringify(result, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))?.length ?? 0;
const isSame = ([one, other]: readonly [number, number]): boolean => one === other;

const medianOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

it(`the durations of ${COUNTS.timedPairs} pairs of reads in memory are printed, and their results have equal sizes`, async () => {
  const sizes = await compare('memory', createMemoryStore(), createMemoryStore(), 5);
  expect(sizes.filter(isSame)).toHaveLength(Object.keys(READS).length);
}, 300_000);

it(
  `the durations of ${COUNTS.timedPairs} pairs of reads on PostgreSQL are printed, and their results have equal sizes`,
  async () => {
    const sizes = await compare('PostgreSQL', await openPostgres(), await openPostgres(), 1);
    expect(sizes.filter(isSame)).toHaveLength(Object.keys(READS).length);
  },
  HANG_MS.longTest,
);

it('a read of an institution scans the same rows for any data of another institution', async () => {
  const stores: [MemoryStore, MemoryStore] = [createMemoryStore(), createMemoryStore()];
  const filled = [await fill(stores[0], false), await fill(stores[1], true)] as const;
  const touched = stores.map((store, index) => {
    const { institutionId } = filled[index as 0 | 1];
    return Object.entries(READS).map(([name, read]) => {
      store.scanStats.rows = 0;
      void read(store.read({ institutionId }), filled[index as 0 | 1]);
      return [name, store.scanStats.rows];
    });
  });
  expect(touched[1]).toEqual(touched[0]);
});

it('a search of an institution indexes no text of another institution', async () => {
  const store = createMemoryStore();
  const [own, other] = [aDeal(), aDeal()];
  await store.transact('ALL', async (tx) => {
    for (const { institution } of [own, other]) {
      const session = aSession(institution.id, { title: 'A title of some words' });
      insertAll(tx, { institutions: [institution], chatSessions: [session], chatMessages: [aMessage(session, 1)] });
    }
  });
  const search = ({ institution }: typeof own): number => {
    void store.read({ institutionId: institution.id }).chatSessions.counts([{ where: {}, search: ['title'] }]);
    return store.usage.usedBytes;
  };
  // A text that is not yet indexed counts its maximum memory, and once it is indexed, its actual memory.
  const { usedBytes } = store.usage;
  const afterOwn = search(own);
  expect(afterOwn).toBeLessThan(usedBytes);
  expect(search(own)).toBe(afterOwn);
  expect(search(other)).toBe(afterOwn - (usedBytes - afterOwn));
});
