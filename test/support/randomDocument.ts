import {
  type GraphQLCompositeType,
  type GraphQLField,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isUnionType,
} from 'graphql';
import { schema } from '../../src/schema/index.ts';

/** The variables that a random document can use, each with its type. */
const VARIABLES = {
  rows: 'Int',
  usual: 'Int = 7',
  yes: 'Boolean!',
  ids: '[ID!]!',
  words: 'String',
  sessions: 'ChatSessionFilter',
  batch: 'ApplyPositionsInput!',
} as const;

const DIRECTIVES = [
  ...Array.from({ length: 12 }, () => ''),
  '@include(if: $yes)',
  '@skip(if: $yes)',
  '@skip(if: true)',
];
const PAGES = ['', 'first: 3', 'first: $rows', 'last: $rows', 'last: 100', 'first: 101', 'last: $usual', 'first: 0'];
const FILTERS = ['', 'filter: { search: "a" }', 'filter: { search: $words }', 'filter: $sessions', 'filter: null'];
const IDS = ['ids: ["a", "b", "c"]', 'ids: "a"', 'ids: $ids', 'ids: []'];
/** The values of arguments, by name. Other arguments are omitted. */
const GIVEN: Readonly<Record<string, readonly string[]>> = {
  first: PAGES,
  ids: IDS,
  id: ['id: "a"'],
  participantReference: ['participantReference: "a"'],
  input: ['input: $batch'],
};

/**
 * Returns a valid operation whose fragments are used more than once. Equal choices give equal operations, and fewer
 * choices give smaller ones. `special` replaces the values of arguments, by name.
 */
export function documentOf(choices: readonly number[], special: typeof GIVEN = {}): string {
  const args = { ...GIVEN, ...special };
  let index = 0;
  let names = 0;
  const fragments: { readonly name: string; readonly on: GraphQLCompositeType; readonly text: string }[] = [];
  // Without remaining choices, the first value is chosen.
  const below = (count: number): number => (choices[index++] ?? 0) % count;
  const one = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  const fieldsOf = (type: GraphQLCompositeType) => (isUnionType(type) ? [] : Object.values(type.getFields()));

  function field(type: GraphQLCompositeType, levels: number): string {
    const ofObjects = (each: GraphQLField<unknown, unknown>) => isCompositeType(getNamedType(each.type));
    const fields = fieldsOf(type).filter((each) => type.name !== 'Mutation' || each.name === 'applyPositions');
    const leaves = fields.filter((each) => !ofObjects(each));
    const inner = fields.filter(ofObjects);
    const all = levels > 0 && inner.length > 0 && below(4) > 0 ? inner : leaves;
    if (all.length === 0) return `f${names++}: __typename`;
    const chosen = one<GraphQLField<unknown, unknown>>(all);
    const filter = chosen.name === 'chatSessions' ? one(FILTERS) : '';
    const given = [filter, ...chosen.args.map(({ name }) => one(args[name] ?? ['']))].join(' ').trim();
    const named = getNamedType(chosen.type);
    const selections = isCompositeType(named) ? set(named, levels - 1) : '';
    return `f${names++}: ${chosen.name}${given && `(${given})`} ${one(DIRECTIVES)} ${selections}`;
  }
  /** Returns a type condition that is valid for a fragment on this type. */
  const kin = (type: GraphQLCompositeType): GraphQLCompositeType =>
    one(isAbstractType(type) ? [type, ...schema.getPossibleTypes(type)] : [type]);
  function spread(type: GraphQLCompositeType, levels: number): string {
    const on = kin(type);
    const known = fragments.filter((each) => each.on === on);
    if (known.length > 0 && below(2) === 1) return `...${one(known).name}`;
    const text = set(on, levels);
    const name = `F${names++}`;
    fragments.push({ name, on, text: `fragment ${name} on ${on.name} ${text}` });
    return `...${name} ${one(DIRECTIVES)}`;
  }
  function inline(type: GraphQLCompositeType, levels: number): string {
    const on = kin(type);
    return `... ${on === type ? one(['', `on ${on.name}`]) : `on ${on.name}`} ${one(DIRECTIVES)} ${set(on, levels)}`;
  }
  function set(type: GraphQLCompositeType, levels: number): string {
    const selections = Array.from({ length: 1 + below(3) }, () => {
      const way = levels > 0 ? below(6) : 0;
      if (way === 1) return inline(type, levels - 1);
      return way === 2 || way === 3 ? spread(type, levels - 1) : field(type, levels);
    });
    return `{ ${selections.join(' ')} }`;
  }

  const writes = below(5) === 4;
  const root = set((writes ? schema.getMutationType() : schema.getQueryType()) as GraphQLCompositeType, 6);
  const body = [root, ...fragments.map(({ text }) => text)].join('\n');
  const used = Object.entries(VARIABLES).filter(([name]) => body.includes(`$${name}`));
  const variables = used.map(([name, type]) => `$${name}: ${type}`).join(', ');
  return `${writes ? 'mutation' : 'query'} ${variables && `(${variables})`} ${body}`;
}
