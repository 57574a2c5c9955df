import type { Client } from 'pg';
import type { Scope } from '../../src/domain/viewer.ts';
import { BEGIN, openingOf, openingsOf } from '../../src/store/postgres/begin.ts';

/** Begins a transaction that reads, as the store does, on a connection of its own. */
export async function openTransaction(client: Client, scope: Scope): Promise<void> {
  const openings = openingsOf('none', 'public');
  const { text, values } = openingOf(openings, 'reading', scope);
  await client.query(openings.setUp.text);
  await client.query(BEGIN.reading);
  await client.query(text, [...values]);
}
