import { afterEach, beforeAll, expect } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { verify } from '../../src/verify/verify.ts';
import { did } from './accounting.ts';
import { asAdmin } from './admin.ts';
import { fundedPosition, makeDeal } from './deal.ts';
import { serve } from './server.ts';
import { openPostgresAt } from './stores.ts';

/** Four positions of 100.00 USD on PostgreSQL, and a way to change them behind the store's back. */
export interface SeededDifferences {
  readonly store: Store;
  readonly url: string;
  /** Released in two parts; released in part; cancelled after a part; funded. */
  readonly ids: { readonly paid: string; readonly partly: string; readonly back: string; readonly agreed: string };
  /** Runs statements as the superuser, past every trigger and foreign key; undone after the test. */
  readonly run: (...statements: readonly string[]) => Promise<unknown>;
}

const TABLES = ['positions', 'lifecycle_events', 'ledger_events', 'postings'];

export function seededDifferencesOn(): SeededDifferences {
  const written = new Map<string, string>();
  const seeded = {} as { -readonly [K in keyof SeededDifferences]: SeededDifferences[K] };
  seeded.run = (...statements) =>
    asAdmin(seeded.url, async (admin) => {
      await admin.query("set session_replication_role = 'replica'");
      for (const statement of statements) await admin.query(statement);
    });
  beforeAll(async () => {
    Object.assign(seeded, await openPostgresAt());
    const server = serve(seeded.store);
    const deal = await makeDeal(server);
    const made = async (...releases: readonly string[]): Promise<string> => {
      const { id: positionId } = await fundedPosition(server, deal);
      for (const amount of releases) await did(server, 'releasePosition', { positionId, amount });
      server.now += 1_000;
      return positionId;
    };
    seeded.ids = {
      paid: await made('40', '60'),
      partly: await made('30', '1.5'),
      back: await made('10'),
      agreed: await made(),
    };
    await did(server, 'cancelPosition', { positionId: seeded.ids.back });
    for (const table of TABLES) written.set(table, await writtenColumns(seeded.url, table));
    await seeded.run(...TABLES.map((table) => `create table kept_${table} as select * from ${table}`));
  });
  afterEach(async () => {
    await seeded.run(
      ...TABLES.flatMap((table) => {
        const columns = written.get(table);
        return [`delete from ${table}`, `insert into ${table} (${columns}) select ${columns} from kept_${table}`];
      }),
    );
    expect((await verify(seeded.store)).difference).toBeNull();
  });
  return seeded;
}

/** The columns of a table that the database does not make itself of others. */
const writtenColumns = (url: string, table: string): Promise<string> =>
  asAdmin(url, async (admin) => {
    const { rows } = await admin.query<{ columns: string }>(
      `select string_agg(column_name, ', ') as columns from information_schema.columns
       where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER'`,
      [table],
    );
    return rows[0]?.columns ?? '';
  });
