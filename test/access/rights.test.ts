import {
  buildSchema,
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  parse,
  subscribe,
} from 'graphql';
import { expect, it } from 'vitest';
import type { Roles } from '../../src/domain/rights.ts';
import { VIEWER_ROLES, type ViewerRole } from '../../src/domain/viewer.ts';
import { schema } from '../../src/schema/index.ts';
import { guardField } from '../../src/schema/rights.ts';
import { isEdge } from '../support/selection.ts';
import { nodeTypes, operationsOf } from '../support/surface.ts';

/** Returns the type, or the field of a type, with the coordinate. */
function at(of: GraphQLSchema, coordinate: string): { extensions: { readonly roles?: Roles } } {
  const [name = '', field] = coordinate.split('.');
  const type = of.getType(name);
  const found = isObjectType(type) && (field === undefined ? type : type.getFields()[field]);
  if (!found) throw new Error(`The schema has no ${coordinate}.`);
  return found;
}

/** Sets the roles of types and fields. */
function withRoles(of: GraphQLSchema, table: Table): GraphQLSchema {
  for (const [coordinate, roles] of Object.entries(table)) at(of, coordinate).extensions = { roles };
  return of;
}

/** The roles of all types and fields that have some. */
const rolesIn = (of: GraphQLSchema): readonly (readonly [coordinate: string, Roles])[] =>
  Object.values(of.getTypeMap()).flatMap((type) => {
    if (!isObjectType(type)) return [];
    const fields = Object.values(type.getFields()).map(
      (field) => [`${type.name}.${field.name}`, field.extensions.roles] as const,
    );
    return [[type.name, type.extensions.roles] as const, ...fields].flatMap(([coordinate, roles]) =>
      roles ? [[coordinate, roles] as const] : [],
    );
  });

/** The operations, nodes and edges of a schema, which need roles. */
function neededBy(of: GraphQLSchema): readonly string[] {
  const edges = Object.values(of.getTypeMap()).flatMap((type) => {
    if (!isObjectType(type) || [of.getQueryType(), of.getMutationType(), of.getSubscriptionType()].includes(type))
      return [];
    return Object.values(type.getFields()).flatMap((field) =>
      isEdge(type, field) ? [`${type.name}.${field.name}`] : [],
    );
  });
  return [...operationsOf(of).map(({ name }) => name), ...nodeTypes(of), ...edges];
}

it('every operation, node and edge has roles', () => {
  const coordinates = rolesIn(schema).map(([coordinate]) => coordinate);
  expect(neededBy(schema).filter((coordinate) => !coordinates.includes(coordinate))).toEqual([]);
  expect(neededBy(schema).length).toBeGreaterThan(80);
});

it('root may do everything, every API key may read, and no READ_ONLY API key may write', () => {
  const operations = rolesIn(schema);
  expect(operations.filter(([, roles]) => !roles.includes('ROOT'))).toEqual([]);
  const [writes, reads] = [true, false].map((kind) =>
    operations.filter(([line]) => line.startsWith('Mutation.') === kind),
  );
  expect(reads?.filter(([, roles]) => roles.length !== VIEWER_ROLES.length)).toEqual([]);
  expect(writes?.filter(([, roles]) => roles.includes('READ_ONLY'))).toEqual([]);
});

const SDL = `
  interface Node { id: ID! }
  type Thing implements Node { id: ID! name: String other: Thing parts: PartConnection pair: [Part] }
  type Part implements Node { id: ID! thing: Thing }
  type PartConnection { nodes: [Part!]! }
  type PartChange { part: Part }
  type Query { thing: Thing free: String part: Part parts: PartConnection }
  type Mutation { make: Thing }
  type Subscription { partChanged: PartChange ticks: String }`;
type Table = Readonly<Record<string, Roles>>;
const NOT_READERS: Roles = ['ROOT', 'ADMIN'];

const part = { id: 'p' };
const thing = { id: 't', name: 'Thing', parts: { nodes: [part] }, pair: [part] };
const ROOT_VALUE = {
  thing: { ...thing, other: thing },
  free: 'free',
  part: { ...part, thing },
  parts: { nodes: [part] },
};

/** A schema in which every role may do everything except what the table restricts. */
function guarded(restricted: Table): GraphQLSchema {
  const made = buildSchema(SDL);
  for (const field of Object.values(made.getSubscriptionType()?.getFields() ?? {})) {
    field.subscribe = async function* () {
      yield { ticks: 'tick', partChanged: { part } };
    };
  }
  const everything = Object.fromEntries(neededBy(made).map((coordinate) => [coordinate, VIEWER_ROLES]));
  return guardField(withRoles(made, { ...everything, ...restricted }));
}
const run = (made: GraphQLSchema, role: ViewerRole, text: string): ExecutionResult =>
  execute({
    schema: made,
    document: parse(text),
    rootValue: ROOT_VALUE,
    contextValue: { viewer: { role } },
  }) as ExecutionResult;
const followed = (made: GraphQLSchema, role: ViewerRole, text: string) =>
  subscribe({ schema: made, document: parse(text), rootValue: ROOT_VALUE, contextValue: { viewer: { role } } });
const codesOf = ({ errors = [] }: ExecutionResult): unknown =>
  errors.map(({ path, extensions }) => [path, extensions['code']]);

it('a schema with an operation, node or edge without roles cannot be made', () => {
  for (const line of neededBy(buildSchema(SDL))) {
    const made = buildSchema(SDL);
    const rest = neededBy(made).filter((each) => each !== line);
    const table = Object.fromEntries(rest.map((each) => [each, VIEWER_ROLES]));
    expect(() => guardField(withRoles(made, table))).toThrow(`${line} has no roles.`);
  }
  expect(neededBy(buildSchema(SDL))).toHaveLength(13);
});

it.each(['READ_ONLY', 'ADMIN'] as const)('without restrictions, %s gets no error', (role) => {
  const made = guarded({});
  const answer = run(
    made,
    role,
    '{ free thing { other { id } parts { nodes { id } } pair { id } } part { thing { id } } }',
  );
  expect(answer.errors).toBeUndefined();
});

it('a query is FORBIDDEN for roles that its line omits, while other fields of the request are answered', () => {
  const made = guarded({ 'Query.free': NOT_READERS });
  const refused = run(made, 'READ_ONLY', '{ free thing { id } }');
  expect(codesOf(refused)).toEqual([[['free'], 'FORBIDDEN']]);
  expect(refused.data).toEqual({ free: null, thing: { id: 't' } });
  expect(run(made, 'ADMIN', '{ free }')).toEqual({ data: { free: 'free' } });
});

it('a field that needs no roles is guarded if it has some', () => {
  const made = guarded({ 'Thing.name': NOT_READERS });
  const refused = run(made, 'READ_ONLY', '{ thing { id name } }');
  expect(codesOf(refused)).toEqual([[['thing', 'name'], 'FORBIDDEN']]);
  expect(refused.data).toEqual({ thing: { id: 't', name: null } });
  expect(run(made, 'ADMIN', '{ thing { name } }').errors).toBeUndefined();
});

it('an edge is FORBIDDEN for roles that its line omits, on every path to it', () => {
  const made = guarded({ 'Thing.parts': NOT_READERS });
  const text = '{ thing { name parts { nodes { id } } other { parts { nodes { id } } } } }';
  const refused = run(made, 'READ_ONLY', text);
  expect(codesOf(refused)).toEqual([
    [['thing', 'parts'], 'FORBIDDEN'],
    [['thing', 'other', 'parts'], 'FORBIDDEN'],
  ]);
  expect(refused.data).toEqual({ thing: { name: 'Thing', parts: null, other: { parts: null } } });
  expect(run(made, 'ADMIN', text).errors).toBeUndefined();
});

it('a node is FORBIDDEN for roles that its line omits, whether returned alone, in a list, a page or a change', async () => {
  const made = guarded({ Part: NOT_READERS });
  const refused = run(
    made,
    'READ_ONLY',
    '{ part { id } parts { nodes { id } } thing { pair { id } parts { nodes { id } } } }',
  );
  expect(refused.data).toEqual({ part: null, parts: null, thing: { pair: null, parts: null } });
  expect(codesOf(refused)).toHaveLength(4);
  const stream = await followed(made, 'READ_ONLY', 'subscription { partChanged { part { id } } }');
  expect(codesOf(stream as ExecutionResult)).toEqual([[['partChanged'], 'FORBIDDEN']]);
  const admins = await followed(made, 'ADMIN', 'subscription { partChanged { part { id } } }');
  expect(admins).toHaveProperty('next');
});

it('a subscription is FORBIDDEN for roles that its line omits, before it begins', async () => {
  const made = guarded({ 'Subscription.ticks': NOT_READERS });
  expect(codesOf((await followed(made, 'READ_ONLY', 'subscription { ticks }')) as ExecutionResult)).toEqual([
    [['ticks'], 'FORBIDDEN'],
  ]);
  const stream = (await followed(made, 'ADMIN', 'subscription { ticks }')) as AsyncGenerator<ExecutionResult>;
  expect((await stream.next()).value).toEqual({ data: { ticks: 'tick' } });
  await stream.return(undefined);
});

it('mutations are not guarded by the table, because they check roles themselves', () => {
  const made = guarded({ 'Mutation.make': ['ROOT'] });
  expect(getNamedType(made.getMutationType()?.getFields()['make']?.type ?? null)?.toString()).toBe('Thing');
  expect(run(made, 'READ_ONLY', 'mutation { make { id } }')).toEqual({ data: { make: null } });
});
