import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type ValueNode,
  visit,
} from 'graphql';
import type { ArgumentPath } from '../../schema/fieldCosts.ts';
import type { VariableLookup } from '../../schema/variables.ts';

/** An operation of a document and the fragments that it spreads. */
export interface ParsedOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  /** All fragments of the document by name. */
  readonly fragments: Fragments;
  /** The operation, then the fragments that it spreads, without duplicates. */
  readonly parts: readonly (OperationDefinitionNode | FragmentDefinitionNode)[];
  /** The fields that the parts select. */
  readonly fields: readonly FieldNode[];
}

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** Returns the fragments of a document by name. */
export function fragmentsOf({ definitions }: DocumentNode): Fragments {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  return fragments;
}

/** Returns the operation with what its selections name. Each part is visited once. */
export function parsedOperationOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  definition: OperationDefinitionNode,
): ParsedOperation {
  const fragments = fragmentsOf(document);
  const fields: FieldNode[] = [];
  const parts = new Set<OperationDefinitionNode | FragmentDefinitionNode>([definition]);
  // The set grows during the iteration.
  for (const part of parts) {
    visit(part, {
      Field: (field) => void fields.push(field),
      FragmentSpread: ({ name }) => {
        const fragment = fragments.get(name.value);
        if (fragment) parts.add(fragment);
      },
    });
  }
  return { schema, document, definition, fragments, parts: [...parts], fields };
}

/** Returns the variables of an operation that are used other than as arguments of its root fields. */
export function nestedVariablesOf({ definition, parts }: ParsedOperation): ReadonlySet<string> {
  const names = new Set<string>();
  const { selectionSet } = definition;
  const selections = selectionSet.selections.map((selection) =>
    selection.kind === Kind.FIELD ? { ...selection, arguments: [] } : selection,
  );
  const root = { ...definition, variableDefinitions: [], selectionSet: { ...selectionSet, selections } };
  for (const part of parts)
    visit(part === definition ? root : part, { Variable: ({ name }) => void names.add(name.value) });
  return names;
}

/**
 * Returns the number of values in the list at the path, given in a literal, in variables or both. A single value counts
 * as one.
 */
export function lengthAt(field: FieldNode, path: ArgumentPath, variable: VariableLookup): number {
  const value = argumentAt(field, path, variable);
  if (value === null || value === undefined) return 0;
  return Array.isArray(value) ? value.length : 1;
}

/** Returns the number given for an argument, or undefined if it is absent or no number. */
export function numberOf(field: FieldNode, argument: string, variable: VariableLookup): number | undefined {
  const value = argumentAt(field, [argument], variable);
  return typeof value === 'number' ? value : undefined;
}

/** Whether a value other than null is given at the path. */
export function isGivenAt(field: FieldNode, path: ArgumentPath, variable: VariableLookup): boolean {
  const value = argumentAt(field, path, variable);
  return value !== null && value !== undefined;
}

/** Whether `@skip` and `@include` leave the selection in. */
export function isIncluded(directives: readonly DirectiveNode[] | undefined, variable: VariableLookup): boolean {
  return (directives ?? []).every((directive) => {
    const { value: name } = directive.name;
    if (name !== 'skip' && name !== 'include') return true;
    const condition = directive.arguments?.find((argument) => argument.name.value === 'if')?.value;
    return valueAt(condition, [], variable) === (name === 'include');
  });
}

function argumentAt(field: FieldNode, [name, ...path]: ArgumentPath, variable: VariableLookup): unknown {
  const argument = field.arguments?.find((node) => node.name.value === name);
  return argument && valueAt(argument.value, path, variable);
}

/** Returns numbers, lists and null as they are; any other value only as present. */
function valueAt(node: ValueNode | undefined, path: ArgumentPath, variable: VariableLookup): unknown {
  if (node?.kind === Kind.VARIABLE) return path.reduce(memberOf, variable(node.name.value));
  const [name, ...rest] = path;
  if (name !== undefined) {
    const fields = node?.kind === Kind.OBJECT ? node.fields : [];
    return valueAt(fields.find((field) => field.name.value === name)?.value, rest, variable);
  }
  if (node?.kind === Kind.NULL) return null;
  if (node?.kind === Kind.INT) return Number(node.value);
  if (node?.kind === Kind.LIST) return node.values;
  return node && 'value' in node ? node.value : node;
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
