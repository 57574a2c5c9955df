import { setTimeout as delay } from 'node:timers/promises';
import type { GraphQLObjectType, GraphQLResolveInfo } from 'graphql';
import { schema } from '../schema/index.ts';
import { TestServerError } from './errors.ts';
import { FAILURE_CODES, type FailureCode, failWith, isUserErrorCode } from './failures.ts';

/** Selects operations. Without a property, every operation is selected. */
export interface OperationFilter {
  /** The name of the operation in its document. */
  readonly operation?: string;
  /** A field of Query, Mutation or Subscription, such as `fundPosition`. */
  readonly field?: string;
  /** The number of operations. Defaults to 1. */
  readonly times?: number;
}

/** When something happens: before the operation is executed, or after it, when its changes are committed. */
export type Moment = 'before' | 'after';

/** The failure of an operation. */
export interface Failure extends OperationFilter {
  /** The code of the error. */
  readonly code: FailureCode;
  /** Defaults to `before`. A subscription fails only before its start; a user error is never `after`. */
  readonly when?: Moment;
}

/** The delay of an operation. */
export interface Delay extends OperationFilter {
  /** The delay in milliseconds of real time; the clock of the server stays as it is. */
  readonly ms: number;
  /** Defaults to `before`. */
  readonly when?: Moment;
}

interface Rule {
  readonly filter: OperationFilter;
  readonly when: Moment;
  /** Absent if the rule only delays. */
  readonly code?: FailureCode;
  readonly ms: number;
  left: number;
}

/** Makes the next operations fail or wait. The rules apply to the root fields of operations, whatever transports them. */
export class Faults {
  #rules: Rule[] = [];
  /** The rules that apply to all root fields of an operation that has begun, by its context. */
  readonly #begun = new WeakMap<object, readonly Rule[]>();
  readonly #dropConnections: () => void;

  constructor(dropConnections: () => void) {
    this.#dropConnections = dropConnections;
  }

  /** Makes the next selected operation fail. Throws TestServerError if that is impossible. */
  failNext({ code, when = 'before', ...filter }: Failure): void {
    if (!FAILURE_CODES.includes(code)) {
      throw new TestServerError(`\`code\` must be one of ${FAILURE_CODES.join(', ')}; it is ${code}.`);
    }
    if (isUserErrorCode(code)) {
      if (when === 'after')
        throw new TestServerError(`${code} means that nothing was executed, so \`when\` must be "before".`);
      if (filter.field !== undefined && !hasField(schema.getMutationType(), filter.field)) {
        throw new TestServerError(`Only mutations return ${code}; \`field\` is ${filter.field}.`);
      }
    }
    this.#add({ filter, when, code, ms: 0, left: filter.times ?? 1 });
  }

  /** Makes the next selected operation wait. Throws TestServerError if that is impossible. */
  slowNext({ ms, when = 'before', ...filter }: Delay): void {
    if (!(ms >= 0 && ms <= MAX_DELAY_MS)) {
      throw new TestServerError(`\`ms\` must be a number from 0 to ${MAX_DELAY_MS}; it is ${ms}.`);
    }
    this.#add({ filter, when, ms, left: filter.times ?? 1 });
  }

  /** Forgets the failures and delays that have not happened. */
  clear(): void {
    this.#rules = [];
  }

  #add(rule: Rule): void {
    const { field, times = 1 } = rule.filter;
    if (rule.when !== 'before' && rule.when !== 'after') {
      throw new TestServerError(`\`when\` must be "before" or "after"; it is ${String(rule.when)}.`);
    }
    if (!Number.isInteger(times) || times < 1) {
      throw new TestServerError(`\`times\` must be a positive integer; it is ${times}.`);
    }
    if (field !== undefined && !ROOTS.some((root) => hasField(root, field))) {
      throw new TestServerError(`\`field\` must be a field of Query, Mutation or Subscription; it is ${field}.`);
    }
    if (field !== undefined && hasField(schema.getSubscriptionType(), field) && rule.when === 'after') {
      throw new TestServerError('A subscription fails only "before" its start. End open ones with dropConnections().');
    }
    this.#rules.push(rule);
  }

  /** Resolves a root field as the rules require. */
  resolve(context: object, info: GraphQLResolveInfo, run: () => unknown): unknown {
    const rules = this.#take(context, info);
    return rules.length === 0 ? run() : this.#follow(rules, info, run);
  }

  async #follow(rules: readonly Rule[], info: GraphQLResolveInfo, run: () => unknown): Promise<unknown> {
    const happen = async (moment: Moment): Promise<{ readonly result: unknown } | undefined> => {
      for (const { when, ms, code } of rules) {
        if (when !== moment) continue;
        if (ms > 0) await delay(ms);
        if (code === undefined) continue;
        if (code !== 'CONNECTION_LOST') return { result: failWith(code, info.returnType) };
        this.#dropConnections();
        // No client receives this error.
        return { result: failWith('SERVICE_UNAVAILABLE', info.returnType) };
      }
      return undefined;
    };
    const failed = await happen('before');
    if (failed) return failed.result;
    const result = await run();
    return ((await happen('after')) ?? { result }).result;
  }

  /** Returns the rules for a root field, and counts them as used. */
  #take(context: object, info: GraphQLResolveInfo): readonly Rule[] {
    const begun = this.#begun.get(context);
    if (this.#rules.length === 0 && !begun) return NO_RULES;
    const operation = info.operation.name?.value;
    const use = (rule: Rule): void => {
      rule.left -= 1;
      if (rule.left === 0) this.#rules = this.#rules.filter((each) => each !== rule);
    };
    const selected = this.#rules.filter(
      ({ filter }) => filter.operation === undefined || filter.operation === operation,
    );
    const ofOperation = begun ?? firstOfEachKind(selected.filter(({ filter }) => filter.field === undefined));
    if (!begun) {
      ofOperation.forEach(use);
      this.#begun.set(context, ofOperation);
    }
    const ofField = firstOfEachKind(selected.filter(({ filter }) => filter.field === info.fieldName));
    ofField.forEach(use);
    return [...ofField, ...ofOperation];
  }
}

const MAX_DELAY_MS = 600_000;
const ROOTS = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
const hasField = (root: GraphQLObjectType | null | undefined, name: string): boolean =>
  root?.getFields()[name] !== undefined;
const NO_RULES: readonly Rule[] = [];

/** Returns the first delay and the first failure. */
const firstOfEachKind = (rules: readonly Rule[]): readonly Rule[] => {
  const slow = rules.find(({ code }) => code === undefined);
  const failing = rules.find(({ code }) => code !== undefined);
  return [slow, failing].filter((rule) => rule !== undefined);
};
