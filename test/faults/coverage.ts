import { readFileSync } from 'node:fs';
import { buildSchema, isUnionType } from 'graphql';
import type { Call } from './calls.ts';
import { type Answer, type Event, type Held, NEXT } from './model.ts';

const MUTATIONS: readonly Call['mutation'][] = [
  'createPosition',
  'updatePosition',
  'transitionPosition',
  'fundPosition',
  'releasePosition',
  'refundPosition',
  'cancelPosition',
  'expirePosition',
  'amendPosition',
  'agreeToPosition',
  'applyPositions',
  'setPolicy',
  'deletePolicy',
];
/** Returned only by a full store, which these servers are not. */
const ELSEWHERE = 'CapacityError';
/** Every move with the states before and after it. */
const MOVES = [
  'CREATE -> CREATED',
  'CREATED AGREE CREATED',
  'CREATED AMEND CREATED',
  ...['CREATED', 'PARTIALLY_FUNDED'].flatMap((from) => [`${from} FUND PARTIALLY_FUNDED`, `${from} FUND FUNDED`]),
  ...['FUNDED', 'PARTIALLY_RELEASED'].flatMap((from) => [
    `${from} RELEASE PARTIALLY_RELEASED`,
    `${from} RELEASE RELEASED`,
  ]),
  ...['PARTIALLY_FUNDED', 'FUNDED', 'PARTIALLY_RELEASED'].flatMap((from) => [
    `${from} REFUND ${from}`,
    `${from} REFUND CANCELLED`,
  ]),
  ...['CREATED', 'PARTIALLY_FUNDED', 'FUNDED', 'PARTIALLY_RELEASED'].flatMap((from) => [
    `${from} CANCEL CANCELLED`,
    `${from} EXPIRE EXPIRED`,
  ]),
];
/** What events record besides the movement of the money. */
const EFFECTS = ['FUND fee', 'RELEASE fee', 'RELEASE withheld', 'RELEASE paid out', 'EXPIRE paid out'];
const PARTS = ['RELEASE of a milestone', 'REFUND of a milestone', 'AGREE repeated'];

/**
 * Returns everything that can be covered: states, members of every result, replays, rules, and results of batch
 * operations.
 */
function wanted(): readonly string[] {
  const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
  const answers = MUTATIONS.flatMap((mutation) => {
    const union = schema.getType(`${mutation[0]?.toUpperCase()}${mutation.slice(1)}Result`);
    if (!isUnionType(union)) throw new Error(`${mutation} has no result union.`);
    const members = union.getTypes().filter(({ name }) => name !== ELSEWHERE);
    return [...members.map(({ name }) => `${mutation}: ${name}`), `${mutation}: replayed`];
  });
  const rules = ['MIN_AMOUNT', 'MAX_AMOUNT', 'CURRENCY', 'COUNTRY', 'TENOR', 'RETAINAGE'];
  const parts = [
    'Validation',
    'NotFound',
    'IllegalTransition',
    'InsufficientFunds',
    'PolicyViolation',
    'StaleVersion',
    'Conflict',
  ];
  const partly = ['APPLIED', 'NOT_DONE', ...parts.map((each) => `${each}Error`)];
  const states = Object.keys(NEXT);
  const seen = [...states, ...MOVES, ...EFFECTS, ...PARTS, ...rules];
  return [...seen, ...answers, ...partly.map((each) => `part of a batch: ${each}`)];
}

/** Counts the outcomes of random lifecycles. */
export class Coverage {
  steps = 0;
  /** The steps that sent a mutation. */
  operations = 0;
  readonly #counts = new Map<string, number>();

  note(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** Counts the states and the moves of a position at the end of its lifecycle. */
  notePosition({ events }: Held): void {
    for (const event of events) this.#noteEvent(event);
  }

  #noteEvent({ move, from, to, fee, retained, milestone }: Event): void {
    this.note(to);
    this.note(from === null ? 'CREATE -> CREATED' : `${from} ${move} ${to}`);
    if (fee !== null) this.note(`${move} fee`);
    if (retained !== null) this.note(`${move} ${retained.startsWith('-') ? 'paid out' : 'withheld'}`);
    if (milestone !== null) this.note(`${move} of a milestone`);
  }

  noteAnswer(mutation: string, { type, replayed, rule, results, event }: Answer): void {
    this.operations += 1;
    if (event === null) this.note('AGREE repeated');
    this.note(`${mutation}: ${type}`);
    if (replayed === true) this.note(`${mutation}: replayed`);
    if (rule !== undefined) this.note(rule as string);
    for (const part of (results ?? []) as readonly Answer[]) {
      this.note(`part of a batch: ${(part['error'] as string | undefined) ?? part.type}`);
    }
  }

  get missed(): readonly string[] {
    return wanted().filter((each) => !this.#counts.has(each));
  }

  /** The outcomes that were never reached with any mutation: states, user errors and rules. */
  get missedKinds(): readonly string[] {
    const kindOf = (what: string): string => what.split(': ').at(-1) ?? what;
    const kinds = new Set([...this.#counts.keys()].map(kindOf));
    return [...new Set(wanted().map(kindOf))].filter((kind) => !kinds.has(kind));
  }

  /** Returns a line to print. */
  report(where: string, lives: number): string {
    const all = wanted().length;
    const missed = this.missed.length === 0 ? '' : `; not reached: ${this.missed.join(', ')}`;
    return `${where}: ${lives} lives, ${this.steps} steps, ${this.operations} operations, ${all - this.missed.length} of ${all} states, moves and answers reached${missed}.\n`;
  }
}
