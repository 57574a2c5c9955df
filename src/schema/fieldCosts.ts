import type { GraphQLField } from 'graphql';

/** The path to a value in the arguments of a field. */
export type ArgumentPath = readonly string[];

/** The cost of a field, where its type does not define it. The unit is one object to read or build. */
export interface FieldCost {
  /**
   * The cost of resolving it once. Defaults to 1 for an object, to the cost of its size for a leaf, and to 0 for a
   * list.
   */
  readonly own?: number;
  /** The additional cost per value of a list argument. */
  readonly each?: { readonly at: ArgumentPath; readonly cost: number };
  /** The additional cost if an argument is set. */
  readonly given?: { readonly at: ArgumentPath; readonly cost: number };
  /**
   * The number of items of its list: a number, the length of a list argument, or the number requested of the parent.
   */
  readonly items?: number | ArgumentPath | 'asked';
  /** The maximum number of items of its list, if that exceeds `items`. */
  readonly maxItems?: number;
  /** The list argument whose length is the number requested of the payload. Connections use `first` and `last`. */
  readonly asks?: ArgumentPath;
}

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    readonly cost?: FieldCost;
  }
}

/** The assumed number of items of a list of objects without `items`. */
export const DEFAULT_ITEMS = 10;

/** The cost of a leaf of ordinary size. */
const LEAF_COST = 0.4;
const KIBIBYTE = 1024;
/** The cost per KiB of the maximum size of a text: serializing and sending it. */
const COST_PER_KIBIBYTE = 2;
/** The cost per KiB of a JSON object, which must be parsed too and can consist of many small values. */
const COST_PER_JSON_KIBIBYTE = 4;

/** The cost of a time, which must be formatted. */
const TIME_COST = 0.8;

/** Returns the cost of a leaf of a scalar with this maximum size in bytes. */
export const leafCost = (scalar: string, bytes: number): number =>
  (scalar === 'DateTime' ? TIME_COST : LEAF_COST) +
  (scalar === 'JSONObject' ? COST_PER_JSON_KIBIBYTE : COST_PER_KIBIBYTE) * Math.floor(bytes / KIBIBYTE);

/** The costs of introspection: all types with their fields, or one type with the types of its fields. */
const INTROSPECTION_COSTS = new Map<string, FieldCost>([
  ['__schema', { own: 10_000 }],
  ['__type', { own: 500 }],
]);

const NONE: FieldCost = {};

/** Returns the cost of a field, where its type does not define it: the `cost` of its declaration. */
export const fieldCostOf = ({ name, extensions }: GraphQLField<unknown, unknown>): FieldCost =>
  extensions.cost ?? INTROSPECTION_COSTS.get(name) ?? NONE;
