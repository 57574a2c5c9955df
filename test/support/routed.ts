import { Client } from 'pg';
import type { PostgresOptions } from '../../src/store/postgres/index.ts';
import type { Store } from '../../src/store/store.ts';
import { urlOf } from './admin.ts';
import { atFileEnd } from './fileEnd.ts';

/**
 * A pooler in front of the test server and a replica of it. If both are set, stores of tests reach their databases through
 * the pooler, and a replica may serve the queries of their servers.
 */
const { TEST_POOLER_URL, TEST_REPLICA_URL, TEST_DATABASE_URL } = process.env;
const ROUTES =
  TEST_POOLER_URL && TEST_REPLICA_URL && TEST_DATABASE_URL
    ? { pooler: TEST_POOLER_URL, replica: TEST_REPLICA_URL, primary: TEST_DATABASE_URL }
    : undefined;

/** Returns the addresses of a store of the database. */
export function addressesOf(url: string): Pick<PostgresOptions, 'databaseUrl' | 'directUrl' | 'pooler' | 'replica'> {
  if (!ROUTES) return { databaseUrl: url };
  const database = new URL(url).pathname.slice(1);
  return {
    databaseUrl: urlOf(ROUTES.pooler, database),
    directUrl: url,
    pooler: 'transaction',
    replica: { url: urlOf(ROUTES.replica, database), pooler: 'none' },
  };
}

/** Prints how many reads a replica has served for the store. */
export function reportReplica(store: Store): void {
  if (ROUTES) process.stdout.write(`served by the replica: ${store.replicaCounts?.().replica}\n`);
}

let primary: Promise<Client> | undefined;

/** Returns the header of a request whose reads must see all writes of the test, also those that are no requests. */
export async function minLsnHeader(): Promise<Readonly<Record<string, string>>> {
  const url = ROUTES?.primary;
  if (url === undefined) return {};
  primary ??= connected(url);
  const { rows } = await (await primary).query<{ lsn: string }>('select pg_current_wal_flush_lsn()::text as lsn');
  return { 'escrowgrid-min-lsn': rows[0]?.lsn ?? '' };
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  atFileEnd(async () => {
    primary = undefined;
    await client.end();
  });
  return client;
}

/** Whether requests of tests are sent with the header. */
export const isRouted: boolean = ROUTES !== undefined;
