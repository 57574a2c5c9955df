import { afterAll, expect } from 'vitest';
import type { Settings } from '../../src/settings.ts';
import type { OnStatement } from '../../src/store/postgres/session.ts';
import { asAdmin } from '../support/admin.ts';
import { openProxiedStore, type ProxiedStore } from '../support/proxiedStore.ts';
import { serve, type TestServer } from '../support/server.ts';

export interface Proxied extends ProxiedStore {
  readonly server: TestServer;
  /** Returns the one row of a statement. */
  row(text: string, ...values: readonly unknown[]): Promise<unknown>;
}

/** Starts a server that reaches its new database through a proxy. */
export async function proxied(
  onStatement: OnStatement = () => undefined,
  settings: Partial<Settings> = {},
): Promise<Proxied> {
  const opened = await openProxiedStore({ onStatement });
  return {
    ...opened,
    server: serve(opened.store, { settings }),
    row: (text, ...values) =>
      asAdmin(opened.databaseUrl, async (admin) => (await admin.query(text, [...values])).rows[0] as unknown),
  };
}

const RELEASE = `mutation ($input: ReleasePositionInput!) {
  releasePosition(input: $input) {
    __typename
    ... on UserError { code }
    ... on ReleasePositionPayload { replayed position { state version held { amount } } event { sequence } }
  }
}`;

/** Releases an amount, and returns the outcome. */
export const release = async (
  server: TestServer,
  input: { readonly positionId: string; readonly amount?: string; readonly idempotencyKey?: string },
): Promise<Answered> => answered(server, RELEASE, { input });

/** Reads a position; `typeOrCode` is DATA or the code of the error. */
export async function read(server: TestServer, id: string): Promise<Answered> {
  const query = 'query ($id: ID!) { position(id: $id) { state createdAt } }';
  const { data, errors, text } = await server.ask<{ position: Answered['result'] | null }>(query, { id });
  return { typeOrCode: errors?.[0]?.extensions?.code ?? 'DATA', result: data?.position ?? undefined, text };
}

export interface Answered {
  /** The type of the result, or the code of the error instead of it. */
  readonly typeOrCode: string;
  readonly result:
    | { readonly __typename?: string; readonly replayed?: boolean; readonly [field: string]: unknown }
    | undefined;
  readonly text: string;
}

/** Sends a document with one mutation. */
export async function answered(server: TestServer, document: string, variables: unknown): Promise<Answered> {
  const { data, errors, text } = await server.ask<{ [field: string]: Answered['result'] | null }>(document, variables);
  const result = Object.values(data ?? {})[0] ?? undefined;
  return { typeOrCode: result?.__typename ?? errors?.[0]?.extensions?.code ?? text, result, text };
}

/** Matches messages of a driver or database, none of which may reach a client. */
export const DRIVERS_WORDS =
  /ECONN|ENOENT|EPIPE|socket|terminat|connection|postgres|pg_|SQL|deadlock|serializ|rollback|127\.0\.0\.1/i;

/** Selects the number of changes of a position according to each table. */
export const ACCOUNTS = `select p.version, p.sequence, p.held::text as held,
  (select count(*)::int from lifecycle_events e where e.position_id = p.id) as events,
  (select count(*)::int from ledger_entries l where l.position_id = p.id) as "ledgerEvents",
  (select count(*)::int from audit_events a where a.resource_id = p.id and a.outcome = 'SUCCESS') as audited
  from positions p where p.id = $1`;

/**
 * Returns the row of a position of 100.00 that was created, funded, and had 10.00 released the given number of times.
 */
export const accountsAfter = (releases: number): object => ({
  version: 2 + releases,
  sequence: 2 + releases,
  held: `${10_000 - 1_000 * releases}`,
  events: 2 + releases,
  ledgerEvents: 2 + releases,
  audited: 2 + releases,
});

export const hasNoFaults = ({ faults }: TestServer): void => expect(faults).toEqual([]);

/** Fails the file on unhandled rejections and uncaught exceptions. */
export function nothingGoesUnheard(): void {
  const unheard: unknown[] = [];
  const hear = (error: unknown): void => void unheard.push(error);
  process.on('unhandledRejection', hear);
  process.on('uncaughtException', hear);
  afterAll(() => {
    process.off('unhandledRejection', hear);
    process.off('uncaughtException', hear);
    if (unheard.length > 0) throw new AggregateError(unheard, 'Failures that nobody heard.');
  });
}
