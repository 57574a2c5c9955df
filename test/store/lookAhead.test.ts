import * as fc from 'fast-check';
import { getNamedType, isCompositeType, isObjectType } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiKey } from '../../src/domain/apiKey.ts';
import type { AuditEvent } from '../../src/domain/auditEvent.ts';
import { newLedgerEvent, postingsOf } from '../../src/domain/ledgerEvent.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { Viewer } from '../../src/domain/viewer.ts';
import { schema } from '../../src/schema/index.ts';
import { nodeTables } from '../../src/schema/node.ts';
import type { Reader, Store, TableName, Tables, Writers } from '../../src/store/store.ts';
import { eachTable } from '../../src/store/tables.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';
import { documentOf } from '../support/randomDocument.ts';
import { serve, type TestServer } from '../support/server.ts';
import { openMemory, openPostgres } from '../support/stores.ts';
import { aMark, aRevision } from './chatRows.ts';
import { picker, type Rows, randomRows } from './randomRows.ts';
import { currency, insertAll, nextId, START } from './rows.ts';

/** One server per store with the same rows, and one whose store brings nothing along. */
interface World {
  readonly rows: Rows;
  /** The rows of all tables. */
  readonly all: { readonly [T in TableName]?: readonly Tables[T][] };
  readonly ahead: TestServer;
  readonly others: readonly TestServer[];
}
let world: World;
let statements: string[] = [];

beforeAll(async () => {
  const rows = randomRows(picker());
  const others = otherRows(rows);
  const postgres = await openPostgres(({ text }) => void statements.push(text));
  const memory = await openMemory();
  for (const store of [postgres, memory])
    await store.transact('ALL', async (tx) => {
      insertAll(tx, rows);
      insertOthers(tx, others);
    });
  const [ahead, ...without] = [postgres, withoutBring(postgres), memory].map((store) => serve(store, { settings }));
  world = { rows, all: { ...rows, ...others }, ahead: ahead as TestServer, others: without };
});

const settings = {
  documents: { tokens: 10_000, depth: 20, aliases: 1_000, directives: 1_000, introspection: 'all' },
  operations: { cost: 1_000_000, subscriptionCost: 500, listValues: 1_000 },
} as const;

type Others = Pick<
  Tables,
  'apiKeys' | 'ledgerEvents' | 'postings' | 'readMarks' | 'chatRevisions' | 'policies' | 'auditEvents'
>;

/** Returns rows of the tables that are no part of random rows. */
function otherRows(rows: Rows): { readonly [T in keyof Others]: readonly Tables[T][] } {
  const { institutions, lifecycleEvents, chatSessions, chatMessages } = rows;
  const some = institutions.slice(0, 4);
  const apiKeys = some.map(({ id: institutionId }, index): ApiKey => {
    const dates = { createdAt: START, expiresAt: null, revokedAt: index === 1 ? START + 1 : null, lastUsedAt: null };
    const token = { prefix: `eg_00000000000${index}`, tokenHash: 'a'.repeat(64), followedById: null };
    return { id: nextId('key'), institutionId, label: `key ${index}`, role: 'ADMIN', ...token, ...dates, version: 1 };
  });
  const policies = some.map(({ id: institutionId, createdAt, updatedAt }): Policy => {
    const limits = [{ currency: currency('USD'), minAmount: '1', maxAmount: null }];
    const rules = { region: 'US' as const, allowedCurrencies: null, allowedCountries: null, limits };
    return { id: nextId('pol'), institutionId, ...rules, version: 1, createdAt, updatedAt };
  });
  const auditEvents = policies.map(({ id, institutionId, createdAt }, index): AuditEvent => {
    const resource = { resourceType: 'Policy' as const, resourceId: id, requestId: 'request', errorCode: null };
    const actor = { actorKind: 'API_KEY' as const, apiKeyId: apiKeys[index]?.id ?? null };
    const event = { id: nextId('aud'), institutionId, action: 'POLICY_SET' as const, outcome: 'SUCCESS' as const };
    return { ...event, ...actor, ...resource, payload: { region: 'US' }, createdAt };
  });
  const ledger = lifecycleEvents.map((event) => {
    const ledgerEvent = newLedgerEvent(nextId('led'), event);
    return { ledgerEvent, postings: postingsOf(ledgerEvent, { ...event, moved: 5n }) };
  });
  return {
    apiKeys,
    policies,
    auditEvents,
    ledgerEvents: ledger.map(({ ledgerEvent }) => ledgerEvent),
    postings: ledger.flatMap(({ postings }) => postings),
    readMarks: chatSessions.slice(0, 20).map((session) => aMark(session, 'ann', 1)),
    chatRevisions: chatMessages.slice(0, 20).map((message) => aRevision({ ...message, body: 'before' })),
  };
}

function insertOthers(tx: Writers, rows: ReturnType<typeof otherRows>): void {
  for (const row of rows.apiKeys) tx.apiKeys.insert(row);
  for (const row of rows.policies) tx.policies.insert(row);
  for (const row of rows.auditEvents) tx.auditEvents.insert(row);
  for (const row of rows.ledgerEvents) tx.ledgerEvents.insert(row);
  for (const row of rows.postings) tx.postings.insert(row);
  for (const row of rows.readMarks) tx.readMarks.insert(row);
  for (const row of rows.chatRevisions) tx.chatRevisions.insert(row);
}

/** Returns the store without look-ahead: each page is read by itself. */
function withoutBring(store: Store): Store {
  const plain = <E>(reader: Reader<E>): Reader<E> => ({
    ...reader,
    pages: (windows) => reader.pages(windows.map(({ bring: _bring, ...window }) => window)),
  });
  return {
    ...store,
    read: (...args) => {
      const { positionTotals, unreadCounts, ...others } = store.read(...args);
      const readers = store.read(...args);
      return {
        ...others,
        ...eachTable(<T extends TableName>(name: T) => plain(readers[name] as Reader<unknown>)),
        positionTotals,
        unreadCounts,
      };
    },
  };
}

/** Returns the data and the errors of a document on all servers. Errors are in the order in which resolvers end. */
async function answersOf(query: string, variables: object, viewer: Viewer, times = 1): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  for (const server of [world.ahead, ...world.others]) {
    for (let time = 0; time < times; time += 1) {
      server.viewer = viewer;
      const { data, errors = [] } = await server.ask(query, variables);
      const texts = errors.map((error) => JSON.stringify(error)).toSorted();
      answers.push(JSON.stringify({ data, errors: texts }));
    }
  }
  return answers;
}

async function expectEqualAnswers(query: string, variables: object, viewer: Viewer, times = 1): Promise<unknown> {
  const [first, ...others] = await answersOf(query, variables, viewer, times);
  for (const other of others) expect(other).toBe(first);
  return JSON.parse(first as string) as unknown;
}

const ROOT: Viewer = { role: 'ROOT' };
const ownViewer = (): Viewer => ({
  role: 'READ_ONLY',
  institutionId: world.rows.positions[0]?.institutionId ?? '',
  apiKeyId: 'key_x',
});

describe('what is read ahead is the same as what separate reads return', () => {
  it('random documents have the same answers with and without look-ahead, and in memory', async () => {
    const { positions, assets, assetTemplates, institutions, lifecycleEvents, chatSessions, chatMessages } = world.rows;
    const some = [positions, assets, assetTemplates, institutions, lifecycleEvents, chatSessions, chatMessages];
    const ids = some.flatMap((rows) => rows.slice(0, 3).map(({ id }) => id));
    const given = {
      id: ids.map((id) => `id: "${id}"`),
      ids: [`ids: ${JSON.stringify(ids)}`, `ids: ${JSON.stringify(ids.slice(0, 2))}`],
      participantReference: ['participantReference: "a"', 'participantReference: "ann"'],
    };
    let compared = 0;
    await checked(
      COUNTS.lookAheads,
      fc.asyncProperty(
        fc.array(fc.nat({ max: 1_000 }), { minLength: 20, maxLength: 120 }),
        fc.record({ rows: fc.constantFrom(0, 1, 7, 30, null), usual: fc.constantFrom(2, null), yes: fc.boolean() }),
        fc.boolean(),
        async (choices, numbers, isRoot) => {
          const query = documentOf(choices, given);
          if (query.startsWith('mutation')) return;
          const variables = { ...numbers, ids: ids.slice(0, 5), words: 'a', sessions: {} };
          await expectEqualAnswers(query, variables, isRoot ? ROOT : ownViewer());
          compared += 1;
        },
      ),
    );
    expect(compared).toBeGreaterThan(COUNTS.lookAheads / 2);
  });

  it('every field has the same value if only it is selected', async () => {
    for (const [name, table] of nodeTables()) {
      const type = schema.getType(name);
      const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
      const ids = (world.all[table] ?? []).slice(0, 20).map(({ id }) => id);
      expect([name, ids.length]).not.toEqual([name, 0]);
      for (const field of fields) {
        const args = field.args.some(({ name: argument }) => argument === 'participantReference')
          ? '(participantReference: "ann")'
          : '';
        const below = isCompositeType(getNamedType(field.type)) ? leavesOf(getNamedType(field.type).name) : '';
        const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on ${name} { ${field.name}${args} ${below} } } }`;
        const { errors } = (await expectEqualAnswers(query, { ids }, ROOT)) as { errors: unknown[] };
        expect([name, field.name, errors]).toEqual([name, field.name, []]);
      }
    }
  });

  it.each([
    ['several sizes of one list', 'a: events(first: 1) { ...E } b: events(last: 2) { ...E } c: events { ...E }'],
    ['a size from a variable', 'events(first: $n) { ...E }'],
    ['a size of zero', 'events(first: 0) { pageInfo { hasNextPage } nodes { id } }'],
    [
      'sizes that are invalid',
      'a: events(first: 101) { ...E } b: events(first: 1, last: 1) { ...E } c: events(first: -1) { ...E }',
    ],
    ['a cursor', 'events(first: 1, after: "x") { ...E } id'],
    ['lists with filters', 'chatSessions(filter: { includeDeleted: true }, first: 3) { nodes { title } }'],
    [
      'lists with and without their default filter',
      'a: chatSessions(first: 3) { nodes { title deletedAt } } b: chatSessions(first: 3, filter: { active: true }) { nodes { title } }',
    ],
    [
      'lists in another order',
      'a: chatSessions(first: 3) { nodes { title } } b: chatSessions(first: 3, orderBy: { field: TITLE, direction: ASC }) { nodes { title } }',
    ],
    [
      'unread counts below',
      'chatSessions { nodes { a: unreadCount(participantReference: "ann") b: unreadCount(participantReference: $who) messages(last: 1) { nodes { body replyTo { body } } } } }',
    ],
    [
      'directives',
      'asset @include(if: $yes) { label } ... @skip(if: $yes) { events { ...E } } institution { name @skip(if: $yes) id }',
    ],
    [
      'one field in several places',
      'events(first: 2) { nodes { sequence } } ...More asset { id } asset { template { name } }',
    ],
    [
      'many levels',
      'events(first: 2) { nodes { ledgerEvent { postings { amount { amount } } } position { asset { template { institution { name } } } } } } ledgerEvents(first: 1) { nodes { lifecycleEvent { sequence position { state } } } }',
    ],
    [
      'cursors',
      'events(first: 2) { edges { cursor node { id } } pageInfo { startCursor endCursor hasNextPage } totalCount }',
    ],
    [
      'large JSON',
      'metadata asset { metadata template { config } } events(first: 3) { nodes { metadata reason } } templateConfig',
    ],
  ])('%s', async (_what, fields) => {
    const fragments = `fragment E on LifecycleEventConnection { pageInfo { hasNextPage hasPreviousPage } edges { cursor } nodes { sequence toState createdAt } }
      fragment More on Position { events(first: 2) { nodes { toState } } asset { label } }`;
    const variables = '$n: Int = 2, $who: String = "b", $yes: Boolean = true';
    const id = world.rows.positions[3]?.id ?? '';
    for (const root of [
      'positions(first: 30)',
      'positions(last: 5, filter: { states: [CREATED, FUNDED] })',
      `position(id: "${id}")`,
    ]) {
      const own = root.includes('id:') ? fields : `nodes { ${fields} }`;
      const used = `${fields} ${fragments}`;
      const parts = fragments
        .split(/(?=fragment )/)
        .filter((part) => fields.includes(`...${/fragment (\w+)/.exec(part)?.[1]}`));
      expect(used).not.toBe('');
      const declared = variables.split(', ').filter((each) => fields.includes(each.split(':')[0] ?? ''));
      const query = `query ${declared.length > 0 ? `(${declared.join(', ')})` : ''} { ${root} { ${own} } } ${parts.join(' ')}`;
      for (const viewer of [ROOT, ownViewer()]) await expectEqualAnswers(query, {}, viewer, 4);
    }
  });
});

/** Returns a selection of the leaves of a type, and of those of its rows. */
function leavesOf(name: string): string {
  const type = schema.getType(name);
  const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
  const leaves = fields.filter(
    (each) =>
      !isCompositeType(getNamedType(each.type)) && each.args.every(({ defaultValue }) => defaultValue !== undefined),
  );
  const nodes = fields.find((each) => each.name === 'nodes');
  return `{ ${leaves.map((each) => each.name).join(' ')} ${nodes ? `nodes ${leavesOf(getNamedType(nodes.type).name)}` : ''} }`;
}

describe('statements', () => {
  const sentFor = async (query: string, variables: object = {}): Promise<number> => {
    world.ahead.viewer = ROOT;
    statements = [];
    const { errors } = await world.ahead.ask(query, variables);
    expect(errors).toBeUndefined();
    return statements.length;
  };

  it('an object with its parents and a list below it is read with one statement', async () => {
    const query = `query ($id: ID!) { position(id: $id) { id asset { label template { name institution { name } } } events(first: 5) { nodes { toState } } } }`;
    expect(await sentFor(query, { id: world.rows.positions[0]?.id })).toBe(1);
    expect(await sentFor(query, { id: 'pos_00000000000000000000000000' })).toBe(1);
    expect(await sentFor(query, { id: 'nonsense' })).toBe(1);
  });

  it('a list below rows that has too many rows is read by itself', async () => {
    const query =
      'query ($n: Int) { positions(first: 100) { nodes { asset { label } events(first: $n) { nodes { id } } } } }';
    expect(await sentFor(query, { n: 5 })).toBe(1);
    // The page, and its 900 events in two parts.
    expect(await sentFor(query, { n: 8 })).toBe(3);
  });
});
