import { readFileSync } from 'node:fs';
import { buildSchema, isUnionType } from 'graphql';
import type { Call } from './calls.ts';
import type { Answer } from './model.ts';

const MUTATIONS: readonly Call['mutation'][] = [
  'createPosition',
  'updatePosition',
  'transitionPosition',
  'fundPosition',
  'releasePosition',
  'cancelPosition',
  'expirePosition',
  'applyPositions',
  'setPolicy',
  'deletePolicy',
];
/** Returned only by a full store, which these servers are not. */
const ELSEWHERE = 'CapacityError';

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
  const states = ['CREATED', 'FUNDED', 'PARTIALLY_RELEASED', 'RELEASED', 'CANCELLED', 'EXPIRED'];
  const rules = ['MIN_AMOUNT', 'MAX_AMOUNT', 'CURRENCY', 'TENOR'];
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
  return [...states, ...rules, ...answers, ...partly.map((each) => `part of a batch: ${each}`)];
}

/** Counts the outcomes of random lifecycles. */
export class Coverage {
  steps = 0;
  readonly #counts = new Map<string, number>();

  note(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  noteAnswer(mutation: string, { type, replayed, rule, results }: Answer): void {
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
    return `${where}: ${lives} lives, ${this.steps} steps, ${all - this.missed.length} of ${all} states and answers reached${missed}.\n`;
  }
}
