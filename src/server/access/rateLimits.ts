import { type Clock, type Instant, MINUTE_MS, minuteOf } from '../../domain/time.ts';
import type { SharedCounters } from '../../store/store.ts';
import { Counter } from './counter.ts';

export const LIMIT_NAMES = [
  'key',
  'institution',
  'address',
  'failedLogin',
  'search',
  'createApiKey',
  'subscriptionCost',
] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

/** The limits of an institution for searches, createApiKey and events, as a multiple of those of one API key. */
export const INSTITUTION_MULTIPLE = 3;

/**
 * The limits of API keys, each with the limit of the institution that is also charged: API keys cost nothing to create.
 */
export const INSTITUTION_LIMITS = {
  key: 'institution',
  search: 'institutionSearch',
  createApiKey: 'institutionCreateApiKey',
  subscriptionCost: 'institutionSubscriptionCost',
} as const satisfies { readonly [L in LimitName]?: string };
export type KeyLimit = keyof typeof INSTITUTION_LIMITS;
export type CounterName = LimitName | (typeof INSTITUTION_LIMITS)[KeyLimit];
export const COUNTER_NAMES: readonly CounterName[] = [
  ...new Set([...LIMIT_NAMES, ...Object.values(INSTITUTION_LIMITS)]),
];

/** Points per minute; null means no limit, and nothing is counted. */
export type Limits = { readonly [L in LimitName]: number | null };

export interface RateLimitsOptions {
  readonly limits: Limits;
  /** The counters that all servers on one store share. */
  readonly counters: SharedCounters;
  readonly clock: Clock;
  /** The maximum number of names with their own counter per limit. */
  readonly namesPerLimit?: number;
}

const NAMES_PER_LIMIT = 100_000;

/** The counters of one minute, which are discarded when it has passed. */
interface Window {
  readonly start: Instant;
  readonly counters: Partial<Readonly<Record<CounterName, Counter>>>;
}

/**
 * Rate limits. All servers use the same minutes and count together: `take` decides by the counts that this server has,
 * and `flush` exchanges counts with the other servers in the background. A limit can therefore be exceeded by the
 * requests that servers admit between two exchanges. Rejected requests are counted, too.
 *
 * Memory is bounded: after `namesPerLimit` names in a minute, new names share 1,024 counters, each with the whole
 * limit. A flood of addresses is therefore still limited, and it rejects all new addresses only after it has used up
 * all of these counters.
 */
export class RateLimits {
  readonly #options: RateLimitsOptions;
  #window: Window;
  /** Windows that began before this time were deleted. */
  #deletedBefore: Instant = 0;
  #flushing: Promise<void> | undefined;

  constructor(options: RateLimitsOptions) {
    this.#options = options;
    this.#window = this.#open(minuteOf(options.clock()));
  }

  /** The number of names that are counted now. */
  get size(): number {
    return countersOf(this.#currentWindow()).reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Counts points against a limit of `subject`. Returns undefined if they were within it, else the seconds until the
   * next minute.
   */
  take(limit: CounterName, subject: string, points = 1): number | undefined {
    const window = this.#currentWindow();
    return this.#secondsToWait(window, window.counters[limit]?.take(subject, points) ?? true);
  }

  /** Returns what `take` would return, without counting. */
  peek(limit: CounterName, subject: string, points = 1): number | undefined {
    const window = this.#currentWindow();
    return this.#secondsToWait(window, window.counters[limit]?.has(subject, points) ?? true);
  }

  /**
   * Sends what was counted since the last exchange, and adds what other servers have counted under the same names. If
   * it fails, nothing is lost and nobody is rejected: the counts are part of the next exchange.
   */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    const { counters } = this.#options;
    const window = this.#currentWindow();
    const unsent = countersOf(window).map((counter) => ({ counter, sent: counter.unsent() }));
    const sent = new Map(unsent.flatMap((each) => [...each.sent]));
    const sums = sent.size > 0 ? await counters.add(window.start, sent) : sent;
    for (const each of unsent) each.counter.confirm(each.sent, sums);
    // Windows are kept for one more minute, for servers whose clocks are behind.
    const before = window.start - MINUTE_MS;
    if (this.#deletedBefore >= before) return;
    await counters.deleteBefore(before);
    this.#deletedBefore = before;
  }

  #secondsToWait({ start }: Window, allowed: boolean): number | undefined {
    if (allowed) return undefined;
    return Math.max(1, Math.ceil((start + MINUTE_MS - this.#options.clock()) / 1_000));
  }

  #currentWindow(): Window {
    const start = minuteOf(this.#options.clock());
    if (start !== this.#window.start) this.#window = this.#open(start);
    return this.#window;
  }

  #open(start: Instant): Window {
    const { limits, namesPerLimit = NAMES_PER_LIMIT } = this.#options;
    const counters: Partial<Record<CounterName, Counter>> = {};
    for (const [name, points] of Object.entries(pointsOf(limits))) {
      if (points !== null) counters[name as CounterName] = new Counter(name, points, namesPerLimit);
    }
    return { start, counters };
  }
}

/** Returns the points per minute of each counter. */
function pointsOf(limits: Limits): { readonly [C in CounterName]: number | null } {
  const multiple = (points: number | null) => points && points * INSTITUTION_MULTIPLE;
  return {
    ...limits,
    institutionSearch: multiple(limits.search),
    institutionCreateApiKey: multiple(limits.createApiKey),
    institutionSubscriptionCost: multiple(limits.subscriptionCost),
  };
}

const countersOf = ({ counters }: Window): readonly Counter[] => Object.values(counters);
