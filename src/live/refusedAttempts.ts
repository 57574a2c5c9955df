import type { AttemptRecord, RefusedAttempt, RefusedAttempts } from '../commands/refusedAttempts.ts';
import { type Clock, type Instant, minuteOf } from '../domain/time.ts';
import { institutionOwnerOf, ownerOf, type Viewer } from '../domain/viewer.ts';
import type { AccessTrail } from './accessTrail.ts';

/** The limits of what refused attempts write to the audit log in one minute: events, and bytes of payload in them. */
export interface RefusalBudget {
  readonly events: number;
  readonly bytes: number;
}
/** The limits for one API key, and for the root key. */
export const REFUSALS_PER_KEY: RefusalBudget = { events: 60, bytes: 1024 * 1024 };
/** The limits for all API keys of one institution, which can create any number of them. */
export const REFUSALS_PER_INSTITUTION: RefusalBudget = { events: 600, bytes: 4 * 1024 * 1024 };
/** The maximum number of API keys and institutions with a budget in one minute; attempts of others are only counted. */
const MAX_BUDGETS = 20_000;

/**
 * Bounds what refused attempts write to the audit log. Beyond the budget of events, attempts are counted and recorded
 * after the minute as one event per actor, action and error code. Beyond the budget of bytes, events contain only the
 * size and the field names of the input. Every server has separate budgets.
 */
export class BoundedRefusals implements RefusedAttempts {
  readonly #clock: Clock;
  readonly #trail: AccessTrail;
  #minute: Instant = 0;
  readonly #spent = new Map<string, RefusalBudget>();

  constructor(clock: Clock, trail: AccessTrail) {
    this.#clock = clock;
    this.#trail = trail;
  }

  admit(viewer: Viewer, payloadBytes: number): AttemptRecord {
    this.#startMinute();
    const owners = [
      { name: `key ${ownerOf(viewer)}`, budget: REFUSALS_PER_KEY },
      { name: `institution ${institutionOwnerOf(viewer)}`, budget: REFUSALS_PER_INSTITUTION },
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

  count(attempt: RefusedAttempt): void {
    this.#trail.countAttempt(attempt);
  }

  #startMinute(): void {
    const minute = minuteOf(this.#clock());
    if (minute === this.#minute) return;
    this.#minute = minute;
    this.#spent.clear();
  }
}
