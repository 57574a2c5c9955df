import type { CommandContext } from '../../../src/commands/context.ts';
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
import type { Store } from '../../../src/store/store.ts';
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
  const viewer: Viewer = { role: 'ADMIN', institutionId: data.institutionId };
  const hub = new Hub({
    feed: store.changes,
    pollIntervalMs: DEFAULTS.pollIntervalMs,
    maxQueuedChanges: DEFAULTS.maxQueuedChanges,
    maxPerOwner: DEFAULTS.subscriptionsPerKey,
    onInternalError: (error) => process.stderr.write(`${String(error)}\n`),
  });
  const shared = {
    ...commandContext(store, viewer),
    hub,
    idempotencyKey: null,
    lastEventId: null,
    admitMutation: async () => undefined,
  };
  const contextOf = (): Context => {
    const until = deadlineIn(DEFAULTS.operationMs);
    return { ...shared, until, read: loadersOf(store, scopeOf(viewer), until) };
  };
  return { data, contextOf };
}

/** Returns the context of commands. */
export function commandContext(store: Store, viewer: Viewer): CommandContext {
  const clock = Date.now;
  const newId = createIds(clock);
  return {
    store,
    viewer,
    clock,
    newId,
    ledger: createStoredLedger(newId),
    newToken: () => '',
    failedAttempts: new BoundedFailedAttempts(clock, new RejectionLog({ store, newId, clock })),
    chatLimits: DEFAULTS.chatLimits,
    apiKeysPerInstitution: DEFAULTS.apiKeysPerInstitution,
    requestId: null,
  };
}
