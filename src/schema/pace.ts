import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isCompositeType,
  isIntrospectionType,
  isListType,
  isObjectType,
} from 'graphql';
import { fieldCostOf } from './fieldCosts.ts';

/** The time for which one operation may occupy the event loop before it yields to other work, in ms. */
const SLICE_MS = 10;

/** Makes a long operation yield to other requests. */
export class Pace {
  #sliceEndsAt = performance.now() + SLICE_MS;
  #interruptions = 0;
  #nextTurn: Promise<void> = Promise.resolve();
  #onResume: (() => void)[] = [];

  /** Whether a list is waiting for other work. */
  get isInterrupted(): boolean {
    return this.#interruptions > 0;
  }

  /** Calls `callback` when no list is interrupted any more. */
  whenResumed(callback: () => void): void {
    this.#onResume.push(callback);
  }

  get isSliceUsed(): boolean {
    return performance.now() >= this.#sliceEndsAt;
  }

  /**
   * Resolves when the event loop has done the other pending work. Each caller resumes in a separate turn of the loop.
   */
  async yield(): Promise<void> {
    this.#interruptions += 1;
    this.#nextTurn = this.#nextTurn.then(() => new Promise((resolve) => setImmediate(resolve)));
    await this.#nextTurn;
    this.#interruptions -= 1;
    this.#sliceEndsAt = performance.now() + SLICE_MS;
    if (!this.isInterrupted) for (const callback of this.#onResume.splice(0)) callback();
  }

  /** Returns the same items, yielding to other work between them. */
  async *items<T>(items: readonly T[]): AsyncGenerator<T, void, undefined> {
    // An item may fail before it is reached. Without a handler, that would end the process.
    for (const item of items) if (item instanceof Promise) item.catch(() => undefined);
    for (const item of items) {
      if (this.isSliceUsed) await this.yield();
      yield item;
    }
  }
}

/** The part of a context that pacing needs. */
interface Paced {
  /** Undefined if the operation is small enough to be executed without yielding. */
  readonly pace?: Pace | undefined;
}

/** The cost from which resolving a single field can take milliseconds. */
const EXPENSIVE_COST = 10;

/**
 * Makes lists of objects, and expensive fields, yield to other requests if the context has a `pace`.
 */
export function paceFields(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      if (isListOfObjects(field)) paceList(field);
      if ((fieldCostOf(field).own ?? 0) >= EXPENSIVE_COST) delayField(field);
    }
  }
  return schema;
}

const isListOfObjects = ({ type }: GraphQLField<unknown, unknown>): boolean =>
  isListType(getNullableType(type)) && isCompositeType(getNamedType(type));

function delayField(field: GraphQLField<unknown, Paced>): void {
  const resolve: GraphQLFieldResolver<unknown, Paced> = field.resolve ?? defaultFieldResolver;
  field.resolve = (source, args, context, info) => {
    const pace = (context as Paced | undefined)?.pace;
    if (!pace?.isSliceUsed) return resolve(source, args, context, info);
    return pace.yield().then(() => resolve(source, args, context, info));
  };
}

function paceList(field: GraphQLField<unknown, Paced>): void {
  const resolve: GraphQLFieldResolver<unknown, Paced> = field.resolve ?? defaultFieldResolver;
  field.resolve = (source, args, context, info) => {
    const value: unknown = resolve(source, args, context, info);
    const pace = (context as Paced | undefined)?.pace;
    if (!pace) return value;
    const paced = (settled: unknown): unknown => (Array.isArray(settled) ? pace.items(settled) : settled);
    return value instanceof Promise ? value.then(paced) : paced(value);
  };
}
