import { CURRENCY_CODES } from '../domain/currencies.ts';
import { REGIONS } from '../domain/institution.ts';
import { POSITION_STATES } from '../domain/lifecycle.ts';
import { LIMITS } from '../domain/limits.ts';
import { TEMPLATE_KINDS } from '../domain/templateKinds.ts';

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

const OPERATIONS: ArgumentPath = ['input', 'operations'];

/**
 * The cost of the writes of one operation of a batch: a position, its lifecycle event, a ledger event with two postings
 * and a change for subscribers, with their indexes.
 */
const WRITES_OF_AN_OPERATION = 25;

/** The cost per condition of a `metadata` filter, each of which is a separate lookup. */
const METADATA_CONDITIONS = { at: ['filter', 'metadata'], cost: 20 } as const;

/** The costs by coordinate; a star matches any name. The most specific entry applies. */
export const FIELD_COSTS: Readonly<Record<string, FieldCost>> = {
  '*Connection.edges': { items: 'asked' },
  '*Connection.nodes': { items: 'asked' },
  // It can scan an index.
  '*Connection.totalCount': { own: 10 },
  'ChatSession.unreadCount': { own: 10 },
  // It is read separately for each participant.
  'ChatSession.lastReadSequence': { own: 1 },
  // A locale can require a new format.
  'Money.formatted': { own: 1, given: { at: ['locale'], cost: 3 } },
  '*.positionTotals': { own: 50, each: METADATA_CONDITIONS, maxItems: CURRENCY_CODES.length },
  '*.chatSessions': { given: { at: ['filter', 'search'], cost: 100 } },
  '*.positions': { each: METADATA_CONDITIONS },
  '*.assets': { each: METADATA_CONDITIONS },
  'Query.nodes': { items: ['ids'] },
  'Query.lifecycle': { items: POSITION_STATES.length },
  'Query.templateKinds': { items: TEMPLATE_KINDS.size },
  'Institution.policies': { items: REGIONS.length },
  'Policy.limits': { maxItems: CURRENCY_CODES.length },
  // Few messages are edited. A deleted message has one revision more than edits: its last text.
  'ChatMessage.revisions': { items: 2, maxItems: LIMITS.revisions + 1 },
  // Operations of a batch rarely have more, and those that do wrote nothing.
  'ValidationError.issues': { items: 5 },
  'PositionTotal.byState': { items: POSITION_STATES.length },
  'LedgerEvent.postings': { items: 2 },
  'ApplyPositionsPayload.results': { items: 'asked' },
  // All types with their fields, or one type with the types of its fields.
  'Query.__schema': { own: 10_000 },
  'Query.__type': { own: 500 },
  // Mutations also write.
  'Mutation.applyPositions': { own: 10, each: { at: OPERATIONS, cost: WRITES_OF_AN_OPERATION }, asks: OPERATIONS },
  'Mutation.__typename': {},
  'Mutation.*': { own: 10 },
};

const NONE: FieldCost = {};

/** The weight of a field of an object type. */
export const fieldCostOf = (type: string, field: string): FieldCost =>
  FIELD_COSTS[`${type}.${field}`] ??
  (type.endsWith('Connection') ? FIELD_COSTS[`*Connection.${field}`] : undefined) ??
  FIELD_COSTS[`*.${field}`] ??
  FIELD_COSTS[`${type}.*`] ??
  NONE;
