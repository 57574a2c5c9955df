import { describe, expect, it, onTestFinished } from 'vitest';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { COUNTS } from '../counts.ts';
import { createDatabase } from '../support/database.ts';
import { type Deal, fundedPosition, makeDeal } from '../support/deal.ts';
import { type KeyServer, newKey, serveKeys } from '../support/keyed.ts';
import { PGBOUNCER, startPooler } from '../support/pgbouncer.ts';
import { serve } from '../support/server.ts';

const TENANTS = 20;
const CONNECTIONS = 2;
/** The number of concurrent requests, and of tenants. */
const AT_ONCE = 40;

interface Tenant {
  readonly token: string;
  readonly deal: Deal;
  readonly positionId: string;
  /** A text that every object of the tenant contains. */
  readonly mark: string;
  made: number;
}

const LISTS = `{ viewer { institution { id name } }
  positions(first: 50) { totalCount nodes { holderReference institution { id } asset { id institution { id } } } }
  assets(first: 10) { nodes { institution { id } } } auditEvents(first: 5) { nodes { institution { id } } } }`;
const NODE = `query($id: ID!, $theirs: ID!) { own: node(id: $id) { ... on Position { holderReference
  institution { id } events(first: 5) { nodes { position { holderReference } } } } } theirs: node(id: $theirs) { id } }`;
const EDGES = `query($id: ID!) { institution(id: $id) { id assetTemplates(first: 5) { nodes { institution { id } assets(first: 5) { nodes {
  institution { id } positions(first: 5) { nodes { holderReference institution { id } } } } } } } apiKeys(first: 5) { nodes { label } } } }`;
const CREATE = `mutation($input: CreatePositionInput!) { createPosition(input: $input) { ... on CreatePositionPayload {
  position { holderReference institution { id } } } ... on UserError { code } } }`;

/** Creates a tenant with all requested objects. */
async function tenantOf(setup: ReturnType<typeof serve>, server: KeyServer, index: number): Promise<Tenant> {
  const mark = `tenant-${index}-`;
  const deal = await makeDeal(setup);
  const { id: positionId } = await fundedPosition(setup, deal, '100.00', { holderReference: mark });
  const { token } = await newKey(server, deal.institution.id, { label: mark });
  return { token, deal, positionId, mark, made: 1 };
}

describe.skipIf(PGBOUNCER === undefined)(
  'a server behind PgBouncer in transaction mode (skipped if it is not installed)',
  () => {
    it('concurrent requests of many tenants over two connections return no row of another tenant and no error', async () => {
      const database = await createDatabase();
      onTestFinished(() => database.drop());
      const pooler = await startPooler(PGBOUNCER ?? '', database.url, CONNECTIONS);
      onTestFinished(() => pooler.stop());
      const errors: Error[] = [];
      const store = createPostgresStore({
        databaseUrl: pooler.url,
        directUrl: database.url,
        connections: CONNECTIONS,
        pooler: 'transaction',
        onError: (error) => errors.push(error),
      });
      onTestFinished(() => store.close());
      const server = serveKeys(store);
      const setup = serve(store);
      const tenants: Tenant[] = [];
      for (let index = 0; index < TENANTS; index += 1) tenants.push(await tenantOf(setup, server, index));
      const own = new Map(tenants.map(({ deal, mark }) => [deal.institution.id, mark]));

      let sent = 0;
      const counts: Record<string, number> = {};
      /** Returns what is wrong with a response: every institution and every mark in it must belong to the tenant. */
      const foreign = ({ mark, deal }: Tenant, text: string): readonly string[] => {
        const institutions = text.match(/inst_[0-9a-z]{26}/g) ?? [];
        const marks = text.match(/tenant-\d+-/g) ?? [];
        const others = institutions.filter((id) => id !== deal.institution.id).map((id) => own.get(id) ?? id);
        return [...others, ...marks.filter((each) => each !== mark)];
      };
      const ask = async (turn: number): Promise<void> => {
        const tenant = tenants[turn % TENANTS] as Tenant;
        const theirs = tenants[(turn * 7 + 1) % TENANTS] as Tenant;
        const { deal, token, positionId, mark } = tenant;
        const id = deal.institution.id;
        const kinds = [
          ['lists', LISTS, {}],
          ['node', NODE, { id: positionId, theirs: theirs === tenant ? `pos_${'0'.repeat(26)}` : theirs.positionId }],
          ['edges', EDGES, { id }],
          ['theirs', EDGES, { id: theirs === tenant ? `inst_${'0'.repeat(26)}` : theirs.deal.institution.id }],
          [
            'write',
            CREATE,
            {
              input: { assetId: deal.assetId, holderReference: mark, amount: { amount: '1', currencyCode: 'USD' } },
            },
          ],
        ] as const;
        const [kind, query, variables] = kinds[Math.floor(turn / TENANTS) % kinds.length] ?? kinds[0];
        const answer = await server.ask(query, variables, token);
        counts[kind] = (counts[kind] ?? 0) + 1;
        const seen = [answer.status, answer.errors, answer.data?.['theirs'] ?? null, foreign(tenant, answer.text)];
        // Objects of another institution are not found, and all other responses contain the mark of the tenant.
        const isRight = kind === 'theirs' ? answer.data?.['institution'] === null : answer.text.includes(mark);
        expect([...seen, isRight]).toEqual([200, undefined, null, [], true]);
        if (kind === 'write') tenant.made += 1;
      };
      const asking = async (): Promise<void> => {
        while (sent < COUNTS.pooledRequests) {
          sent += 1;
          await ask(sent - 1);
        }
      };
      const began = performance.now();
      await Promise.all(Array.from({ length: AT_ONCE }, asking));
      const seconds = (performance.now() - began) / 1_000;
      process.stdout.write(
        `${sent} requests of ${TENANTS} tenants through PgBouncer over ${CONNECTIONS} connections in ${seconds.toFixed(1)} s: ${JSON.stringify(counts)}\n`,
      );
      for (const { token, made } of tenants) {
        const { data } = await server.ask('{ positions { totalCount } }', {}, token);
        expect(data).toEqual({ positions: { totalCount: made } });
      }
      expect([server.faults, setup.faults, errors]).toEqual([[], [], []]);
    });
  },
);

if (PGBOUNCER === undefined) process.stdout.write('PgBouncer is not installed: nothing is proved about it\n');
