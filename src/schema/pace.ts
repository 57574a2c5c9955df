import {
  defaultFieldResolver,
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  isCompositeType,
  isIntrospectionType,
  isListType,
  isObjectType,
} from 'graphql';
import { weightOf } from './weights.ts';

/** For how long one operation may keep the event loop before other work is done, in ms. */
const SLICE_MS = 10;

/** Lets other requests be served while one operation is executed that takes long. */
export class Pace {
  #sliceEndsAt = performance.now() + SLICE_MS;
  #interruptions = 0;
  #turn: Promise<void> = Promise.resolve();
  #onResume: (() => void)[] = [];

  /** Whether a list waits for other work to be done. */
  get isInterrupted(): boolean {
    return this.#interruptions > 0;
  }

  /** Calls back when no list is interrupted any more. */
  whenResumed(callback: () => void): void {
    this.#onResume.push(callback);
  }

  get isSliceUsed(): boolean {
    return performance.now() >= this.#sliceEndsAt;
  }

  /** Resolves when the event loop has done what else was waiting; for each caller in a turn of the loop of its own. */
  async yield(): Promise<void> {
    this.#interruptions += 1;
    this.#turn = this.#turn.then(() => new Promise((resolve) => setImmediate(resolve)));
    await this.#turn;
    this.#interruptions -= 1;
    this.#sliceEndsAt = performance.now() + SLICE_MS;
    if (!this.isInterrupted) for (const callback of this.#onResume.splice(0)) callback();
  }

  /** The same items, with other work done between them. */
  async *items<T>(items: Iterable<T>): AsyncGenerator<T, void, undefined> {
    for (const item of items) {
      if (this.isSliceUsed) await this.yield();
      yield item;
    }
  }
}

/** The part of a context that this needs. */
interface Paced {
  /** Left out where an operation is small enough to be executed at once. */
  readonly pace?: Pace | undefined;
}

/** A field that costs as much by itself may take milliseconds. */
const EXPENSIVE_COST = 10;

/**
 * Makes lists of objects, and fields that cost much by themselves, leave time for other requests, where the context has
 * a `pace`.
 */
export function paceFields(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      if (isListOfObjects(field)) paceList(field);
      if ((weightOf(type.name, field.name).own ?? 0) >= EXPENSIVE_COST) delayField(field);
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
