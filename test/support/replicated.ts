import { vi } from 'vitest';
import { createPostgresStore, type PostgresOptions } from '../../src/store/postgres/index.ts';
import type { ReplicaCounts, Store } from '../../src/store/store.ts';
import { atFileEnd } from './fileEnd.ts';
import { type KeyServer, ROOT_TOKEN, serveKeys } from './keyed.ts';
import { type PostgresServer, startPostgres } from './postgresServer.ts';

const WITHIN_MS = 60_000;

/** Starts a server until the file ends: an empty one, or a standby of another. */
export async function startServer(bin: string, primary?: PostgresServer): Promise<PostgresServer> {
  const server = await startPostgres({ bin, ...(primary && { primary }) });
  atFileEnd(() => server.stop());
  return server;
}

export interface Reply {
  readonly status: number;
  readonly lsn: string | null;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly codes: readonly (string | undefined)[];
}

/** Headers of a request. */
type Sent = Readonly<Record<string, string>>;

/** A server over HTTP whose store has a replica. */
export interface Replicated {
  readonly store: Store;
  readonly server: KeyServer;
  readonly url: string;
  /** Why the replica became unusable, and undefined for each time that it became usable. */
  readonly changes: (Error | undefined)[];
  counts(): ReplicaCounts;
  /** Sends a document over HTTP. */
  post(query: string, variables?: object, headers?: Sent): Promise<Reply>;
  /** Waits until the replica is used, or is not. */
  waitUntil(isUsable: boolean): Promise<void>;
}

/** Opens a store with a replica, and a server on it, until the file ends. */
export async function openReplicated(
  databaseUrl: string,
  replicaUrl: string,
  options: Partial<PostgresOptions> = {},
): Promise<Replicated> {
  const changes: (Error | undefined)[] = [];
  const store = createPostgresStore({
    databaseUrl,
    onError: () => undefined,
    replica: { url: replicaUrl, onChange: (reason) => void changes.push(reason) },
    ...options,
  });
  const server = serveKeys(store);
  const bound = await server.app.listen(0, '127.0.0.1');
  atFileEnd(async () => {
    await server.app.stop();
    await bound.close();
    await store.close();
  });
  const url = `${bound.origin}/graphql`;
  return {
    store,
    server,
    url,
    changes,
    counts: () => ({ ...(store.replicaCounts?.() ?? { replica: 0, behind: 0, unusable: 0 }) }),
    post: (query, variables, headers) => postTo(url, query, variables, headers),
    waitUntil: (isUsable) =>
      vi.waitUntil(() => changes.length > 0 && (changes.at(-1) === undefined) === isUsable, {
        timeout: WITHIN_MS,
        interval: 20,
      }) as Promise<unknown> as Promise<void>,
  };
}

/** Sends a document with the root key, or with the headers. */
export async function postTo(url: string, query: string, variables: object = {}, headers: Sent = {}): Promise<Reply> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${ROOT_TOKEN}`, ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const { data = null, errors = [] } = (await response.json()) as {
    readonly data?: Reply['data'];
    readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
  };
  const codes = errors.map(({ extensions }) => extensions?.code);
  return { status: response.status, lsn: response.headers.get('escrowgrid-lsn'), data, codes };
}
