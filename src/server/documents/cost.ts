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
 * The most that one operation may cost. A page of 100 that nests a page of 100 with a few objects a row costs some
 * 30,000, a batch of 1,000 operations with all of its results as much; three nested pages of 100 cost a million.
 */
export const OPERATION_COST = 50_000;

/** The maximum cost of a subscription. A change with its object, event, asset, template and institution costs about 8. */
export const SUBSCRIPTION_COST = 500;

/**
 * How many objects answering a valid operation may have to read or build, by the values of its arguments. Of an abstract
 * type the dearest member counts; a field that is selected twice counts twice; introspection reads none. Fragments are
 * weighed once for each type that they are met on, so the time is linear in the document.
 */
export function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variableValues: Variables,
): number {
  const root = schema.getRootType(operation.operation);
  if (!root) return 0;
  const fragments = fragmentsOf(document);
  const weighing: Weighing = { schema, fragments, variables: variableValues, known: new Map() };
  return costOfSet(operation.selectionSet, root, weighing).once;
}

interface Weighing {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Variables;
  readonly known: Map<SelectionSetNode, Map<GraphQLObjectType, Cost>>;
}

/** What is below an object: so much once, and so much for each row that it is asked for. */
interface Cost {
  readonly once: number;
  readonly aRow: number;
}
const NOTHING: Cost = { once: 0, aRow: 0 };

/** Costs end here, so that none becomes infinite and all stay exact. */
const bounded = (cost: number): number => Math.min(cost, Number.MAX_SAFE_INTEGER);

function costOfSet(set: SelectionSetNode, type: GraphQLObjectType, weighing: Weighing): Cost {
  let byType = weighing.known.get(set);
  if (!byType) weighing.known.set(set, (byType = new Map()));
  const known = byType.get(type);
  if (known) return known;
  // A fragment within itself, which is not valid, adds nothing.
  byType.set(type, NOTHING);
  let once = 0;
  let aRow = 0;
  for (const selection of set.selections) {
    if (!isIncluded(selection.directives, weighing.variables)) continue;
    const cost = costOfSelection(selection, type, weighing);
    once = bounded(once + cost.once);
    aRow = bounded(aRow + cost.aRow);
  }
  const cost = { once, aRow };
  byType.set(type, cost);
  return cost;
}

function costOfSelection(selection: SelectionNode, type: GraphQLObjectType, weighing: Weighing): Cost {
  if (selection.kind === Kind.FIELD) return costOfField(selection, type, weighing);
  const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : weighing.fragments.get(selection.name.value);
  if (!fragment || !fits(fragment.typeCondition, type, weighing.schema)) return NOTHING;
  return costOfSet(fragment.selectionSet, type, weighing);
}

function fits(condition: NamedTypeNode | undefined, type: GraphQLObjectType, schema: GraphQLSchema): boolean {
  if (!condition || condition.name.value === type.name) return true;
  const named = schema.getType(condition.name.value);
  return isAbstractType(named) && schema.isSubType(named, type);
}

function costOfField(field: FieldNode, type: GraphQLObjectType, weighing: Weighing): Cost {
  const face = faceOf(type, field.name.value, weighing.schema);
  if (!face) return NOTHING;
  const { weight, isList, types } = face;
  const own = ownCost(field, face, weighing.variables);
  let below = 0;
  for (const each of field.selectionSet ? types : []) {
    const { once, aRow } = costOfSet(field.selectionSet as SelectionSetNode, each, weighing);
    const rows = aRow === 0 ? 0 : aRow * rowsAsked(field, face, weighing.variables);
    below = bounded(Math.max(below, once + rows));
  }
  if (!isList || types.length === 0) return { once: bounded(own + below), aRow: 0 };
  if (weight.items === 'asked') return { once: own, aRow: bounded(1 + below) };
  const { items = USUAL_ITEMS } = weight;
  const count = typeof items === 'number' ? items : lengthAt(field, items, weighing.variables);
  return { once: bounded(own + count * (1 + below)), aRow: 0 };
}

function ownCost(field: FieldNode, { weight, isList, types }: Face, variables: Variables): number {
  const { own = types.length > 0 && !isList ? 1 : 0, each, given } = weight;
  const more = each ? lengthAt(field, each, variables) : 0;
  return own + more + (given && isGivenAt(field, given.at, variables) ? given.cost : 0);
}

/** How many rows the object of a field is asked for; more than a page may have is refused when it is resolved. */
function rowsAsked(field: FieldNode, { weight, isPaged }: Face, variables: Variables): number {
  if (weight.asks) return lengthAt(field, weight.asks, variables);
  if (!isPaged) return PAGE.usual;
  const rows = numberOf(field, 'first', variables) ?? numberOf(field, 'last', variables) ?? PAGE.usual;
  return Math.max(0, Math.min(rows, PAGE.most));
}
