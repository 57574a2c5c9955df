import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createStoredLedger } from '../../../src/commands/ledger.ts';
import type { Viewer } from '../../../src/domain/viewer.ts';
import { scopeOf } from '../../../src/domain/viewer.ts';
import { createIds } from '../../../src/ids.ts';
import type { Context } from '../../../src/schema/builder.ts';
import { loadersOf } from '../../../src/schema/loaders.ts';
import { BoundedFailedAttempts } from '../../../src/server/access/failedAttempts.ts';
import { RejectionLog } from '../../../src/server/access/rejectionLog.ts';
import { DEFAULTS } from '../../../src/settings.ts';
import { deadlineIn } from '../../../src/store/deadline.ts';
import { createMemoryStore } from '../../../src/store/memory/index.ts';
import { Hub } from '../../../src/subscriptions/hub.ts';
import { type Data, fillData } from '../data.ts';
import type { Start } from './serve.ts';

/** A memory store with the data of the benchmark, and the context of the resolvers of one request. */
export interface PeerData {
  readonly data: Data;
  readonly contextOf: () => Context;
}

/**
 * Fills a memory store for a peer, which serves the same schema with the same resolvers, but has neither API keys nor
 * limits.
 */
export async function fillPeer({ size }: Start): Promise<PeerData> {
  const store = createMemoryStore();
  const data = await fillData(store, size);
  const clock = Date.now;
  const newId = createIds(clock);
  const hub = new Hub({
    feed: store.changes,
    pollIntervalMs: DEFAULTS.pollIntervalMs,
    maxQueuedChanges: DEFAULTS.maxQueuedChanges,
    maxPerOwner: DEFAULTS.subscriptionsPerKey,
    onInternalError: (error) => process.stderr.write(`${String(error)}\n`),
  });
  const shared = {
    store,
    hub,
    clock,
    newId,
    ledger: createStoredLedger(newId),
    newToken: () => '',
    failedAttempts: new BoundedFailedAttempts(clock, new RejectionLog({ store, newId, clock })),
    idempotencyRetentionMs: DEFAULTS.idempotencyRetentionMs,
    chatLimits: DEFAULTS.chatLimits,
    apiKeysPerInstitution: DEFAULTS.apiKeysPerInstitution,
    requestId: null,
    idempotencyKey: null,
    lastEventId: null,
    admitMutation: async () => undefined,
  };
  const viewer: Viewer = { role: 'ADMIN', institutionId: data.institutionId };
  const contextOf = (): Context => {
    const until = deadlineIn(DEFAULTS.operationMs);
    return { ...shared, viewer, until, read: loadersOf(store, scopeOf(viewer), until) };
  };
  return { data, contextOf };
}

/** Loads a package of the peers. Its types are unknown to the compiler, because it is installed on demand. */
export const loadPeer = (peers: string, name: string): unknown => createRequire(join(peers, 'package.json'))(name);

/** Returns the version of a package of the peers. */
export const versionOf = (peers: string, name: string): string =>
  (createRequire(join(peers, 'package.json'))(`${name}/package.json`) as { readonly version: string }).version;
