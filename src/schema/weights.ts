import { REGIONS } from '../domain/institution.ts';
import { POSITION_STATES } from '../domain/lifecycle.ts';
import { TEMPLATE_KINDS } from '../domain/templateKinds.ts';

/** Where a list or a text stands among a field's arguments. */
export type ArgumentPath = readonly string[];

/** What a field costs, where its type does not say it. The unit is an object that may have to be read or built. */
export interface Weight {
  /** Resolving it once. If left out: 1 for an object, nothing for a scalar, and for a list only its items. */
  readonly own?: number;
  /** Another 1 for each value of this list. */
  readonly each?: ArgumentPath;
  /** So much more if this is given. */
  readonly given?: { readonly at: ArgumentPath; readonly cost: number };
  /** How many items its list has: a number, as many as this list, or as many as the object that it is of was asked for. */
  readonly items?: number | ArgumentPath | 'asked';
  /** The list that says how many the object below is asked for; `first` and `last` say it where they are arguments. */
  readonly asks?: ArgumentPath;
}

/** How many items a list of objects is taken to have where nothing says it. */
export const USUAL_ITEMS = 10;

const OPERATIONS: ArgumentPath = ['input', 'operations'];

/** By coordinate; a star stands for any name. The first that fits holds, from the exact one on. */
export const WEIGHTS: Readonly<Record<string, Weight>> = {
  '*Connection.edges': { items: 'asked' },
  '*Connection.nodes': { items: 'asked' },
  // It may walk an index.
  '*Connection.totalCount': { own: 10 },
  'ChatSession.unreadCount': { own: 10 },
  // It is read for each reader by itself.
  'ChatSession.lastReadSequence': { own: 1 },
  '*.positionTotals': { own: 50 },
  '*.chatSessions': { given: { at: ['filter', 'search'], cost: 100 } },
  'Query.nodes': { items: ['ids'] },
  'Query.lifecycle': { items: POSITION_STATES.length },
  'Query.templateKinds': { items: TEMPLATE_KINDS.size },
  'Institution.policies': { items: REGIONS.length },
  'PositionTotal.byState': { items: POSITION_STATES.length },
  'LedgerEvent.postings': { items: 2 },
  'ApplyPositionsPayload.results': { items: 'asked' },
  // It writes as well.
  'Mutation.applyPositions': { own: 10, each: OPERATIONS, asks: OPERATIONS },
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
