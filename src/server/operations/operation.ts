import {
  type DocumentNode,
  type GraphQLField,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
} from 'graphql';
import type { Variables } from '../../schema/variables.ts';
import { type Estimate, estimatorOf } from './cost.ts';
import { type ListUse, listUsesOf } from './inputLists.ts';
import { isGivenAt, nestedVariablesOf, type ParsedOperation, parsedOperationOf } from './selections.ts';
import { type VariableFacts, variableFactsOf } from './variables.ts';

/** An operation of a valid document, with everything about it that does not depend on the request. Immutable. */
export interface Operation extends ParsedOperation {
  readonly kind: OperationDefinitionNode['operation'];
  readonly variableFacts: VariableFacts;
  /** The lists in the arguments, and the variables that can contain lists. */
  readonly lists: readonly ListUse[];
  /** The names of the selected fields. */
  readonly fieldNames: ReadonlySet<string>;
  /** The selected fields of Mutation; undefined if there are too many selection sets to find them. */
  readonly mutationFields: readonly MutationField[] | undefined;
  /** The variables that a subscription uses for the result of each change: all but the arguments of its root field. */
  readonly nestedVariables: ReadonlySet<string>;
  /** Returns the estimated maximum that executing the operation takes. */
  readonly estimate: (variables: Variables) => Estimate;
  /** Returns how often the operation selects each field with a separate rate limit. */
  readonly rateLimitedFields: (variables: Variables) => ReadonlyMap<RateLimitedField, number>;
}

/** An operation as one request sends it. */
export interface RequestedOperation {
  readonly operation: Operation;
  /** The coerced variables; undefined if they are invalid, which the execution reports. */
  readonly variables: Variables | undefined;
  /** The estimate for these variables; zero if they are invalid. */
  readonly estimate: Estimate;
}

export type MutationField = GraphQLField<unknown, unknown>;
export type RateLimitedField = 'search' | 'createApiKey';

/** The operations that were created. They are kept as long as their documents, which are cached by their text. */
const OPERATIONS = new WeakMap<DocumentNode, Map<OperationDefinitionNode, Operation>>();

/**
 * Returns the operation of a valid document with the name, or its only operation; undefined if there is none. Each
 * operation of a document is created once.
 */
export function operationOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName?: string | null,
): Operation | undefined {
  const definition = getOperationAST(document, operationName);
  if (!definition) return undefined;
  let operations = OPERATIONS.get(document);
  if (!operations) OPERATIONS.set(document, (operations = new Map()));
  let operation = operations.get(definition);
  if (!operation) operations.set(definition, (operation = createOperation(schema, document, definition)));
  return operation;
}

function createOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  definition: OperationDefinitionNode,
): Operation {
  const parsed = parsedOperationOf(schema, document, definition);
  const { operation: kind } = definition;
  return {
    ...parsed,
    kind,
    variableFacts: variableFactsOf(parsed),
    lists: listUsesOf(parsed),
    fieldNames: new Set(parsed.fields.map(({ name }) => name.value)),
    mutationFields: kind === 'mutation' ? mutationFieldsOf(parsed) : [],
    nestedVariables: kind === 'subscription' ? nestedVariablesOf(parsed) : new Set(),
    estimate: estimatorOf(parsed),
    rateLimitedFields: rateLimitedFieldsOf(parsed),
  };
}

const NO_FIELDS: ReadonlyMap<RateLimitedField, number> = new Map();

function rateLimitedFieldsOf({ fields }: ParsedOperation): Operation['rateLimitedFields'] {
  const searches = fields.filter(({ name }) => name.value === 'chatSessions');
  const createdApiKeys = fields.filter(({ name }) => name.value === 'createApiKey').length;
  if (searches.length + createdApiKeys === 0) return () => NO_FIELDS;
  return (variables) => {
    const isSearch = searches.filter((field) => isGivenAt(field, ['filter', 'search'], (name) => variables[name]));
    const counts = [
      ['createApiKey', createdApiKeys],
      ['search', isSearch.length],
    ] as const;
    return new Map(counts.filter(([, count]) => count > 0));
  };
}

/** The maximum number of selection sets: fragments that spread each other twice soon exceed it. */
const MAX_SELECTION_SETS = 1_000;

/**
 * Returns the mutation fields of an operation, those in fragments each time that these are spread; undefined if there
 * are too many selection sets. The document is valid, so fragments form no cycle.
 */
function mutationFieldsOf({ schema, definition, fragments }: ParsedOperation): readonly MutationField[] | undefined {
  const known = schema.getMutationType()?.getFields() ?? {};
  const sets = [definition.selectionSet.selections];
  const fields: MutationField[] = [];
  for (const selections of sets) {
    for (const selection of selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) sets.push(selection.selectionSet.selections);
      else if (selection.kind === Kind.FRAGMENT_SPREAD) {
        sets.push(fragments.get(selection.name.value)?.selectionSet.selections ?? []);
      } else {
        const field = known[selection.name.value];
        if (field) fields.push(field);
      }
      if (sets.length > MAX_SELECTION_SETS) return undefined;
    }
  }
  return fields;
}
