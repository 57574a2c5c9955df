import { type DirectiveNode, type FieldNode, Kind, type ValueNode } from 'graphql';
import type { ArgumentPath } from '../../schema/fieldCosts.ts';

/** The variables of an operation as graphql coerces them, including defaults. */
export type Variables = Readonly<Record<string, unknown>>;

/**
 * Returns the number of values in the list at the path, given in a literal, in variables or both. A single value counts
 * as one.
 */
export function lengthAt(field: FieldNode, path: ArgumentPath, variables: Variables): number {
  const given = givenAt(field, path, variables);
  if (given === null || given === undefined) return 0;
  return Array.isArray(given) ? given.length : 1;
}

/** Returns the number given for an argument, or undefined if it is absent or no number. */
export function numberOf(field: FieldNode, argument: string, variables: Variables): number | undefined {
  const given = givenAt(field, [argument], variables);
  return typeof given === 'number' ? given : undefined;
}

/** Whether a value other than null is given at the path. */
export function isGivenAt(field: FieldNode, path: ArgumentPath, variables: Variables): boolean {
  const given = givenAt(field, path, variables);
  return given !== null && given !== undefined;
}

/** Whether `@skip` and `@include` leave the selection in. */
export function isIncluded(directives: readonly DirectiveNode[] | undefined, variables: Variables): boolean {
  return (directives ?? []).every(({ name, arguments: given }) => {
    if (name.value !== 'skip' && name.value !== 'include') return true;
    const condition = given?.find((argument) => argument.name.value === 'if')?.value;
    return valueAt(condition, [], variables) === (name.value === 'include');
  });
}

function givenAt({ arguments: given }: FieldNode, [name, ...path]: ArgumentPath, variables: Variables): unknown {
  const argument = given?.find((each) => each.name.value === name);
  return argument && valueAt(argument.value, path, variables);
}

/** Returns numbers, lists and null as they are; any other value only as present. */
function valueAt(node: ValueNode | undefined, path: ArgumentPath, variables: Variables): unknown {
  if (node?.kind === Kind.VARIABLE) return path.reduce(memberOf, variables[node.name.value]);
  const [name, ...rest] = path;
  if (name !== undefined) {
    const fields = node?.kind === Kind.OBJECT ? node.fields : [];
    return valueAt(fields.find((each) => each.name.value === name)?.value, rest, variables);
  }
  if (node?.kind === Kind.NULL) return null;
  if (node?.kind === Kind.INT) return Number(node.value);
  if (node?.kind === Kind.LIST) return node.values;
  return node && 'value' in node ? node.value : node;
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
