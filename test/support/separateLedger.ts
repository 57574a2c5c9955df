import { asAdmin } from './admin.ts';

/** Moves the ledger events of a database from the rows of their lifecycle events into tables of their own, as before. */
export const separateLedger = (url: string): Promise<void> =>
  asAdmin(url, async (admin) => {
    await admin.query('begin');
    await admin.query("set local session_replication_role = 'replica'");
    const embedded = 'select ledger_event_id from lifecycle_events where ledger_event_id is not null';
    await admin.query(
      `create temp table entries on commit drop as select * from ledger_entries where id in (${embedded})`,
    );
    await admin.query(`insert into postings select * from ledger_postings where ledger_event_id in (${embedded})`);
    await admin.query('update lifecycle_events set ledger_event_id = null, legs = null');
    await admin.query('insert into ledger_events select * from entries');
    await admin.query('commit');
  });
