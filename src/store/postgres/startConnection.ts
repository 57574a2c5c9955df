import pg from 'pg';
import { RoutedClient } from './routedClient.ts';
import { Routes } from './routes.ts';
import { destroy, socketOf } from './socket.ts';
import { UnusableDatabaseError, unusable } from './unusableDatabase.ts';

/** The maximum time to open a connection, and to answer a statement that waits for nothing, in ms. */
const ANSWER_MS = 5_000;

/**
 * Runs work on a separate connection, for the start and the commands. A statement that is not answered in time closes
 * the connection, unless the work is patient. Throws UnusableDatabaseError for any error of the database.
 */
export async function connected(
  databaseUrl: string,
  work: (client: RoutedClient) => Promise<void>,
  { isPatient = false } = {},
): Promise<void> {
  const routes = new Routes(databaseUrl);
  const client = await routes
    .tryEach(async () => {
      const opening = new RoutedClient(routes, {
        connectionTimeoutMillis: ANSWER_MS,
        // Only with `pipeline` does pg close a connection on which a statement takes too long.
        ...(!isPatient && { query_timeout: ANSWER_MS, pipeline: true }),
      });
      await opening.connect();
      return opening;
    })
    .catch((error: Error) => {
      throw error instanceof UnusableDatabaseError ? error : unusable(error, error instanceof pg.DatabaseError);
    });
  try {
    await work(client);
  } catch (error) {
    if (error instanceof UnusableDatabaseError || !(error instanceof Error)) throw error;
    const isReached = error instanceof pg.DatabaseError;
    const isLost = socketOf(client)?.destroyed ?? true;
    throw isReached || isLost ? unusable(error, isReached) : error;
  } finally {
    // A database that does not answer would never acknowledge the end of the connection.
    const timer = setTimeout(destroy, ANSWER_MS, client);
    await client.end();
    clearTimeout(timer);
  }
}

/**
 * Updates the statistics of all tables. On a new database, plans that were made for empty tables read all rows of an
 * institution to check one foreign key, until PostgreSQL analyzes the tables by itself, up to a minute later.
 */
export const analyze = (databaseUrl: string): Promise<void> =>
  connected(databaseUrl, async (client) => void (await client.query('analyze')), { isPatient: true });
