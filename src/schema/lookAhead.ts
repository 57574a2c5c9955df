import { type FieldNode, type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';

/**
 * Returns the fields that are selected on the items of a list: below `nodes` and `edges { node }`, including fragments.
 */
export function fieldsOfRows(info: GraphQLResolveInfo): readonly FieldNode[] {
  const lists = info.fieldNodes.flatMap(({ selectionSet }) => fieldsIn(selectionSet, info));
  const rows = lists.flatMap((field) => {
    if (field.name.value === 'nodes') return [field];
    if (field.name.value !== 'edges') return [];
    return fieldsIn(field.selectionSet, info).filter(({ name }) => name.value === 'node');
  });
  return rows.flatMap(({ selectionSet }) => fieldsIn(selectionSet, info));
}

/**
 * Returns the fields of a selection. Each fragment is expanded only once, because nested fragments grow exponentially.
 */
function fieldsIn(
  selectionSet: SelectionSetNode | undefined,
  info: GraphQLResolveInfo,
  followed = new Set<string>(),
): readonly FieldNode[] {
  return (selectionSet?.selections ?? []).flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection];
    if (selection.kind === Kind.INLINE_FRAGMENT) return fieldsIn(selection.selectionSet, info, followed);
    const name = selection.name.value;
    if (followed.has(name)) return [];
    followed.add(name);
    return fieldsIn(info.fragments[name]?.selectionSet, info, followed);
  });
}

/** Returns a string argument of a field, from a literal or a variable, or undefined if it is not a string. */
export function stringArgument(field: FieldNode, name: string, info: GraphQLResolveInfo): string | undefined {
  const value = field.arguments?.find((argument) => argument.name.value === name)?.value;
  const given = value?.kind === Kind.VARIABLE ? info.variableValues[value.name.value] : undefined;
  if (value?.kind === Kind.STRING) return value.value;
  return typeof given === 'string' ? given : undefined;
}
