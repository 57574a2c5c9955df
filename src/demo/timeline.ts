import type { CommandContext } from '../commands/context.ts';
import type { Id, IdPrefix } from '../domain/ids.ts';
import { type Clock, DAY_MS, type Instant } from '../domain/time.ts';
import type { Store } from '../store/store.ts';
import { derivedIds } from './derivedId.ts';
import { sampleContext } from './sampleContext.ts';

/** The number of days that the demo data covers. Its last day is yesterday. */
const DAYS = 28;
const HOUR_MS = 60 * 60 * 1_000;
/** The time of the first command of a day, and the time between two commands, in ms. */
const MORNING_MS = 8 * HOUR_MS;
const STEP_MS = 60_000;

/** The ids of each type and name that was used. */
const ids = new Map<string, (n: number) => Id>();

/** Returns the id of an object of the demo data. Of objects with the same name, a larger number sorts later. */
export function demoId(prefix: IdPrefix, name: string, n = 0): Id {
  const key = `${prefix} ${name}`;
  const idOf = ids.get(key) ?? derivedIds(`EscrowGrid demo ${name}`, prefix);
  ids.set(key, idOf);
  return idOf(n);
}

/** The names of one command of the demo data. */
export interface StepNames {
  /** Identifies the command, and is the idempotency key. */
  readonly key: string;
  /** The name in the ids of its objects; `key` if absent. */
  readonly ids?: string;
  /** The number of each object that the command creates or moves; one object with the number 0 if absent. */
  readonly numbers?: readonly number[];
  /** The number of each milestone that the command creates. */
  readonly milestones?: readonly number[];
}

/**
 * The clock and the ids of the demo data. Both depend only on the date, so that servers that start together send the
 * same commands with the same idempotency keys, and the data is written once.
 */
export interface Timeline {
  /** Begins a day, counted from 1. */
  readonly day: (day: number) => void;
  /** Returns the midnight at which a day begins. Days after the last one are in the future. */
  readonly midnightOf: (day: number) => Instant;
  /** Returns the arguments of the next command. */
  readonly step: <const I extends object>(
    names: StepNames,
    input: I,
  ) => [CommandContext, I & { readonly idempotencyKey: string }];
}

/** Returns the timeline that ends on the day before `clock`. */
export function createTimeline(store: Store, clock: Clock): Timeline {
  // The times are at most those of the last 28 days, because idempotency keys are kept for 30 days.
  const first = Math.floor(clock() / DAY_MS) * DAY_MS - DAYS * DAY_MS;
  const midnightOf = (day: number): Instant => first + (day - 1) * DAY_MS;
  let now = midnightOf(1);
  return {
    day: (day) => {
      now = midnightOf(day) + MORNING_MS;
    },
    midnightOf,
    step: (names, input) => {
      now += STEP_MS;
      const at = now;
      const context = sampleContext({ store, clock: () => at, newId: newIdsOf(names) });
      return [context, { ...input, idempotencyKey: `demo ${names.key}` }];
    },
  };
}

/**
 * Returns a function that returns the ids of one command. A command needs one id of a type for each of its objects. A
 * transaction that is repeated needs them again and receives the same ones.
 */
function newIdsOf({ key, ids: name = key, numbers = [0], milestones = [] }: StepNames): (prefix: IdPrefix) => Id {
  const counts = new Map<IdPrefix, number>();
  return (prefix) => {
    const count = counts.get(prefix) ?? 0;
    counts.set(prefix, count + 1);
    const own = prefix === 'mil' ? milestones : numbers;
    return demoId(prefix, name, own[count % own.length]);
  };
}
