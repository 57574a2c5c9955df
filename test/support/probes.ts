import { type GraphQLSchema, getNamedType } from 'graphql';
import { membersOf } from './fill.ts';
import type { RlsFixture } from './rlsFixture.ts';
import { isNode, selectionOf } from './selection.ts';
import { holdsOf, type Slot } from './surface.ts';

/** One operation with its variables. */
export interface Probe {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}
type Given = Readonly<Record<string, unknown>>;

/**
 * Returns the operation that passes the value in the argument; without a value only required arguments are passed. All
 * other values are from the fixture: the object with the field, and the ids of other arguments.
 */
export function probeOf(
  schema: GraphQLSchema,
  slot: Slot,
  world: RlsFixture,
  value?: string,
  along: Given = {},
): Probe {
  const { parent, field, path, holds } = slot;
  const idFor = (name: string): string => world.ids[holdsOf(name, field)] ?? world.ids[holds] ?? '';
  const filling = { path: value === undefined ? [] : path, value: value ?? '', idFor };
  const given = { ...along, ...lookupArguments(slot, world), ...membersOf(field.args, false, filling) };
  addRequired(given['input'] as Input | undefined, field.name, world);
  const declared = field.args.filter(({ name }) => name in given).map(({ name, type }) => `$${name}: ${String(type)}`);
  const fieldCall = callOf(schema, slot, given);
  const head = (more: readonly string[]) => (more.length > 0 ? `(${more.join(', ')})` : '');
  const root = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].find(
    (type) => type?.name === parent,
  );
  if (root) return { query: `${parent.toLowerCase()} ${head(declared)} { ${fieldCall} }`, variables: given };
  const [node, selected] = WITHIN[parent]?.(fieldCall) ?? [parent, fieldCall];
  return {
    query: `query ${head(['$parent: ID!', ...declared])} { node(id: $parent) { id ... on ${node} { ${selected} } } }`,
    variables: { parent: world.ids[node], ...given },
  };
}

/** The fields that mutations require although their types do not. */
const REQUIRED_BY_RULES: Readonly<Record<string, Given>> = {
  releasePosition: { all: true },
  refundPosition: { all: true },
  amendPosition: { expiresAt: null },
};

interface Input {
  readonly operations?: readonly Readonly<Record<string, object>>[];
}

/** Adds the fields that a mutation requires, or an operation of a batch. */
function addRequired(input: Input | undefined, mutation: string, { ids }: RlsFixture): void {
  if (!input) return;
  if (mutation === 'redeliverWebhooks' && !('after' in input) && !('webhookDeliveryIds' in input))
    Object.assign(input, { after: ids['WebhookDelivery'] });
  Object.assign(input, REQUIRED_BY_RULES[mutation]);
  for (const operation of input.operations ?? []) {
    for (const [kind, sent] of Object.entries(operation)) Object.assign(sent, REQUIRED_BY_RULES[`${kind}Position`]);
  }
}

/** The types without an id of their own that have fields with arguments, each with its node and the path from there. */
const WITHIN: Readonly<Record<string, (field: string) => readonly [node: string, selected: string]>> = {
  PositionTerms: (field) => ['Position', `terms { ${field} }`],
};

/** The other arguments of Query.position, which requires exactly one of an id and an external reference. */
function lookupArguments({ parent, field, path }: Slot, { ids, canaries }: RlsFixture): Given {
  if (parent !== 'Query' || field.name !== 'position' || path[0] === 'id') return {};
  return path[0] === 'institutionId' ? { externalReference: canaries[0] } : { id: ids['Position'] };
}

/**
 * Selects the field with its arguments as variables and all of its result. For a node, the objects of its edges are
 * selected as well.
 */
function callOf(schema: GraphQLSchema, { field, holds }: Slot, given: Given): string {
  const call = Object.keys(given).map((name) => `${name}: $${name}`);
  const shown = getNamedType(field.type);
  const node = schema.getType(holds);
  const selection =
    shown.name === 'Node' && node
      ? `{ __typename id ... on ${holds} ${selectionOf(schema, node, 1)} }`
      : selectionOf(schema, shown, isNode(shown) ? 1 : 0);
  return `${field.name}${call.length > 0 ? `(${call.join(', ')})` : ''} ${selection}`;
}

/** Returns the cursor of the first row of the field in the response, or undefined if the field has no rows. */
export function cursorIn(text: string, { field }: Slot): string | undefined {
  const { data } = JSON.parse(text) as { readonly data?: Readonly<Record<string, Listed>> };
  const node = data?.['node'] as unknown as (Lists & { readonly terms?: Lists }) | undefined;
  const list = data?.[field.name] ?? node?.[field.name] ?? node?.terms?.[field.name];
  return list?.edges[0]?.cursor;
}
interface Listed {
  readonly edges: readonly { readonly cursor: string }[];
}
type Lists = Readonly<Record<string, Listed>>;

/** Returns an id of the same type and time that never existed. */
export const neverWas = (id: string): string => id.slice(0, -1) + (id.endsWith('0') ? '1' : '0');

type Key = readonly (string | number | null)[];
const read = (cursor: string): Key => JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Key;
const written = (key: Key): string => Buffer.from(JSON.stringify(key)).toString('base64url');

/** Returns the same cursor at a row that never existed. */
export const cursorOfNone = (cursor: string): string =>
  written(read(cursor).map((part, index, { length }) => (index === length - 1 ? neverWas(String(part)) : part)));

/** Returns a cursor of the first list at a row of the second one. */
export const forged = (own: string, theirs: string): string => written([read(own)[0] ?? '', ...read(theirs).slice(1)]);
