import {
  type ASTNode,
  type DocumentNode,
  type ExecutionArgs,
  getNamedType,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  isInputObjectType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  TypeInfo,
  type ValueNode,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Variables } from './argumentValues.ts';
import { fragmentsOf } from './fragments.ts';

/** The uses of an operation's variables that graphql handles in a way that surprises clients. */
interface VariableUses {
  /** Nullable variables at a non-null place: allowed because of a default, but null is then not a valid value. */
  readonly mustNotBeNull: ReadonlySet<string>;
  /** Nullable variables at a field of a oneOf input: graphql accepts them, but the field requires a value. */
  readonly mustBeGiven: ReadonlySet<string>;
  /** Whether a variable is used within the literal of a JSON object. */
  readonly isWithinJson: boolean;
}

/**
 * Rejects null for a variable at a non-null place before anything is executed: graphql reports it only during
 * execution, as an internal error. Inserts variables into a literal JSON object as the client sent them: graphql would
 * insert their internal values, such as a number for an enum or a time.
 */
export const useVariableUses = (): Plugin => {
  const known = new WeakMap<OperationDefinitionNode, VariableUses>();
  const check = (args: ExecutionArgs): GraphQLError | undefined => {
    const operation = getOperationAST(args.document, args.operationName);
    if (!operation?.variableDefinitions?.length) return undefined;
    let uses = known.get(operation);
    if (!uses) known.set(operation, (uses = variableUsesOf(args.schema, args.document, operation)));
    // Most operations use no variable in either way, so nothing is converted for them.
    if (uses.mustNotBeNull.size + uses.mustBeGiven.size === 0 && !uses.isWithinJson) return undefined;
    const values = rawValues(operation, args.variableValues ?? {});
    const unfit = [...uses.mustNotBeNull].find((name) => values.get(name)?.kind === Kind.NULL);
    if (unfit !== undefined) return badVariable(unfit, 'must not be null here. Omit it to use the default.');
    const missing = [...uses.mustBeGiven].find((name) => (values.get(name)?.kind ?? Kind.NULL) === Kind.NULL);
    if (missing !== undefined) return badVariable(missing, 'must be given here, and must not be null.');
    if (uses.isWithinJson) args.document = withJsonValues(args.schema, args.document, values);
    return undefined;
  };
  return {
    onExecute: ({ args, setResultAndStopExecution }) => {
      const error = check(args);
      if (error) setResultAndStopExecution({ errors: [error] });
    },
    onSubscribe: ({ args, setResultAndStopExecution }) => {
      const error = check(args);
      if (error) setResultAndStopExecution({ errors: [error] });
    },
  };
};

const badVariable = (name: string, problem: string): GraphQLError =>
  new GraphQLError(`Variable "$${name}" ${problem}`, { extensions: { code: 'BAD_USER_INPUT' } });

function variableUsesOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): VariableUses {
  const nullable = new Set(
    operation.variableDefinitions?.flatMap(({ type, variable }) =>
      type.kind === Kind.NON_NULL_TYPE ? [] : [variable.name.value],
    ),
  );
  const mustNotBeNull = new Set<string>();
  const mustBeGiven = new Set<string>();
  let isWithinJson = false;
  for (const part of partsOf(document, operation)) {
    visitVariables(schema, part, (name, typeInfo) => {
      const type = typeInfo.getInputType();
      if (!type) isWithinJson = true;
      else if (isNonNullType(type) && nullable.has(name)) mustNotBeNull.add(name);
      else if (isOneOf(typeInfo) && nullable.has(name)) mustBeGiven.add(name);
      return undefined;
    });
  }
  return { mustNotBeNull, mustBeGiven, isWithinJson };
}

function isOneOf(typeInfo: TypeInfo): boolean {
  const parent = getNamedType(typeInfo.getParentInputType());
  return isInputObjectType(parent) && parent.isOneOf;
}

/** Returns the operation and the fragments that it spreads, without duplicates. */
function partsOf(document: DocumentNode, operation: OperationDefinitionNode): Iterable<ASTNode> {
  const fragments = fragmentsOf(document);
  const parts = new Set<ASTNode>([operation]);
  for (const part of parts) {
    visit(part, {
      FragmentSpread: ({ name }) => {
        const fragment = fragments.get(name.value);
        if (fragment) parts.add(fragment);
      },
    });
  }
  return parts;
}

/** Visits the uses of variables. Those without an input type are within the literal of a custom scalar. */
function visitVariables<N extends ASTNode>(
  schema: GraphQLSchema,
  node: N,
  replace: (name: string, typeInfo: TypeInfo) => ValueNode | undefined,
): N {
  const typeInfo = new TypeInfo(schema);
  return visit(
    node,
    visitWithTypeInfo(typeInfo, {
      VariableDefinition: () => false,
      Variable: ({ name }) => replace(name.value, typeInfo),
    }),
  );
}

const withJsonValues = (schema: GraphQLSchema, document: DocumentNode, values: RawValues): DocumentNode =>
  visitVariables(schema, document, (name, typeInfo) =>
    typeInfo.getInputType() ? undefined : (values.get(name) ?? { kind: Kind.NULL }),
  );

/** The values of variables; undefined for one that is absent and has no default. */
type RawValues = ReadonlyMap<string, ValueNode | undefined>;

/** Returns the values of an operation's variables as they were sent, or their defaults. */
function rawValues(operation: OperationDefinitionNode, sent: Variables): RawValues {
  const definitions = operation.variableDefinitions ?? [];
  return new Map(
    definitions.map(({ variable, defaultValue }) => {
      const name = variable.name.value;
      return [name, sent[name] === undefined ? defaultValue : literalOf(sent[name])];
    }),
  );
}

function literalOf(value: unknown): ValueNode {
  if (value === null || value === undefined) return { kind: Kind.NULL };
  if (typeof value === 'boolean') return { kind: Kind.BOOLEAN, value };
  if (typeof value === 'number') return { kind: Kind.FLOAT, value: String(value) };
  if (Array.isArray(value)) return { kind: Kind.LIST, values: value.map(literalOf) };
  if (typeof value !== 'object') return { kind: Kind.STRING, value: value as string };
  const fields = Object.entries(value).map(([name, field]) => ({
    kind: Kind.OBJECT_FIELD as const,
    name: { kind: Kind.NAME as const, value: name },
    value: literalOf(field),
  }));
  return { kind: Kind.OBJECT, fields };
}
