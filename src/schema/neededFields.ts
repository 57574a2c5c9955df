import { type GraphQLField, type GraphQLSchema, isObjectType } from 'graphql';
import type { ReadOptions, TableName } from '../store/store.ts';
import { CURSOR_FIELD_NAMES } from './cursor.ts';
import { nodeTables } from './node.ts';

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /** The fields of the row that the resolver reads. Defaults to the exposed field, or to all if it exposes none. */
    readonly reads?: readonly string[];
  }
}

/** The fields that contain cursors, which are made from the fields that a list is ordered by. */
const CURSORS = ['cursor', 'startCursor', 'endCursor'];

/** The tables of the types that are not nodes. */
const OTHERS: readonly (readonly [type: string, table: TableName])[] = [
  ['Posting', 'postings'],
  ['ChatMessageRevision', 'chatRevisions'],
];

/** Returns the fields of rows that an operation needs which selects fields of these names, on whatever type. */
export function neededFields(schema: GraphQLSchema, selected: ReadonlySet<string>): NonNullable<ReadOptions['fields']> {
  const ofCursors = CURSORS.some((name) => selected.has(name)) ? CURSOR_FIELD_NAMES : [];
  const needed: { [T in TableName]?: ReadonlySet<string> } = {};
  for (const [name, table] of [...nodeTables(), ...OTHERS]) {
    const type = schema.getType(name);
    const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
    const reads = fields.filter((field) => selected.has(field.name)).map(readsOf);
    if (reads.every((each) => each !== undefined)) needed[table] = new Set([...ofCursors, ...reads.flat()]);
  }
  return needed;
}

function readsOf({ extensions }: GraphQLField<unknown, unknown>): readonly string[] | undefined {
  const { reads, pothosExposedField: exposed } = extensions;
  return reads ?? (typeof exposed === 'string' ? [exposed] : undefined);
}
