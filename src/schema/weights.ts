import { CURRENCY_CODES } from '../domain/currencies.ts';
import { REGIONS } from '../domain/institution.ts';
import { POSITION_STATES } from '../domain/lifecycle.ts';
import { LIMITS } from '../domain/limits.ts';
import { TEMPLATE_KINDS } from '../domain/templateKinds.ts';

/** Where a list or a text stands among a field's arguments. */
export type ArgumentPath = readonly string[];

/** What a field costs, where its type does not say it. The unit is an object that may have to be read or built. */
export interface Weight {
  /** Resolving it once. If left out: 1 for an object, what its size costs for a leaf, and for a list only its items. */
  readonly own?: number;
  /** So much more for each value of a list. */
  readonly each?: { readonly at: ArgumentPath; readonly cost: number };
  /** So much more if this is given. */
  readonly given?: { readonly at: ArgumentPath; readonly cost: number };
  /** How many items its list has: a number, as many as this list, or as many as the object that it is of was asked for. */
  readonly items?: number | ArgumentPath | 'asked';
  /** The most items that its list can have, if that is more than it is taken to cost. */
  readonly maxItems?: number;
  /** The list that says how many the object below is asked for; `first` and `last` say it where they are arguments. */
  readonly asks?: ArgumentPath;
}

/** How many items a list of objects is taken to have where nothing says it. */
export const USUAL_ITEMS = 10;

/** The cost of a leaf of ordinary size. */
const LEAF_COST = 0.4;
const KIBIBYTE = 1024;
/** The cost of each KiB that a text can have: what serializing and sending it takes. */
const COST_PER_KIBIBYTE = 2;
/** The same of a JSON object, which has to be parsed as well and can consist of very many small values. */
const COST_PER_JSON_KIBIBYTE = 4;

/** The cost of a time, which has to be written out. */
const TIME_COST = 0.8;

/** The cost of a leaf of a scalar whose value takes at most so many bytes. */
export const leafCost = (scalar: string, bytes: number): number =>
  (scalar === 'DateTime' ? TIME_COST : LEAF_COST) +
  (scalar === 'JSONObject' ? COST_PER_JSON_KIBIBYTE : COST_PER_KIBIBYTE) * Math.floor(bytes / KIBIBYTE);

const OPERATIONS: ArgumentPath = ['input', 'operations'];

/**
 * What an operation of a batch writes: a position, its lifecycle event, a ledger event with two postings and a change
 * for subscribers, with their indexes.
 */
const WRITES_OF_AN_OPERATION = 25;

/** Each condition of a `metadata` filter is looked up by itself. */
const METADATA_CONDITIONS = { at: ['filter', 'metadata'], cost: 20 } as const;

/** By coordinate; a star stands for any name. The first that fits holds, from the exact one on. */
export const WEIGHTS: Readonly<Record<string, Weight>> = {
  '*Connection.edges': { items: 'asked' },
  '*Connection.nodes': { items: 'asked' },
  // It may walk an index.
  '*Connection.totalCount': { own: 10 },
  'ChatSession.unreadCount': { own: 10 },
  // It is read for each reader by itself.
  'ChatSession.lastReadSequence': { own: 1 },
  // Another locale may need a format that has to be made.
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
  // Few messages are edited. The last text of a deleted message is one revision more than it has edits.
  'ChatMessage.revisions': { items: 2, maxItems: LIMITS.revisions + 1 },
  // An operation of a batch rarely has more. What has more wrote nothing.
  'ValidationError.issues': { items: 5 },
  'PositionTotal.byState': { items: POSITION_STATES.length },
  'LedgerEvent.postings': { items: 2 },
  'ApplyPositionsPayload.results': { items: 'asked' },
  // All types with their fields; one type with those that its fields are of.
  'Query.__schema': { own: 10_000 },
  'Query.__type': { own: 500 },
  // It writes as well.
  'Mutation.applyPositions': { own: 10, each: { at: OPERATIONS, cost: WRITES_OF_AN_OPERATION }, asks: OPERATIONS },
  'Mutation.__typename': {},
  'Mutation.*': { own: 10 },
};

const NONE: Weight = {};

/** The weight of a field of an object type. */
export const weightOf = (type: string, field: string): Weight =>
  WEIGHTS[`${type}.${field}`] ??
  (type.endsWith('Connection') ? WEIGHTS[`*Connection.${field}`] : undefined) ??
  WEIGHTS[`*.${field}`] ??
  WEIGHTS[`${type}.*`] ??
  NONE;
