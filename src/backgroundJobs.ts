import type { CommandContext } from './commands/context.ts';
import { deleteExpiredIdempotencyRecords } from './jobs/deleteExpiredIdempotencyRecords.ts';
import { expireDuePositions } from './jobs/expirePositions.ts';
import { COMPLETE, createJob, type Job, type OnJobRun } from './jobs/job.ts';
import { purgeDeletedSessions } from './jobs/purgeDeletedSessions.ts';
import type { ApiKeyAuthenticator } from './server/access/apiKeyAuthenticator.ts';
import type { RateLimits } from './server/access/rateLimits.ts';
import type { RejectionLog } from './server/access/rejectionLog.ts';
import type { Settings } from './settings.ts';
import type { Store } from './store/store.ts';
import type { Hub } from './subscriptions/hub.ts';

/** The work of the recurring background jobs. */
export interface BackgroundJobs {
  /** Expires the positions that are due now. Returns their number. */
  readonly expireDue: () => Promise<number>;
  /** Deletes what is past its retention: idempotency records, deleted chat, changes, the store's own rows. */
  readonly cleanUp: () => Promise<void>;
  /** Writes what was counted: rate limits, uses of API keys, rejected requests. */
  readonly flushCounters: () => Promise<void>;
  /** Ends the subscriptions of API keys that have expired or were revoked. */
  readonly endExpiredSubscriptions: () => Promise<void>;
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

interface BackgroundJobsOptions {
  readonly own: CommandContext;
  readonly settings: Settings;
  readonly hub: Hub;
  readonly authenticator: ApiKeyAuthenticator;
  readonly limits: RateLimits;
  readonly rejections: RejectionLog;
}

/** Returns the work of the background jobs, which tests can also call directly. */
export const backgroundJobs = ({
  own,
  settings,
  hub,
  authenticator,
  limits,
  rejections,
}: BackgroundJobsOptions): BackgroundJobs => ({
  expireDue: () => expireDuePositions(own),
  cleanUp: async () => {
    const now = own.clock();
    await deleteExpiredIdempotencyRecords(own);
    await purgeDeletedSessions(own, now - settings.chatRetentionMs);
    await own.store.changes.deleteBefore(now - settings.changeRetentionMs);
    await own.store.cleanUp();
  },
  flushCounters: async () => {
    await limits.flush();
    await authenticator.recordUses();
    await rejections.flush();
  },
  endExpiredSubscriptions: async () => {
    for (const key of await authenticator.endedAmong(hub.owners)) hub.endAll(key);
  },
});

/** The names of the jobs in the metrics. */
export const JOB_NAMES = [
  'refresh_words',
  'expire_positions',
  'clean_up',
  'flush_counters',
  'end_subscriptions',
] as const;
/** The name of a background job in the metrics. */
export type JobName = (typeof JOB_NAMES)[number];

/**
 * Returns the jobs that repeat this work, not yet started. `onError` is called for every failed run, and `onRun` after
 * every run.
 */
export function createJobs(
  work: BackgroundJobs,
  store: Store,
  expiryPauseMs: number,
  onError: (error: unknown) => void,
  onRun: (job: JobName, ...run: Parameters<OnJobRun>) => void = () => {},
): readonly Job[] {
  const refreshWords = async (): Promise<unknown> => ((await store.refreshWords()) ? COMPLETE : undefined);
  const jobs: { readonly [J in JobName]: readonly [run: () => Promise<unknown>, pauseMs: number] } = {
    refresh_words: [refreshWords, REFRESH_PAUSE_MS],
    expire_positions: [work.expireDue, expiryPauseMs],
    clean_up: [work.cleanUp, CLEAN_UP_PAUSE_MS],
    flush_counters: [work.flushCounters, FLUSH_PAUSE_MS],
    end_subscriptions: [work.endExpiredSubscriptions, CREDENTIAL_CHECK_PAUSE_MS],
  };
  return JOB_NAMES.map((name) => createJob(...jobs[name], onError, (...run) => onRun(name, ...run)));
}
