import { deleteExpired } from '../backgroundJobs.ts';
import { operatorContext, withDatabase } from './databaseCommand.ts';

/** Deletes once what is past its retention, as the server does every minute, and prints the numbers. */
export function cleanUpStore(): Promise<void> {
  return withDatabase(async (store, { settings }) => {
    const deleted = await deleteExpired(operatorContext(store, settings), settings);
    const { idempotencyRecords, chatSessions, changes } = deleted;
    process.stdout.write(
      `Deleted ${idempotencyRecords} idempotency records, ${chatSessions} chat sessions and ${changes} changes.\n`,
    );
  });
}
