import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  Kind,
  type NamedTypeNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { PAGE } from '../../schema/connection.ts';
import { USUAL_ITEMS } from '../../schema/weights.ts';
import { isGivenAt, isIncluded, lengthAt, numberOf, type Variables } from './argumentValues.ts';
import { type Face, faceOf } from './face.ts';
import { fragmentsOf } from './fragments.ts';

/**
 * The maximum cost of an operation. A page of 100 that nests a page of 100 with a few objects per row costs some
 * 30,000, as does a batch of 1,000 operations with all of its results; three nested pages of 100 cost a million.
 */
export const OPERATION_COST = 50_000;

/**
 * The maximum cost of a subscription. A change with its object, event, asset, template and institution costs about 17.
 */
export const SUBSCRIPTION_COST = 500;

/** The estimated maximum that executing an operation takes. */
export interface Estimate {
  /** The number of objects that have to be read or built. */
  readonly cost: number;
  /** The size of the response body. */
  readonly bytes: number;
}

/** The bytes around the data of a response, including extensions. */
const ENVELOPE_BYTES = 200;

/**
 * Estimates a valid operation from the values of its arguments. The most expensive member of an abstract type counts; a
 * field that is selected twice counts twice. Fragments are computed once per type that they are applied to, so the time
 * is linear in the document.
 */
export function estimateOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variableValues: Variables,
): Estimate {
  const root = schema.getRootType(operation.operation);
  if (!root) return { cost: 0, bytes: 0 };
  const fragments = fragmentsOf(document);
  const weighing: Weighing = { schema, fragments, variables: variableValues, known: new Map() };
  const { cost, bytes } = totalOfSet(operation.selectionSet, root, weighing);
  return { cost: Math.max(0, Math.ceil(cost - ROUNDING)), bytes: bounded(bytes + ENVELOPE_BYTES) };
}

interface Weighing {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Variables;
  readonly known: Map<SelectionSetNode, Map<GraphQLObjectType, Total>>;
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

function totalOfSet(set: SelectionSetNode, type: GraphQLObjectType, weighing: Weighing): Total {
  let byType = weighing.known.get(set);
  if (!byType) weighing.known.set(set, (byType = new Map()));
  const known = byType.get(type);
  if (known) return known;
  // A fragment within itself, which is invalid, adds nothing.
  byType.set(type, NOTHING);
  let total = NOTHING;
  for (const selection of set.selections) {
    if (!isIncluded(selection.directives, weighing.variables)) continue;
    total = sumOf(total, totalOfSelection(selection, type, weighing));
  }
  byType.set(type, total);
  return total;
}

function totalOfSelection(selection: SelectionNode, type: GraphQLObjectType, weighing: Weighing): Total {
  if (selection.kind === Kind.FIELD) return totalOfField(selection, type, weighing);
  const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : weighing.fragments.get(selection.name.value);
  if (!fragment || !fits(fragment.typeCondition, type, weighing.schema)) return NOTHING;
  return totalOfSet(fragment.selectionSet, type, weighing);
}

function fits(condition: NamedTypeNode | undefined, type: GraphQLObjectType, schema: GraphQLSchema): boolean {
  if (!condition || condition.name.value === type.name) return true;
  const named = schema.getType(condition.name.value);
  return isAbstractType(named) && schema.isSubType(named, type);
}

/** The bytes around a field's name: quotation marks, a colon and a comma. */
const NAME_BYTES = 4;
/** The bytes around an item: brackets and a comma. */
const ITEM_BYTES = 3;

function totalOfField(field: FieldNode, type: GraphQLObjectType, weighing: Weighing): Total {
  const face = faceOf(type, field.name.value, weighing.schema);
  if (!face) return NOTHING;
  const { weight, isList, types } = face;
  const own = ownCost(field, face, weighing.variables);
  const bytes = (field.alias ?? field.name).value.length + NAME_BYTES + face.ownBytes;
  if (types.length === 0) return { ...NOTHING, cost: own, bytes };
  const below = mostBelow(field, face, weighing);
  if (!isList) return { ...NOTHING, cost: bounded(own + below.cost), bytes: bounded(bytes + below.bytes) };
  const item = { cost: 1 + below.cost, bytes: ITEM_BYTES + below.bytes };
  const { items = USUAL_ITEMS, maxItems } = weight;
  if (items === 'asked') return { cost: own, bytes, costOfRow: bounded(item.cost), bytesOfRow: bounded(item.bytes) };
  const count = typeof items === 'number' ? items : lengthAt(field, items, weighing.variables);
  return {
    ...NOTHING,
    cost: bounded(own + count * item.cost),
    bytes: bounded(bytes + Math.max(count, maxItems ?? 0) * item.bytes),
  };
}

/** Returns the maximum of the members of a field's type. */
function mostBelow(field: FieldNode, face: Face, weighing: Weighing): Estimate {
  const { selectionSet } = field;
  let most: Estimate = NOTHING;
  for (const each of selectionSet ? face.types : []) {
    const { cost, bytes, costOfRow, bytesOfRow } = totalOfSet(selectionSet as SelectionSetNode, each, weighing);
    // The cost and the bytes per row are either both zero or both not.
    const rows = bytesOfRow === 0 ? 0 : rowsAsked(field, face, weighing.variables);
    most = {
      cost: bounded(Math.max(most.cost, cost + costOfRow * rows)),
      bytes: bounded(Math.max(most.bytes, bytes + bytesOfRow * rows)),
    };
  }
  return most;
}

function ownCost(field: FieldNode, { ownCost: own, weight: { each, given } }: Face, variables: Variables): number {
  const more = each ? each.cost * lengthAt(field, each.at, variables) : 0;
  return own + more + (given && isGivenAt(field, given.at, variables) ? given.cost : 0);
}

/** Returns the number of rows requested of a field's object. More than a page may have is rejected by the resolver. */
function rowsAsked(field: FieldNode, { weight, isPaged }: Face, variables: Variables): number {
  if (weight.asks) return lengthAt(field, weight.asks, variables);
  if (!isPaged) return PAGE.usual;
  const rows = numberOf(field, 'first', variables) ?? numberOf(field, 'last', variables) ?? PAGE.usual;
  return Math.max(0, Math.min(rows, PAGE.most));
}
