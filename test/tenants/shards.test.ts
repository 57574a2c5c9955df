import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOKEN_BYTES } from '../../src/domain/apiKey.ts';
import { schema } from '../../src/schema/index.ts';
import type { Statement } from '../../src/store/postgres/sql.ts';
import { type Callers, callersOn, cursorsIn, STREAM } from '../support/callers.ts';
import { earlierTokenOf } from '../support/earlierToken.ts';
import { cursorIn, probeOf } from '../support/probes.ts';
import { ROOT_TOKEN } from '../support/serveKeyed.ts';
import { accessesOf, institutionsIn, type Limit } from '../support/shards.ts';
import { openPostgres } from '../support/stores.ts';
import { CURSOR, operationsOf, type Slot, slotsOf } from '../support/surface.ts';

const SLOTS = [...operationsOf(schema), ...slotsOf(schema)];
/** The operations, those that end an API key last. */
const OPERATIONS = SLOTS.toSorted((one, other) => Number(isLast(one)) - Number(isLast(other)));
function isLast({ field }: Slot): boolean {
  return field.name.endsWith('ApiKey');
}

let at: Callers;
let sent: Statement[] = [];
beforeAll(async () => {
  at = await callersOn(() => openPostgres((statement) => void sent.push(statement)), { runsJobs: false });
});
afterAll(() => at.server.app.stop());

/** Sends every operation and every argument, and returns the statements. */
async function statementsAs(token: string): Promise<readonly Statement[]> {
  const { server, owner, beginning } = at;
  sent = [];
  for (const slot of OPERATIONS) {
    const isStream = slot.parent === 'Subscription';
    const along = isStream && slot.path[0] !== 'after' ? { after: beginning } : {};
    const ask = async (value?: string) => {
      const { query, variables } = probeOf(schema, slot, owner, value, along);
      return (await server.ask(token, query, variables, isStream ? STREAM : {})).text;
    };
    if (slot.path.length === 0) await ask();
    else if (slot.holds !== CURSOR) await ask(owner.ids[slot.holds]);
    else await ask(isStream ? beginning : (cursorIn(await ask(), slot) ?? cursorsIn('')[0]));
  }
  return sent;
}

/** Returns what the statements do to the tables that they limit in this way. */
const accesses = (statements: readonly Statement[], limit: Limit): readonly string[] =>
  [
    ...new Set(
      statements.flatMap((statement) =>
        accessesOf(statement).flatMap((each) => (each.limit === limit ? [`${each.kind}: ${each.table}`] : [])),
      ),
    ),
  ].toSorted();

/** Lists with each filter that has a statement of its own. */
const FILTERED = [
  'positions(first: 2, filter: { holderReference: "x" }) { totalCount }',
  'positions(first: 2, filter: { holderReferences: ["x", "y"] }) { nodes { id } }',
  'positions(first: 2, filter: { externalReference: "x" }) { nodes { id } }',
  'positions(first: 2, filter: { referenceStartsWith: "x" }) { nodes { id } }',
  'positions(first: 2, filter: { metadata: [{ path: "note", equals: "x" }] }) { nodes { id } }',
  'positions(first: 2, filter: { party: { reference: "x", role: PAYEE } }) { nodes { id } }',
  'positions(first: 2, filter: { country: "DE" }) { totalCount nodes { id } }',
  'positions(first: 2, filter: { states: [FUNDED, RELEASED], currencyCode: "USD" }) { nodes { asset { label } } }',
  'positions(first: 2, filter: { amount: { gte: "1" } }) { nodes { events(first: 2) { nodes { id } } } }',
  'positionTotals(filter: { holderReference: "x" }) { currencyCode }',
  'chatSessions(first: 2, filter: { search: "x" }) { totalCount nodes { id } }',
  'chatSessions(first: 2, filter: { ownerReference: "x", priorities: [HIGH] }) { nodes { messages(first: 2) { nodes { id } } } }',
];

/** Sends the lists, and returns the statements. */
async function filteredAs(token: string): Promise<readonly Statement[]> {
  sent = [];
  for (const field of FILTERED) await at.server.data(token, `{ ${field} }`);
  return sent;
}

/** What an API key reads with a condition that PostgreSQL does not use to choose an index. */
const HIDDEN = [
  'list: assets',
  'list: audit_events',
  'list: milestones',
  'list: positions',
  'list: webhook_deliveries',
  'search: chat_sessions',
];

/** What the root key reads and locks of all institutions, by the way it does. Its writes name the institution. */
const OF_ROOT: Readonly<Record<string, string>> = {
  'by id':
    'api_keys asset_template_configs asset_templates assets chat_messages chat_sessions institutions ledger_events ' +
    'lifecycle_events policies positions read_marks terms webhook_endpoints',
  count:
    'asset_templates assets audit_events chat_messages chat_sessions institutions ledger_events lifecycle_events ' +
    'milestones positions webhook_deliveries webhook_endpoints',
  list:
    'api_keys asset_templates assets audit_events chat_messages chat_revisions chat_sessions institutions ' +
    'ledger_events lifecycle_events milestones parties policies positions postings webhook_deliveries webhook_endpoints',
  lock:
    'api_keys asset_templates assets chat_messages chat_sessions institutions policies positions read_marks ' +
    'webhook_endpoints',
};

/** What background jobs find among all institutions. */
const OF_JOBS = [
  // Those whose subscriptions are open.
  'by id: api_keys',
  'list: idempotency_records',
  // Those whose deliveries are past their retention.
  'list: institutions',
  'list: webhook_deliveries',
  // Those that were used.
  'lock: api_keys',
  'lock: chat_sessions',
  'lock: positions',
];

describe('the statements that concern more than one institution', () => {
  it.each(['admin', 'readOnly'] as const)('an API key (%s) sends none', async (role) => {
    const token = at.owner[role];
    // The last operations end the API key.
    const statements = [...(await filteredAs(token)), ...(await statementsAs(token))];
    const distributed = statements.filter((statement) => accessesOf(statement).length > 0);
    expect(distributed.length).toBeGreaterThan(role === 'admin' ? 300 : 150);
    expect(accesses(statements, 'NONE')).toEqual([]);
    const own = at.owner.ids['Institution'] ?? '';
    const others = distributed.filter(({ values }) => [...institutionsIn(values)].some((id) => id !== own));
    expect(others.map(({ text }) => text)).toEqual([]);
    expect(accesses(statements, 'HIDDEN')).toEqual(HIDDEN);
  });

  it('the root key sends lists, counts, reads and locks by id, and none that write', async () => {
    const statements = [...(await statementsAs(ROOT_TOKEN)), ...(await filteredAs(ROOT_TOKEN))];
    expect(accesses(statements, 'NONE')).toEqual(
      Object.entries(OF_ROOT).flatMap(([kind, tables]) => tables.split(' ').map((table) => `${kind}: ${table}`)),
    );
  });

  it('background jobs send those that find what is due', async () => {
    const { server, other } = at;
    const { app } = server;
    // The API key is used again, and has a subscription, so that its use is recorded and its end is noticed.
    server.now += 120_000;
    await server.ask(other.admin, '{ viewer { role } }');
    const headers = { 'content-type': 'application/json', ...STREAM, authorization: `Bearer ${other.admin}` };
    const body = JSON.stringify({ query: 'subscription { positionChanged { kind } }' });
    const stream = await app.fetch(new Request('http://localhost/graphql', { method: 'POST', headers, body }));
    const reader = stream.body?.getReader();
    await reader?.read();
    sent = [];
    await app.expireDue();
    await app.cleanUp();
    await app.flushCounters();
    await app.endExpiredSubscriptions();
    await reader?.cancel();
    expect(accesses(sent, 'NONE')).toEqual(OF_JOBS);
  });

  it('the look-up of a token that was made before tokens contained the institution concerns all institutions', async () => {
    sent = [];
    const { status } = await at.server.ask(earlierTokenOf(randomBytes(TOKEN_BYTES)), '{ viewer { role } }');
    expect([status, accesses(sent, 'NONE')]).toEqual([401, ['list: api_keys']]);
  });
});
