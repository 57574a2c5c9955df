import { randomBytes } from 'node:crypto';
import { type Client, DatabaseError } from 'pg';
import { inject } from 'vitest';
import { asAdmin, urlOf } from './admin.ts';

const OBJECT_IN_USE = '55006';
/** The server waits five seconds for connections to the template to end before it rejects the copy. */
const triesAtMost = 5;

/**
 * Creates a migrated database for a test file, or a copy of another database, which must have no connections. `drop`
 * ends open connections to it.
 */
export async function createDatabase(copied?: string): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const adminUrl = inject('adminUrl');
  const template = inject('template');
  const name = `${template}_${randomBytes(6).toString('hex')}`;
  const source = copied === undefined ? template : new URL(copied).pathname.slice(1);
  await asAdmin(adminUrl, (admin) => copy(admin, source, name));
  return {
    url: urlOf(adminUrl, name),
    drop: () =>
      asAdmin(adminUrl, async (admin) => {
        await admin.query(`drop database if exists ${name} with (force)`);
      }),
  };
}

/** Copies a database. PostgreSQL requires that it has no connections, but its own autovacuum may have one. */
async function copy(admin: Client, template: string, name: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await admin.query(`create database ${name} template ${template} strategy file_copy`);
      return;
    } catch (error) {
      const inUse = error instanceof DatabaseError && error.code === OBJECT_IN_USE;
      if (!inUse || tries === triesAtMost) throw error;
    }
  }
}
