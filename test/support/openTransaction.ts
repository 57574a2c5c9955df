import type { Client } from 'pg';
import type { Scope } from '../../src/domain/viewer.ts';
import { BEGIN, openingOf, openingsOf, type Purpose } from '../../src/store/postgres/begin.ts';

/** Begins a transaction, which reads by default, as the store does, on a connection of its own. */
export async function openTransaction(client: Client, scope: Scope, purpose: Purpose = 'reading'): Promise<void> {
  const openings = openingsOf('none', 'public');
  const { text, values } = openingOf(openings, purpose, scope);
  await client.query(openings.setUp.text);
  await client.query(BEGIN[purpose]);
  await client.query(text, [...values]);
}
