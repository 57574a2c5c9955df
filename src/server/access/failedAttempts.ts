import type { AttemptRecord, FailedAttempt, FailedAttempts } from '../../commands/failedAttempts.ts';
import { type Clock, type Instant, minuteOf } from '../../domain/time.ts';
import { institutionOwnerOf, ownerOf, type Viewer } from '../../domain/viewer.ts';
import type { RejectionLog } from './rejectionLog.ts';

/** The limits of what failed attempts write to the audit log in one minute: events, and bytes of payload in them. */
export interface FailureBudget {
  readonly events: number;
  readonly bytes: number;
}
/** The limits for one API key, and for the root key. */
export const FAILURES_PER_API_KEY: FailureBudget = { events: 60, bytes: 1024 * 1024 };
/** The limits for all API keys of one institution, which can create any number of them. */
export const FAILURES_PER_INSTITUTION: FailureBudget = { events: 600, bytes: 4 * 1024 * 1024 };
/** The maximum number of API keys and institutions with a budget in one minute; attempts of others are only counted. */
const MAX_BUDGETS = 20_000;

/**
 * Bounds what failed attempts write to the audit log. Beyond the budget of events, attempts are counted and recorded
 * after the minute as one event per actor, action and error code. Beyond the budget of bytes, events contain only the
 * size and the field names of the input. Every server has separate budgets.
 */
export class BoundedFailedAttempts implements FailedAttempts {
  readonly #clock: Clock;
  readonly #rejections: RejectionLog;
  #minute: Instant = 0;
  readonly #spent = new Map<string, FailureBudget>();

  constructor(clock: Clock, rejections: RejectionLog) {
    this.#clock = clock;
    this.#rejections = rejections;
  }

  admit(viewer: Viewer, payloadBytes: number): AttemptRecord {
    this.#startMinute();
    const owners = [
      { name: `key ${ownerOf(viewer)}`, budget: FAILURES_PER_API_KEY },
      { name: `institution ${institutionOwnerOf(viewer)}`, budget: FAILURES_PER_INSTITUTION },
    ].map((owner) => ({ ...owner, spent: this.#spent.get(owner.name) ?? { events: 0, bytes: 0 } }));
    const isNew = owners.some(({ name }) => !this.#spent.has(name));
    if (isNew && this.#spent.size + owners.length > MAX_BUDGETS) return 'COUNTED';
    if (owners.some(({ budget, spent }) => spent.events >= budget.events)) return 'COUNTED';
    const fits = owners.every(({ budget, spent }) => spent.bytes + payloadBytes <= budget.bytes);
    for (const { name, spent } of owners) {
      this.#spent.set(name, { events: spent.events + 1, bytes: spent.bytes + (fits ? payloadBytes : 0) });
    }
    return fits ? 'WHOLE' : 'SUMMARY';
  }

  /** Forgets the budgets of past minutes. */
  forgetPast(): void {
    this.#startMinute();
  }

  count(attempt: FailedAttempt): void {
    this.#rejections.countAttempt(attempt);
  }

  #startMinute(): void {
    const minute = minuteOf(this.#clock());
    if (minute === this.#minute) return;
    this.#minute = minute;
    this.#spent.clear();
  }
}
