import { setFlagsFromString } from 'node:v8';
import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  Kind,
  type SelectionSetNode,
  type Source,
  visit,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { LRUCache } from 'lru-cache';
import type { ResponseShape } from '../schema/responseSize.ts';
import type { Variables } from '../schema/variables.ts';
import type { MaybePromise } from '../store/store.ts';
import { isIntrospection } from './operations/documentLimits.ts';
import { fieldInfoOf, fits } from './operations/fieldInfo.ts';
import type { Operation } from './operations/operation.ts';
import { responseShapeOf } from './operations/responseShape.ts';
import { PACED_FROM_COST } from './pacing.ts';

/** The number of executions after which a query is compiled: one that is sent once does not pay for it. */
const EXECUTIONS = 3;
/**
 * The cost from which a query is executed by graphql, which yields to other requests; and the number of values from
 * which it is, if the objects of the response have many fields. Each corresponds to a few milliseconds.
 */
const MAX_COST = 5_000;
const MAX_VALUES = 50_000;
/** The maximum number of compiled queries that are kept. */
const MAX_COMPILED = 256;
/**
 * Keeps V8 from caching the functions that are made from texts: its cache keeps each of them, also after the compiled
 * query was displaced.
 */
const NO_COMPILATION_CACHE = '--no-compilation-cache';
/** The maximum number of fields of a compiled query, with fragments and abstract types expanded. */
const MAX_FIELDS = 1_000;

/** Executes a query with its coerced variables. */
type Execute = (rootValue: unknown, context: unknown, variables: Variables) => MaybePromise<ExecutionResult>;

/** A query and the function that executes it. */
export interface CompiledQuery {
  readonly operation: Operation;
  readonly shape: ResponseShape;
  /** The cost from which it is executed by graphql. */
  readonly maxCost: number;
  readonly execute: Execute;
}

/** Compiles the queries that clients send repeatedly into functions. */
export class CompiledQueries {
  readonly #schema: () => GraphQLSchema;
  readonly #onFailure: (error: unknown) => void;
  readonly #executions = new WeakMap<Operation, number>();
  /** The compiled queries by the texts of their documents. */
  readonly #compiled = new LRUCache<string, CompiledQuery>({ max: MAX_COMPILED });
  #hasFailed = false;

  /**
   * `schema` returns the schema whose resolvers are compiled. `onFailure` is called once if a query cannot be compiled;
   * such a query is executed as any other.
   */
  constructor(schema: () => GraphQLSchema, onFailure: (error: unknown) => void) {
    let extended: GraphQLSchema | undefined;
    this.#schema = () => (extended ??= withCoercedValue(schema()));
    this.#onFailure = onFailure;
    setFlagsFromString(NO_COMPILATION_CACHE);
  }

  /** The number of compiled queries. */
  get size(): number {
    return this.#compiled.size;
  }

  /** Returns the compiled query of a document that has no other operation, or undefined. */
  get(text: string, operationName: string | null | undefined): CompiledQuery | undefined {
    const query = this.#compiled.get(text);
    const isNamed = operationName !== null && operationName !== undefined;
    return isNamed && query?.operation.definition.name?.value !== operationName ? undefined : query;
  }

  /** Notes an execution by graphql. Compiles the query of the operation if there were several. */
  note(operation: Operation): void {
    const executions = (this.#executions.get(operation) ?? 0) + 1;
    this.#executions.set(operation, executions);
    const text = operation.document.loc?.source.body;
    // A query that was displaced is compiled again after as many executions.
    if (text === undefined || executions % EXECUTIONS !== 0 || !isCompilable(operation, text)) return;
    const execute = this.#compile(operation.document);
    if (!execute) return;
    const shape = responseShapeOf(operation);
    const maxCost = operation.kind === 'query' ? Math.min(MAX_COST, MAX_VALUES / widthOf(shape)) : PACED_FROM_COST;
    this.#compiled.set(text, { operation, shape, maxCost, execute });
  }

  #compile(document: DocumentNode): Execute | undefined {
    try {
      const result = compileQuery(this.#schema(), withCoercedVariables(document));
      if (isCompiledQuery(result)) return withErrors(result.query as Execute, document.loc?.source);
      throw result.errors?.[0] ?? new Error('The query could not be compiled.');
    } catch (error) {
      if (!this.#hasFailed) this.#onFailure(error);
      this.#hasFailed = true;
      return undefined;
    }
  }
}

/** Returns the maximum number of fields that an object of a response has. */
const widthOf = (shape: ResponseShape): number =>
  Math.max(shape.size, ...[...shape.values()].map((below) => (below ? widthOf(below) : 0)));

/** The type of variables that have been coerced. graphql-jit would coerce them without the defaults of input fields. */
const CoercedValue = new GraphQLScalarType({ name: 'CoercedValue' });
const COERCED = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: CoercedValue.name } } as const;

function withCoercedValue(schema: GraphQLSchema): GraphQLSchema {
  const config = schema.toConfig();
  return new GraphQLSchema({ ...config, types: [...config.types, CoercedValue] });
}

/** Declares all variables of a document as coerced. */
const withCoercedVariables = (document: DocumentNode): DocumentNode =>
  visit(document, { VariableDefinition: ({ kind, variable }) => ({ kind, variable, type: COERCED }) });

/** Makes the results of a compiled query equal to those of graphql, which differ only if there are errors. */
function withErrors(query: Execute, source: Source | undefined): Execute {
  const convert = (result: ExecutionResult): ExecutionResult => {
    const { errors, data } = result;
    return errors && data !== undefined ? { errors: errors.map((error) => located(error, source)), data } : result;
  };
  return (...execution) => {
    const result = query(...execution);
    return result instanceof Promise ? result.then(convert) : convert(result);
  };
}

/** Returns the error as graphql creates it. Those of graphql-jit have locations, but neither nodes nor a source. */
function located({ message, path, originalError, locations = [] }: GraphQLError, source?: Source): GraphQLError {
  const positions = source && locations.map(({ line, column }) => positionIn(source.body, line, column));
  return new GraphQLError(message, { source, positions, path, originalError });
}

/** Returns the index of a line and a column, which both start at 1. */
function positionIn(text: string, line: number, column: number): number {
  const ends = text.matchAll(/\r\n|[\n\r]/g);
  let start = 0;
  for (let passed = 1; passed < line; passed += 1) {
    const end = ends.next().value;
    start = (end?.index ?? 0) + (end?.[0].length ?? 0);
  }
  return start + column - 1;
}

/**
 * Whether an operation may be compiled: a query, or a mutation of one field, without directives and introspection that
 * is not too large, and the only operation of its document. graphql-jit compiles a document regardless of the requested
 * operation, and omits selected fields where `@skip` and `@include` are nested.
 */
function isCompilable(operation: Operation, text: string): boolean {
  const { kind, document, definition, fieldNames, fragments, schema, variableFacts } = operation;
  const { definitions } = document;
  const root = schema.getRootType(kind);
  const { selections } = definition.selectionSet;
  const isOneField = selections.length === 1 && selections[0]?.kind === Kind.FIELD;
  return (
    (kind === 'query' || (kind === 'mutation' && isOneField)) &&
    !!root &&
    definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION).length === 1 &&
    !variableFacts.isWithinJson &&
    !text.includes('@') &&
    ![...fieldNames].some(isIntrospection) &&
    hasFewFields(definition.selectionSet, root, { schema, fragments, left: MAX_FIELDS })
  );
}

type Counting = Pick<Operation, 'schema' | 'fragments'> & { left: number };

/** Whether a selection has few enough fields. They are counted once per possible type. */
function hasFewFields(set: SelectionSetNode, type: GraphQLObjectType, counting: Counting): boolean {
  return set.selections.every((selection) => {
    if (selection.kind !== Kind.FIELD) {
      const part = selection.kind === Kind.INLINE_FRAGMENT ? selection : counting.fragments.get(selection.name.value);
      if (!part || !fits(part.typeCondition, type, counting.schema)) return true;
      return hasFewFields(part.selectionSet, type, counting);
    }
    counting.left -= 1;
    const { selectionSet, name } = selection;
    if (counting.left < 0 || !selectionSet) return counting.left >= 0;
    const types = fieldInfoOf(type, name.value, counting.schema)?.types ?? [];
    return types.every((each) => hasFewFields(selectionSet, each, counting));
  });
}
