import {
  type FieldNode,
  type GraphQLField,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import type { AnyRow, Bring, TableName, Window } from '../store/store.ts';
import type { Loaders } from './loaders.ts';
import { rememberLast, type VariableLookup, type Variables } from './variables.ts';

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /** The row that a field of each row refers to. It can be read together with the row. */
    readonly parent?: { readonly type: string; readonly table: TableName; readonly field: string };
    /** The rows whose `field` refers to each row. Their first page can be read together with the row. */
    readonly children?: {
      readonly type: string;
      readonly table: TableName;
      readonly field: string;
      /** Returns the window of the page, or undefined if it must be read separately. */
      readonly windowOf: (selected: Selected) => Window<AnyRow> | undefined;
    };
  }
}

/** Selected fields of a document, and what they refer to. */
export interface Selected {
  readonly fields: readonly FieldNode[];
  readonly fragments: GraphQLResolveInfo['fragments'];
  readonly variable: VariableLookup;
}

/** Returns the selected field of a resolver. */
export const selectedIn = ({ fieldNodes, fragments, variableValues }: GraphQLResolveInfo): Selected => ({
  fields: fieldNodes,
  fragments,
  variable: (name) => variableValues[name],
});

/** Returns the fields that are selected on an object. */
const fieldsBelow = ({ fields, fragments }: Selected): readonly FieldNode[] =>
  fields.flatMap((field) => fieldsIn(field.selectionSet, fragments));

/**
 * Returns the fields that are selected on the items of a list: below `nodes` and `edges { node }`, including fragments.
 */
export function fieldsOfRows(selected: Selected): readonly FieldNode[] {
  const below = (...fields: readonly FieldNode[]): readonly FieldNode[] => fieldsBelow({ ...selected, fields });
  const rows = fieldsBelow(selected).flatMap((field) => {
    if (field.name.value === 'nodes') return [field];
    return field.name.value === 'edges' ? below(field).filter(({ name }) => name.value === 'node') : [];
  });
  return below(...rows);
}

/**
 * Returns the fields of a selection, without what a directive may leave out. Each fragment is expanded only once,
 * because nested fragments grow exponentially.
 */
function fieldsIn(
  selectionSet: SelectionSetNode | undefined,
  fragments: Selected['fragments'],
  followed = new Set<string>(),
): readonly FieldNode[] {
  return (selectionSet?.selections ?? []).flatMap((selection) => {
    if (selection.directives && selection.directives.length > 0) return [];
    if (selection.kind === Kind.FIELD) return [selection];
    if (selection.kind === Kind.INLINE_FRAGMENT) return fieldsIn(selection.selectionSet, fragments, followed);
    const name = selection.name.value;
    if (followed.has(name)) return [];
    followed.add(name);
    return fieldsIn(fragments[name]?.selectionSet, fragments, followed);
  });
}

/** Returns a string argument of a field, from a literal or a variable, or undefined if it is not a string. */
export function stringArgument(field: FieldNode, name: string, { variable }: Selected): string | undefined {
  const value = field.arguments?.find((argument) => argument.name.value === name)?.value;
  const given = value?.kind === Kind.VARIABLE ? variable(value.name.value) : undefined;
  if (value?.kind === Kind.STRING) return value.value;
  return typeof given === 'string' ? given : undefined;
}

/** By the field and the type of its objects: that of `nodes` is selected on objects of several types. */
const KNOWN = new WeakMap<FieldNode, Map<string, (variables: Variables) => Bring | undefined>>();

/** The maximum number of lists below rows that are read ahead: nested fragments grow exponentially. */
const MAX_LISTS = 10;

/** Returns the rows that the items of a list can bring along; undefined if the store would ignore it. */
export const bringOfRows = (read: Loaders, info: GraphQLResolveInfo, type: string): Bring | undefined =>
  read.looksAhead ? bringOf(info, type, fieldsOfRows) : undefined;

/** Returns what an object of the type can bring along; undefined if the store would ignore it. */
export const bringOfObject = (read: Loaders, info: GraphQLResolveInfo, type: string): Bring | undefined =>
  read.looksAhead ? bringOf(info, type, fieldsBelow) : undefined;

type FieldsOf = (selected: Selected) => readonly FieldNode[];

/**
 * Returns the rows that a selection on rows refers to, and the first pages of lists below them; undefined if there are
 * none. The same object is returned for equal values of the variables.
 */
function bringOf(info: GraphQLResolveInfo, type: string, fieldsOf: FieldsOf): Bring | undefined {
  const { schema, fragments, variableValues } = info;
  const [node, ...others] = info.fieldNodes;
  // A field that is selected in several places is merged from all of them.
  if (!node || others.length > 0) return undefined;
  let types = KNOWN.get(node);
  if (!types) KNOWN.set(node, (types = new Map()));
  let known = types.get(type);
  if (!known) {
    known = rememberLast((variable) => bringIn(schema, type, { fields: [node], fragments, variable }, fieldsOf));
    types.set(type, known);
  }
  return known(variableValues);
}

function bringIn(schema: GraphQLSchema, type: string, selected: Selected, fieldsOf: FieldsOf): Bring | undefined {
  const bring = new LookAhead(schema).on(type, { ...selected, fields: fieldsOf(selected) }, true);
  return bring.parents.length + bring.children.length === 0 ? undefined : bring;
}

class LookAhead {
  readonly #schema: GraphQLSchema;
  #lists = 0;

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /** Returns what the fields that are selected on rows of the type need. */
  on(type: string, selected: Selected, withChildren: boolean): Bring {
    const named = this.#schema.getType(type);
    const known = isObjectType(named) ? named.getFields() : {};
    const byName = new Map<string, FieldNode[]>();
    for (const field of selected.fields) {
      const same = byName.get(field.name.value);
      if (same) same.push(field);
      else byName.set(field.name.value, [field]);
    }
    const parents: Bring['parents'][number][] = [];
    const children: Bring['children'][number][] = [];
    for (const [name, fields] of byName) {
      const { parent, children: list } = known[name]?.extensions ?? {};
      if (parent) {
        const { table, field } = parent;
        // A list below a row that many rows refer to would be read once for each of them.
        const bring = this.on(parent.type, { ...selected, fields: fieldsBelow({ ...selected, fields }) }, false);
        parents.push({ field, table, bring });
      } else if (list && withChildren) children.push(...fields.flatMap((field) => this.#list(list, field, selected)));
    }
    return { parents, children };
  }

  #list(list: Children, field: FieldNode, selected: Selected): readonly Bring['children'][number][] {
    const below = { ...selected, fields: [field] };
    const window = list.windowOf(below);
    if (!window || this.#lists >= MAX_LISTS) return [];
    this.#lists += 1;
    const bring = this.on(list.type, { ...selected, fields: fieldsOfRows(below) }, true);
    return [{ field: list.field, table: list.table, window: { ...window, bring } }];
  }
}

type Children = NonNullable<GraphQLField<unknown, unknown>['extensions']['children']>;
