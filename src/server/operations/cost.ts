import {
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { PAGE_SIZE } from '../../schema/connection.ts';
import { DEFAULT_ITEMS } from '../../schema/fieldCosts.ts';
import { rememberLast, type VariableLookup, type Variables } from '../../schema/variables.ts';
import { type FieldInfo, fieldInfoOf, fits } from './fieldInfo.ts';
import { type Fragments, isGivenAt, isIncluded, lengthAt, numberOf, type ParsedOperation } from './selections.ts';

/** The estimated maximum that executing an operation takes. */
export interface Estimate {
  /** The number of objects that have to be read or built. */
  readonly cost: number;
  /** The size of the response body. */
  readonly bytes: number;
}

/** The bytes around the data of a response, including extensions. */
const ENVELOPE_BYTES = 200;

/** Returns the function that estimates the operation. It evaluates the operation again only if it must. */
export const estimatorOf = (operation: ParsedOperation): ((variables: Variables) => Estimate) =>
  rememberLast((variable) => estimateOf(operation, variable));

/**
 * Estimates a valid operation from the values of its arguments. The most expensive member of an abstract type counts; a
 * field that is selected twice counts twice. Fragments are computed once per type that they are applied to, so the time
 * is linear in the document.
 */
function estimateOf({ schema, definition, fragments }: ParsedOperation, variable: VariableLookup): Estimate {
  const root = schema.getRootType(definition.operation);
  if (!root) return { cost: 0, bytes: 0 };
  const estimation: Estimation = { schema, fragments, variable, totals: new Map() };
  const { cost, bytes } = totalOfSet(definition.selectionSet, root, estimation);
  return { cost: Math.max(0, Math.ceil(cost - ROUNDING)), bytes: bounded(bytes + ENVELOPE_BYTES) };
}

interface Estimation {
  readonly schema: GraphQLSchema;
  readonly fragments: Fragments;
  readonly variable: VariableLookup;
  readonly totals: Map<SelectionSetNode, Map<GraphQLObjectType, Total>>;
}

/** The estimate below an object: a part that counts once, and a part per requested row. */
interface Total extends Estimate {
  readonly costOfRow: number;
  readonly bytesOfRow: number;
}
const NOTHING: Total = { cost: 0, bytes: 0, costOfRow: 0, bytesOfRow: 0 };

/** Bounds a sum, so that none becomes infinite. */
const bounded = (sum: number): number => Math.min(sum, Number.MAX_SAFE_INTEGER);
/** Larger than the rounding error of a sum of costs, which are multiples of a tenth. */
const ROUNDING = 1e-4;

const sumOf = (a: Total, b: Total): Total => ({
  cost: bounded(a.cost + b.cost),
  bytes: bounded(a.bytes + b.bytes),
  costOfRow: bounded(a.costOfRow + b.costOfRow),
  bytesOfRow: bounded(a.bytesOfRow + b.bytesOfRow),
});

function totalOfSet(set: SelectionSetNode, type: GraphQLObjectType, estimation: Estimation): Total {
  let byType = estimation.totals.get(set);
  if (!byType) estimation.totals.set(set, (byType = new Map()));
  const known = byType.get(type);
  if (known) return known;
  // A fragment within itself, which is invalid, adds nothing.
  byType.set(type, NOTHING);
  let total = NOTHING;
  for (const selection of set.selections) {
    if (!isIncluded(selection.directives, estimation.variable)) continue;
    total = sumOf(total, totalOfSelection(selection, type, estimation));
  }
  byType.set(type, total);
  return total;
}

function totalOfSelection(selection: SelectionNode, type: GraphQLObjectType, estimation: Estimation): Total {
  if (selection.kind === Kind.FIELD) return totalOfField(selection, type, estimation);
  const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : estimation.fragments.get(selection.name.value);
  if (!fragment || !fits(fragment.typeCondition, type, estimation.schema)) return NOTHING;
  return totalOfSet(fragment.selectionSet, type, estimation);
}

/** The bytes around a field's name: quotation marks, a colon and a comma. */
const NAME_BYTES = 4;
/** The bytes around an item: brackets and a comma. */
const ITEM_BYTES = 3;

function totalOfField(field: FieldNode, type: GraphQLObjectType, estimation: Estimation): Total {
  const info = fieldInfoOf(type, field.name.value, estimation.schema);
  if (!info) return NOTHING;
  const { cost, isList, types } = info;
  const own = ownCost(field, info, estimation.variable);
  const bytes = (field.alias ?? field.name).value.length + NAME_BYTES + info.ownBytes;
  if (types.length === 0) return { ...NOTHING, cost: own, bytes };
  const below = maxBelow(field, info, estimation);
  if (!isList) return { ...NOTHING, cost: bounded(own + below.cost), bytes: bounded(bytes + below.bytes) };
  const item = { cost: 1 + below.cost, bytes: ITEM_BYTES + below.bytes };
  const { items = DEFAULT_ITEMS, maxItems } = cost;
  if (items === 'asked') return { cost: own, bytes, costOfRow: bounded(item.cost), bytesOfRow: bounded(item.bytes) };
  const count = typeof items === 'number' ? items : lengthAt(field, items, estimation.variable);
  return {
    ...NOTHING,
    cost: bounded(own + count * item.cost),
    bytes: bounded(bytes + Math.max(count, maxItems ?? 0) * item.bytes),
  };
}

/** Returns the maximum of the members of a field's type. */
function maxBelow(field: FieldNode, info: FieldInfo, estimation: Estimation): Estimate {
  const { selectionSet } = field;
  let max: Estimate = NOTHING;
  for (const type of selectionSet ? info.types : []) {
    const { cost, bytes, costOfRow, bytesOfRow } = totalOfSet(selectionSet as SelectionSetNode, type, estimation);
    // The cost and the bytes per row are either both zero or both not.
    const rows = bytesOfRow === 0 ? 0 : rowsRequested(field, info, estimation.variable);
    max = {
      cost: bounded(Math.max(max.cost, cost + costOfRow * rows)),
      bytes: bounded(Math.max(max.bytes, bytes + bytesOfRow * rows)),
    };
  }
  return max;
}

function ownCost(
  field: FieldNode,
  { ownCost: own, cost: { each, given } }: FieldInfo,
  variable: VariableLookup,
): number {
  const more = each ? each.cost * lengthAt(field, each.at, variable) : 0;
  return own + more + (given && isGivenAt(field, given.at, variable) ? given.cost : 0);
}

/** Returns the number of rows requested of a field's object. More than a page may have is rejected by the resolver. */
function rowsRequested(field: FieldNode, { cost, isPaged }: FieldInfo, variable: VariableLookup): number {
  if (cost.asks) return lengthAt(field, cost.asks, variable);
  if (!isPaged) return PAGE_SIZE.default;
  const rows = numberOf(field, 'first', variable) ?? numberOf(field, 'last', variable) ?? PAGE_SIZE.default;
  return Math.max(0, Math.min(rows, PAGE_SIZE.max));
}
