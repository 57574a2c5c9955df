import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StreamPosition } from '../../src/domain/change.ts';
import { isWellFormedId } from '../../src/domain/ids.ts';
import { metadataTerm } from '../../src/domain/metadataTerms.ts';
import type { Position } from '../../src/domain/position.ts';
import { AlreadyExistsError } from '../../src/store/errors.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import type { Reader, Store, Writers } from '../../src/store/store.ts';
import { asAdmin } from '../support/admin.ts';
import { endOf, readCommitted } from '../support/changes.ts';
import { copyRows, createDatabaseBefore, rowTextsAt, writableColumns } from '../support/earlierDatabase.ts';
import { type Keys, keysAt } from '../support/keys.ts';
import { openPostgresAt } from '../support/stores.ts';
import { type AllEntities, allEntities, insertAllEntities, TABLES, WORD } from '../tenants/allEntities.ts';
import { aMessage } from './chatRows.ts';
import { anAsset, anEvent, aPosition, funded, keep, nextId, START, windowOn } from './rows.ts';

const OWN = '0013_keys_and_indexes';

let url: string;
let store: Store;
/** The rows of three institutions, which were written before the migration. */
let kept: readonly AllEntities[];
/** The end of the change feed before the migration. */
let lastChange: StreamPosition;
/** The rows of each table as texts, before and after the migration. */
let before: readonly unknown[];
let after: readonly unknown[];
let earlierKeys: Keys;

beforeAll(async () => {
  url = await createDatabaseBefore(OWN);
  const current = await openPostgresAt();
  kept = [withMore(allEntities()), withMore(allEntities()), withMore(allEntities())];
  for (const each of kept) await insertAllEntities(current.store, each);
  lastChange = await endOf(current.store.changes);
  await copyRows(current.url, url);
  const columns = await writableColumns(url);
  before = await rowTextsAt(url, columns);
  earlierKeys = await keysAt(url);
  await migrate(url);
  after = await rowTextsAt(url, columns);
  store = createPostgresStore({ databaseUrl: url, onError: () => undefined });
});
afterAll(() => store.close());

/**
 * Adds rows with search terms, a unique reference and a reply, which are the same texts in every institution. Removes the
 * terms of positions and the webhooks, which that version did not have.
 */
function withMore(rows: AllEntities): AllEntities {
  const asset = anAsset(firstOf(rows.assetTemplates), { metadata: { pier: '9' } });
  const references = { externalReference: 'order 1', uniqueReference: 'order 1' };
  return {
    ...rows,
    positionTerms: [],
    parties: [],
    milestones: [],
    webhookEndpoints: [],
    webhookDeliveries: [],
    assets: [...rows.assets, asset],
    positions: [
      ...rows.positions.map((row) => ({ ...row, termsVersion: null })),
      aPosition(asset, { metadata: { lane: ['a', 'b'] }, ...references }),
    ],
    chatMessages: [
      ...rows.chatMessages,
      aMessage(firstOf(rows.chatSessions), 2, { replyToId: firstOf(rows.chatMessages).id }),
    ],
  };
}

/** A row of any table. */
interface Row {
  readonly id: string;
  readonly createdAt: number;
}

const scopeOf = ({ institutions }: AllEntities) => ({ institutionId: firstOf(institutions).id });

/** Returns the first row of some. */
function firstOf<R>([row]: readonly R[]): R {
  if (!row) throw new Error('There is no row.');
  return row;
}

describe('a database that the version before this migration has filled', () => {
  it('the migration changes no row, and every table has rows but those of running servers', () => {
    expect(after).toEqual(before);
    const empty = before.filter((_each, index) => (before[index + 1] as unknown[] | undefined)?.length === 0);
    expect(empty).toEqual(['commit_proofs', 'tallies', 'tally_proofs']);
  });

  it('a transaction that writes is rejected with the reason on a server of an earlier version', async () => {
    const write = asAdmin(url, (admin) => admin.query('select expect_rows(1, 1)'));
    await expect(write).rejects.toMatchObject({
      code: '57P03',
      message: 'the database is newer than this server: stop it and start the current version',
    });
  });

  it('the database has the same keys as a new one', async () => {
    const keys = await keysAt((await openPostgresAt()).url);
    expect(await keysAt(url)).toEqual(keys);
    expect(earlierKeys).not.toEqual(keys);
  });

  it.each(TABLES)(
    'the store returns the rows of %s to their institution and to root, by id and as pages',
    async (name) => {
      const scopes = [['ALL', kept], ...kept.map((each) => [scopeOf(each), [each]] as const)] as const;
      for (const [scope, of] of scopes) {
        const rows: readonly Row[] = of.flatMap((each) => each[name] as readonly unknown[] as readonly Row[]);
        const sorted = rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
        const reader = store.read(scope)[name] as unknown as Reader<Row>;
        const [page] = await reader.pages([windowOn<Row>({ order: { by: [], direction: 'ASC' } })]);
        expect(page?.rows).toEqual(sorted);
        const named = sorted.filter(({ id }) => isWellFormedId(id));
        expect(await reader.byIds(named.map(({ id }) => id))).toEqual(named);
      }
    },
  );

  it('the search and the terms still find their rows', async () => {
    const read = store.read('ALL');
    const [found] = await read.chatSessions.pages([windowOn({ search: [WORD] })]);
    expect(found?.rows).toHaveLength(kept.length);
    const terms = [metadataTerm('lane', 'b')];
    expect(await read.positions.counts([{ where: {}, terms }])).toEqual([kept.length]);
  });

  it('the change feed continues from a cursor of that version', async () => {
    const { institutionId, id: objectId } = firstOf(firstOf(kept).positions);
    const change = {
      topic: 'POSITION',
      kind: 'UPDATED',
      institutionId,
      objectId,
      detailId: null,
      createdAt: START,
    } as const;
    await store.transact('ALL', async (tx) => tx.publish(change));
    const { isKnown, changes } = await readCommitted(store.changes, lastChange, 10);
    expect(isKnown).toBe(true);
    expect(changes).toMatchObject([{ ...change, sequence: lastChange.sequence + 1 }]);
  });

  it('positions move on, and values that are taken within an institution are rejected', async () => {
    const [mine, theirs] = kept as readonly [AllEntities, AllEntities];
    const position = firstOf(mine.positions);
    const moved = funded(position);
    const event = anEvent(moved);
    await store.transact(scopeOf(mine), async (tx) => {
      tx.positions.replace(moved);
      tx.lifecycleEvents.insert(event);
    });
    expect(await store.read(scopeOf(mine)).positions.byIds([position.id])).toEqual([moved]);
    const session = firstOf(mine.chatSessions);
    const taken: readonly ((tx: Writers) => void)[] = [
      (tx) => tx.lifecycleEvents.insert({ ...event, id: nextId('evt') }),
      (tx) => tx.chatMessages.insert(aMessage(session, 2)),
      (tx) => tx.policies.insert({ ...firstOf(mine.policies), id: nextId('pol') }),
      (tx) => tx.apiKeys.insert({ ...firstOf(mine.apiKeys), id: nextId('key') }),
      (tx) => tx.positions.insert({ ...(mine.positions[1] as Position), id: nextId('pos') }),
      (tx) => tx.idempotencyRecords.insert(firstOf(mine.idempotencyRecords)),
    ];
    for (const write of taken) {
      const rejected = store.transact(scopeOf(mine), async (tx) => write(tx));
      await expect(rejected).rejects.toBeInstanceOf(AlreadyExistsError);
    }
    const reference = { externalReference: 'order 2', uniqueReference: 'order 2' };
    for (const { assets } of [mine, theirs]) await keep(store, { positions: [aPosition(firstOf(assets), reference)] });
  });

  it('rows of another institution cannot be referred to, and postings must balance', async () => {
    const [mine, theirs] = kept as readonly [AllEntities, AllEntities];
    const { institutionId } = firstOf(mine.assets);
    const foreign = aPosition({ ...firstOf(theirs.assets), institutionId });
    await expect(keep(store, { positions: [foreign] })).rejects.toMatchObject({ code: '23503' });
    const posting = { ...firstOf(mine.postings), id: 'more', ordinal: 9 };
    const unbalanced = store.transact('ALL', async (tx) => tx.postings.insert(posting));
    await expect(unbalanced).rejects.toMatchObject({ code: '23514' });
  });

  it('removing a session removes its messages, revisions and read marks, and none of another institution', async () => {
    const [mine, ...others] = kept as readonly [AllEntities, ...AllEntities[]];
    await store.transact(scopeOf(mine), async (tx) => tx.chatSessions.remove(firstOf(mine.chatSessions)));
    const rest = await Promise.all(
      (['chatSessions', 'chatMessages', 'chatRevisions', 'readMarks'] as const).map(async (name) => [
        await store.read(scopeOf(mine))[name].counts([{ where: {} }]),
        await store.read('ALL')[name].counts([{ where: {} }]),
      ]),
    );
    expect(rest).toEqual([1, 2, 1, 1].map((count) => [[0], [count * others.length]]));
  });
});
