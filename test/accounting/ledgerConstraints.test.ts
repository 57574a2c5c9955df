import type { Client } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { did } from '../support/accounting.ts';
import { asAdmin } from '../support/admin.ts';
import { fundedPosition, makeDeal } from '../support/deal.ts';
import { separateLedger } from '../support/separateLedger.ts';
import { serve } from '../support/server.ts';
import { openPostgresAt } from '../support/stores.ts';

const KEPT_FOR_GOOD = ['lifecycle_events', 'ledger_events', 'postings', 'audit_events'];
const NO_RIGHT = '42501';
const STILL_NAMED = '23503';
const UNBALANCED = '23514';
const TAKEN = '23505';

describe('database constraints of the ledger', () => {
  let url: string;
  let positionId: string;
  let institutionId: string;
  let before: unknown;

  /** Runs one statement as the owner (a superuser) or the application role in a transaction that is rolled back. */
  const attempt = (statement: string, role: 'owner' | 'app' = 'owner'): Promise<string | undefined> =>
    asAdmin(url, async (admin) => {
      await admin.query('begin');
      if (role === 'app') await admin.query("select set_config('role', 'escrowgrid_app', true)");
      try {
        await admin.query(statement);
        return undefined;
      } catch (error) {
        return (error as { readonly code: string }).code;
      } finally {
        await admin.query('rollback');
      }
    });
  const all = async (admin: Client): Promise<unknown> => {
    const kept: unknown[] = [];
    for (const table of [...KEPT_FOR_GOOD, 'positions', 'institutions']) {
      kept.push((await admin.query(`select * from ${table} order by id`)).rows);
    }
    return kept;
  };

  beforeAll(async () => {
    const opened = await openPostgresAt();
    ({ url } = opened);
    const server = serve(opened.store);
    const deal = await makeDeal(server);
    institutionId = deal.institution.id;
    positionId = (await fundedPosition(server, deal)).id;
    await did(server, 'releasePosition', { positionId, amount: '1.00' });
    // As the ledger of the version before, whose rows stay where they are.
    await separateLedger(url);
    await did(server, 'releasePosition', { positionId: (await fundedPosition(server, deal)).id, amount: '2.00' });
    before = await asAdmin(url, all);
  });

  describe.each(KEPT_FOR_GOOD)('the insert-only table %s', (table) => {
    it.each([
      ['change', `update ${table} set created_at = created_at`],
      ['change', `update ${table} set id = id`],
      ['delete', `delete from ${table}`],
      ['delete', `delete from ${table} where false`],
      ['truncate', `truncate ${table} cascade`],
      ['drop', `drop table ${table} cascade`],
      ['disable the triggers of', `alter table ${table} disable trigger all`],
    ])('the application role cannot %s the table: %s', async (_what, statement) => {
      const refused = table === 'postings' && statement.includes('created_at') ? '42703' : NO_RIGHT;
      expect(await attempt(statement, 'app')).toBe(refused);
    });
  });

  it('the application role can update only the changeable columns of positions, and delete none', async () => {
    for (const column of ['id', 'institution_id', 'asset_id', 'amount', 'currency', 'magnitude', 'created_at']) {
      expect(await attempt(`update positions set ${column} = ${column}`, 'app')).toBe(NO_RIGHT);
    }
    expect(await attempt('update positions set state = state, held = held, version = version', 'app')).toBeUndefined();
    for (const table of ['positions', 'institutions', 'assets', 'asset_templates']) {
      expect(await attempt(`delete from ${table}`, 'app')).toBe(NO_RIGHT);
    }
    expect(await attempt('select * from schema_migrations', 'app')).toBe(NO_RIGHT);
  });

  describe('statements that even the owner cannot run', () => {
    const first = (column: string) => `(select ${column} from ledger_events order by sequence desc limit 1)`;
    const leg = (ordinal: number, amount: number, currency = 'USD') =>
      `(${first('institution_id')}, 'x_${ordinal}', (select id from ledger_events where sequence = 1), ${ordinal}, 'ESCROW', ${amount}, '${currency}')`;
    const insert = (...legs: readonly string[]) => `insert into postings values ${legs.join(', ')}`;

    it('the database rejects postings that do not add up to zero, even from the owner', async () => {
      expect(await attempt(insert(leg(1, -5)))).toBe(UNBALANCED);
      expect(await attempt(insert(leg(1, -5), leg(2, 4)))).toBe(UNBALANCED);
      expect(await attempt(insert(leg(1, -5), leg(2, 4), leg(3, 2)))).toBe(UNBALANCED);
      expect(await attempt(insert(leg(1, -5), leg(2, 5)))).toBeUndefined();
      expect(await attempt(insert(leg(1, -5), leg(2, 4), leg(3, 1)))).toBeUndefined();
    });

    it('the database rejects postings of two currencies, even from the owner', async () => {
      expect(await attempt(insert(leg(1, -5), leg(2, 5, 'EUR')))).toBe(UNBALANCED);
      expect(await attempt(insert(leg(1, -5), leg(2, 5), leg(3, -1, 'EUR'), leg(4, 1, 'EUR')))).toBe(UNBALANCED);
    });

    it('the database rejects postings of zero, and a change, a move or a removal of only one posting, even from the owner', async () => {
      expect(await attempt(insert(leg(1, 0)))).toBe(UNBALANCED);
      expect(await attempt('update postings set amount = amount + 1 where ordinal = 1')).toBe(UNBALANCED);
      expect(await attempt("update postings set currency = 'EUR' where ordinal = 1")).toBe(UNBALANCED);
      const elsewhere = 'update postings set ledger_event_id = (select id from ledger_events where sequence = 1)';
      expect(await attempt(`${elsewhere} where ordinal = 1 and account_kind = 'PAYER'`)).toBe(UNBALANCED);
      expect(await attempt('delete from postings where ordinal = 1')).toBe(UNBALANCED);
    });
  });

  describe('statements on the postings in rows of lifecycle events that even the owner cannot run', () => {
    const change = (legs: string) =>
      `update lifecycle_events set legs = ${legs} where id = (select max(id) from lifecycle_events where legs is not null)`;

    it.each([
      ['another amount', "replace(legs, 'PAYEE ', 'PAYEE 1')"],
      ['only one of them', "split_part(legs, ',', 1)"],
      ['amounts of zero', "'ESCROW 0,PAYEE 0'"],
      ['an unknown account', "'ESCROW -200,THIEF 200'"],
      ['no text of postings', "''"],
    ])('the database rejects %s', async (_what, legs) => {
      expect(await attempt(change(legs))).toBe(UNBALANCED);
    });

    it('the database rejects the removal of the event, and a second ledger event of it', async () => {
      expect(await attempt('delete from lifecycle_events where ledger_event_id is not null')).toBe(STILL_NAMED);
      const again = (id: string) =>
        `insert into ledger_events select institution_id, ${id}, kind, position_id, lifecycle_event_id, 9, from_state, to_state, created_at
         from ledger_entries where id = (select max(ledger_event_id) from lifecycle_events)`;
      expect(await attempt(again("'led_other'"))).toBe(TAKEN);
      expect(await attempt(again('id'))).toBe(TAKEN);
    });
  });

  it('predecessor mistake 7: the ledger was deleted with its institution by a cascade', async () => {
    expect(await attempt(`delete from institutions where id = '${institutionId}'`)).toBe(STILL_NAMED);
    expect(await attempt(`delete from positions where id = '${positionId}'`)).toBe(STILL_NAMED);
    for (const table of ['assets', 'asset_templates', 'lifecycle_events', 'ledger_events']) {
      expect(await attempt(`delete from ${table}`)).toBe(STILL_NAMED);
    }
    const cascading = `select conrelid::regclass::text as of from pg_constraint where contype = 'f' and confdeltype <> 'a' order by 1`;
    const { rows } = await asAdmin(url, (admin) => admin.query<{ of: string }>(cascading));
    // Deleting a chat session deletes its parts; no deletion removes a part of the ledger.
    expect(rows.map(({ of }) => of)).toEqual(['chat_messages', 'chat_revisions', 'read_marks']);
  });

  it('the attempts of this file have deleted and changed nothing', async () => {
    expect(await asAdmin(url, all)).toEqual(before);
  });
});
