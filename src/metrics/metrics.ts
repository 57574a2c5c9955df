import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { JOB_NAMES, type JobName } from '../backgroundJobs.ts';
import type { SequencedChange } from '../domain/change.ts';
import type { PositionState } from '../domain/lifecycle.ts';
import type { Clock } from '../domain/time.ts';
import { COUNTER_NAMES, type CounterName } from '../server/access/rateLimits.ts';
import type { MetricsText } from '../server/metricsAnswer.ts';
import type { OnRequest } from '../server/requestRecord.ts';
import type { Store } from '../store/store.ts';
import { RequestMetrics } from './requestMetrics.ts';
import { StoreMetrics } from './storeMetrics.ts';

/** The parts of a server whose state is read when the metrics are requested. */
export interface Watched {
  readonly store: Store;
  readonly clock: Clock;
  /** Returns the number of live subscriptions. */
  readonly liveSubscriptions: () => number;
}

/** The metrics of one server. All labels have a bounded number of values, none of which a client chooses. */
export class Metrics implements MetricsText {
  readonly #registry = new Registry();
  readonly #requests = new RequestMetrics(this.#registry);
  readonly #store = new StoreMetrics(this.#registry);
  readonly #rateLimited: Counter<'limit'>;
  readonly #dispatched: Counter;
  readonly #webhookAttempts: Counter<'outcome'>;
  readonly #jobRuns: Counter<'job' | 'outcome'>;
  readonly #jobSeconds: Gauge<'job'>;
  readonly #jobEndedAt: Gauge<'job'>;
  /** The lag of the last changes that were dispatched, in ms. */
  #lagMs = 0;
  /** When the change feed was last read, in ms since 1970. */
  #feedReadAt = 0;
  #clock: Clock = Date.now;

  constructor() {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    const counter = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
      new Counter({ name, help, labelNames: [...labelNames], registers });
    const ofJobs = (name: string, help: string): Gauge<'job'> =>
      new Gauge({ name, help, labelNames: ['job'], registers });
    this.#rateLimited = counter('escrowgrid_rate_limited_total', 'Requests above a rate limit, by limit.', ['limit']);
    this.#dispatched = counter('escrowgrid_changes_dispatched_total', 'Changes that were dispatched to subscribers.');
    this.#webhookAttempts = counter('escrowgrid_webhook_attempts_total', 'Attempts to deliver webhooks.', ['outcome']);
    this.#jobRuns = counter('escrowgrid_job_runs_total', 'Runs of background jobs.', ['job', 'outcome']);
    this.#jobSeconds = ofJobs('escrowgrid_job_last_duration_seconds', 'Duration of the last run of a background job.');
    this.#jobEndedAt = ofJobs(
      'escrowgrid_job_last_run_timestamp_seconds',
      'When the last run of a background job ended.',
    );
    for (const limit of COUNTER_NAMES) this.#rateLimited.inc({ limit }, 0);
    for (const outcome of ['ok', 'failed']) {
      this.#webhookAttempts.inc({ outcome }, 0);
      for (const job of JOB_NAMES) this.#jobRuns.inc({ job, outcome }, 0);
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The names of all metrics. */
  get names(): readonly string[] {
    return this.#registry.getMetricsAsArray().map(({ name }) => name);
  }

  /** Returns the current values in the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Adds the metrics that are read from the parts of a server. Must be called once. */
  watch({ store, clock, liveSubscriptions }: Watched): void {
    this.#clock = clock;
    this.#store.watch(store);
    this.#gauge('escrowgrid_subscriptions', 'Open subscriptions that receive live changes.', liveSubscriptions);
    const lag = 'Time from a change to its dispatch to subscribers, of the last changes that were dispatched.';
    this.#gauge('escrowgrid_change_feed_lag_seconds', lag, () => this.#lagMs / 1_000);
    const readAt = 'escrowgrid_change_feed_last_read_timestamp_seconds';
    this.#feedReadAt = clock();
    this.#gauge(readAt, 'When the change feed was last read without an error.', () => this.#feedReadAt / 1_000);
  }

  /** Adds a metric with the number of lines that the log has dropped. */
  watchLog(dropped: () => number): void {
    this.#gauge('escrowgrid_log_lines_dropped', 'Lines of the log that were dropped since the start.', dropped);
  }

  readonly countRequest: OnRequest = (event, entry) => this.#requests.count(event, entry);
  readonly countTransition = (state: PositionState): void => this.#store.countTransition(state);
  readonly countRateLimited = (limit: CounterName): void => this.#rateLimited.inc({ limit });

  readonly countWebhookAttempt = (isDelivered: boolean): void =>
    this.#webhookAttempts.inc({ outcome: isDelivered ? 'ok' : 'failed' });

  readonly noteFeedRead = (dispatched: readonly SequencedChange[]): void => {
    this.#feedReadAt = this.#clock();
    this.#dispatched.inc(dispatched.length);
    const [first] = dispatched;
    if (first) this.#lagMs = Math.max(0, this.#feedReadAt - first.createdAt);
  };

  readonly countJobRun = (job: JobName, durationMs: number, hasFailed: boolean): void => {
    this.#jobRuns.inc({ job, outcome: hasFailed ? 'failed' : 'ok' });
    this.#jobSeconds.set({ job }, durationMs / 1_000);
    this.#jobEndedAt.set({ job }, this.#clock() / 1_000);
  };

  #gauge(name: string, help: string, value: () => number): void {
    const gauge: Gauge = new Gauge({ name, help, registers: [this.#registry], collect: () => gauge.set(value()) });
  }
}
