import type { CommandContext } from './commands/context.ts';
import { deleteExpiredIdempotencyRecords } from './jobs/deleteExpiredIdempotencyRecords.ts';
import { deleteOldDeliveries } from './jobs/deleteOldDeliveries.ts';
import { expireDuePositions } from './jobs/expirePositions.ts';
import { COMPLETE, createJob, type Job, type OnJobRun } from './jobs/job.ts';
import { purgeDeletedSessions } from './jobs/purgeDeletedSessions.ts';
import type { ApiKeyAuthenticator } from './server/access/apiKeyAuthenticator.ts';
import type { BoundedFailedAttempts } from './server/access/failedAttempts.ts';
import type { RateLimits } from './server/access/rateLimits.ts';
import type { RejectionLog } from './server/access/rejectionLog.ts';
import type { Readiness } from './server/readiness.ts';
import type { Settings } from './settings.ts';
import type { Store } from './store/store.ts';
import type { Hub } from './subscriptions/hub.ts';

/** The work of the recurring background jobs. */
export interface BackgroundJobs {
  /** Expires the positions that are due now. Returns their number. */
  readonly expireDue: () => Promise<number>;
  /** Deletes what is past its retention: idempotency records, deleted chat, changes, deliveries of webhooks, the store's
   * own rows. Encrypts the secrets of webhooks with a new key. */
  readonly cleanUp: () => Promise<void>;
  /** Writes what was counted: rate limits, uses of API keys, rejected requests. Forgets the counts of past minutes. */
  readonly flushCounters: () => Promise<void>;
  /** Ends the subscriptions of API keys that have expired or were revoked. */
  readonly endExpiredSubscriptions: () => Promise<void>;
}

/** The numbers of objects that were deleted because they were past their retention. */
export interface DeletedCounts {
  readonly idempotencyRecords: number;
  readonly chatSessions: number;
  readonly changes: number;
  readonly webhookDeliveries: number;
}

const CLEAN_UP_PAUSE_MS = 60_000;
const FLUSH_PAUSE_MS = 1_000;
/**
 * The pause between two batches of texts whose words are recomputed after an upgrade. It leaves most of the time to
 * requests.
 */
const REFRESH_PAUSE_MS = 250;
/**
 * The interval at which the API keys of open subscriptions are checked. A subscription ends within a second after its
 * API key expires or is revoked.
 */
const CREDENTIAL_CHECK_PAUSE_MS = 400;

/** The interval at which the server checks whether it can serve requests, also without requests for its state. */
const READINESS_PAUSE_MS = 2_000;

interface BackgroundJobsOptions {
  readonly own: CommandContext;
  readonly settings: Settings;
  readonly hub: Hub;
  readonly authenticator: ApiKeyAuthenticator;
  readonly limits: RateLimits;
  readonly rejections: RejectionLog;
  readonly failedAttempts: BoundedFailedAttempts;
  readonly webhooks: {
    /** Encrypts the secrets of webhooks with the current key. */
    resealSecrets(): Promise<void>;
  };
}

/** Returns the work of the background jobs, which tests can also call directly. */
export const backgroundJobs = ({
  own,
  settings,
  hub,
  authenticator,
  limits,
  rejections,
  failedAttempts,
  webhooks,
}: BackgroundJobsOptions): BackgroundJobs => ({
  expireDue: () => expireDuePositions(own),
  cleanUp: async () => {
    await deleteExpired(own, settings);
    await webhooks.resealSecrets();
  },
  flushCounters: async () => {
    failedAttempts.forgetPast();
    await limits.flush();
    await authenticator.recordUses();
    await rejections.flush();
  },
  endExpiredSubscriptions: async () => {
    for (const key of await authenticator.endedAmong(hub.owners)) hub.endAll(key);
  },
});

/** Deletes once what is past its retention. */
export async function deleteExpired(
  own: CommandContext,
  { idempotencyRetentionMs, chatRetentionMs, changeRetentionMs, webhookLimits }: Settings,
): Promise<DeletedCounts> {
  const now = own.clock();
  const idempotencyRecords = await deleteExpiredIdempotencyRecords(own, now - idempotencyRetentionMs);
  const chatSessions = await purgeDeletedSessions(own, now - chatRetentionMs);
  const changes = await own.store.changes.deleteBefore(now - changeRetentionMs);
  const webhookDeliveries = await deleteOldDeliveries(own, now - webhookLimits.deliveryRetentionMs);
  await own.store.cleanUp();
  return { idempotencyRecords, chatSessions, changes, webhookDeliveries };
}

/** The names of the jobs in the metrics. */
export const JOB_NAMES = [
  'refresh_words',
  'expire_positions',
  'clean_up',
  'flush_counters',
  'end_subscriptions',
  'check_readiness',
] as const;
/** The name of a background job in the metrics. */
export type JobName = (typeof JOB_NAMES)[number];

/** The options of the background jobs. */
interface JobOptions {
  readonly work: BackgroundJobs;
  readonly store: Store;
  readonly readiness: Readiness;
  /** The pause between two sweeps for expired positions, in ms. */
  readonly sweepPauseMs: number;
  /** Called for every failed run. */
  readonly onError: (error: unknown) => void;
  /** Called after every run. */
  readonly onRun?: ((job: JobName, ...run: Parameters<OnJobRun>) => void) | undefined;
}

/**
 * Returns the jobs that repeat this work, not yet started. Work that cannot be undone waits while the clock of this
 * machine is wrong.
 */
export function createJobs(options: JobOptions): readonly Job[] {
  const { work, store, readiness, sweepPauseMs, onError, onRun = () => {} } = options;
  const inStep = (run: () => Promise<unknown>) => async () => (store.clock?.isInStep() === false ? undefined : run());
  const refreshWords = async (): Promise<unknown> => ((await store.refreshWords()) ? COMPLETE : undefined);
  const jobs: { readonly [J in JobName]: readonly [run: () => Promise<unknown>, pauseMs: number] } = {
    refresh_words: [refreshWords, REFRESH_PAUSE_MS],
    expire_positions: [inStep(work.expireDue), sweepPauseMs],
    clean_up: [inStep(work.cleanUp), CLEAN_UP_PAUSE_MS],
    flush_counters: [work.flushCounters, FLUSH_PAUSE_MS],
    end_subscriptions: [work.endExpiredSubscriptions, CREDENTIAL_CHECK_PAUSE_MS],
    check_readiness: [() => readiness.reason(), READINESS_PAUSE_MS],
  };
  return JOB_NAMES.map((name) => createJob(...jobs[name], onError, (...run) => onRun(name, ...run)));
}
