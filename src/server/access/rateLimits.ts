import { type Clock, type Instant, MINUTE_MS, minuteOf } from '../../domain/time.ts';
import type { Tallies } from '../../store/store.ts';
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

/** How many times as large as that of one API key an institution's limit of searches, createApiKey and events is. */
export const INSTITUTION_MULTIPLE = 3;

/** The limits of API keys, each with the limit of the institution that is charged with it: API keys are free. */
export const INSTITUTION_LIMITS = {
  key: 'institution',
  search: 'institutionSearch',
  createApiKey: 'institutionCreateApiKey',
  subscriptionCost: 'institutionSubscriptionCost',
} as const satisfies { readonly [L in LimitName]?: string };
export type KeyLimit = keyof typeof INSTITUTION_LIMITS;
export type CounterName = LimitName | (typeof INSTITUTION_LIMITS)[KeyLimit];

/** Points a minute; null: no limit, and nothing is counted. */
export type Limits = { readonly [L in LimitName]: number | null };

export interface RateLimitsOptions {
  readonly limits: Limits;
  /** What servers on the same record count together. */
  readonly tallies: Tallies;
  readonly clock: Clock;
  /** The most names that one limit counts each by itself. */
  readonly namesPerLimit?: number;
}

const NAMES_PER_LIMIT = 100_000;

/** What was counted in one minute. It is thrown away whole when the minute has passed. */
interface Window {
  readonly start: Instant;
  readonly counters: Partial<Readonly<Record<CounterName, Counter>>>;
}

/**
 * Who may ask for more. A minute is the same for all servers, and all count together: `take` answers from what this
 * one knows, and `settle` tells the others, and learns from them, behind the requests. So a limit may be passed by what
 * servers let through between two settlements. What is refused counts too.
 *
 * Memory is bounded: past `namesPerLimit` names in a minute, those who come anew share 1,024 counts, each with the
 * whole limit. So a flood of addresses is still held back, and shuts out no newcomer before it has used up all of them.
 */
export class RateLimits {
  readonly #options: RateLimitsOptions;
  #window: Window;
  /** Windows that began before this were forgotten. */
  #forgotten: Instant = 0;
  #settling: Promise<void> | undefined;

  constructor(options: RateLimitsOptions) {
    this.#options = options;
    this.#window = this.#open(minuteOf(options.clock()));
  }

  /** How many names are counted now. */
  get size(): number {
    return countersOf(this.#now()).reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Counts the points against somebody's limit; answers in how many whole seconds there will be new ones, undefined if
   * there were enough.
   */
  async take(limit: CounterName, who: string, points = 1): Promise<number | undefined> {
    const window = this.#now();
    return this.#waitFor(window, (await window.counters[limit]?.take(who, points)) ?? true);
  }

  /** What `take` would answer; counts nothing. */
  async peek(limit: CounterName, who: string, points = 1): Promise<number | undefined> {
    const window = this.#now();
    return this.#waitFor(window, (await window.counters[limit]?.has(who, points)) ?? true);
  }

  /**
   * Tells what was counted since the last time, and takes on what other servers have counted under the same names.
   * Where it fails nothing is lost, and nobody refused: what could not be told goes with the next settlement.
   */
  settle(): Promise<void> {
    this.#settling ??= this.#settle().finally(() => {
      this.#settling = undefined;
    });
    return this.#settling;
  }

  async #settle(): Promise<void> {
    const { tallies } = this.#options;
    const window = this.#now();
    const owed = countersOf(window).map((counter) => ({ counter, sent: counter.owed() }));
    const sent = new Map(owed.flatMap((each) => [...each.sent]));
    const sums = sent.size > 0 ? await tallies.add(window.start, sent) : sent;
    for (const each of owed) await each.counter.settled(each.sent, sums);
    // A minute is kept for servers whose clocks are behind.
    const before = window.start - MINUTE_MS;
    if (this.#forgotten >= before) return;
    await tallies.forget(before);
    this.#forgotten = before;
  }

  #waitFor({ start }: Window, allowed: boolean): number | undefined {
    if (allowed) return undefined;
    return Math.max(1, Math.ceil((start + MINUTE_MS - this.#options.clock()) / 1_000));
  }

  #now(): Window {
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

/** Points per minute by counter. */
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
