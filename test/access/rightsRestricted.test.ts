import type { GraphQLObjectType, GraphQLSchema } from 'graphql';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import type * as Rights from '../../src/schema/rights.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { type Callers, callersOn, STREAM } from '../support/callers.ts';
import { neverWas } from '../support/probes.ts';

// A schema of rights that denies some types and fields to READ_ONLY.
vi.mock('../../src/schema/rights.ts', async (importOriginal) => {
  const original = await importOriginal<typeof Rights>();
  const guardField = (made: GraphQLSchema): GraphQLSchema => {
    for (const coordinate of [
      'ApiKey',
      'Query.ledgerEvents',
      'Position.events',
      'Subscription.positionChanged',
      'ChatMessage',
    ]) {
      const [name = '', field = ''] = coordinate.split('.');
      const type = made.getType(name) as GraphQLObjectType;
      const restricted = type.getFields()[field] ?? type;
      restricted.extensions = { ...restricted.extensions, roles: ['ROOT', 'ADMIN'] };
    }
    return original.guardField(made);
  };
  return { ...original, guardField };
});

let at: Callers;
beforeAll(async () => {
  at = await callersOn(async () => createMemoryStore());
});
afterAll(() => at.server.app.stop());

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly path?: readonly unknown[]; readonly extensions: { readonly code: string } }[];
}
const send = async (token: string, query: string, variables: object = {}): Promise<Answer> =>
  JSON.parse((await at.server.ask(token, query, variables)).text) as Answer;
const codesOf = ({ errors = [] }: Answer) => errors.map(({ path, extensions }) => [path?.join('.'), extensions.code]);

it('a query is FORBIDDEN for a role that its line omits, while other queries are answered', async () => {
  const query = '{ ledgerEvents { totalCount } positions { totalCount } }';
  const refused = await send(at.owner.readOnly, query);
  expect(codesOf(refused)).toEqual([['ledgerEvents', 'FORBIDDEN']]);
  expect(refused.data).toEqual({ ledgerEvents: null, positions: { totalCount: 1 } });
  expect(codesOf(await send(at.owner.admin, query))).toEqual([]);
});

it('an edge is FORBIDDEN for a role that its line omits', async () => {
  const query = '{ positions { nodes { state events { totalCount } } } }';
  const refused = await send(at.owner.readOnly, query);
  expect(codesOf(refused)).toEqual([['positions.nodes.0.events', 'FORBIDDEN']]);
  expect(refused.data).toEqual({ positions: { nodes: [{ state: 'PARTIALLY_RELEASED', events: null }] } });
  expect(codesOf(await send(at.owner.admin, query))).toEqual([]);
});

it('a subscription is FORBIDDEN before it begins if its field or the node of its changes is denied', async () => {
  for (const field of ['positionChanged', 'chatMessageChanged']) {
    const text = `subscription { ${field} { kind } }`;
    const refused = await at.server.ask(at.owner.readOnly, text, {}, STREAM);
    expect(refused.text).toContain('"code":"FORBIDDEN"');
    expect(refused.text).not.toContain('CAUGHT_UP');
    expect((await at.server.ask(at.owner.admin, text, {}, STREAM)).text).toContain('CAUGHT_UP');
  }
});

it('a denied node is null by its id, as if it had never existed, and FORBIDDEN through every edge', async () => {
  const { ApiKey: id = '', Institution: other = '' } = at.owner.ids;
  const query = 'query($ids: [ID!]!) { nodes(ids: $ids) { id } }';
  const ids = [id, neverWas(id), other];
  expect((await send(at.owner.readOnly, query, { ids })).data).toEqual({ nodes: [null, null, { id: other }] });
  expect((await send(at.owner.admin, query, { ids })).data).toEqual({ nodes: [{ id }, null, { id: other }] });
  const edges = '{ viewer { role apiKey { id } institution { apiKeys { nodes { id } } } } }';
  const refused = await send(at.owner.readOnly, edges);
  expect(codesOf(refused)).toEqual([
    ['viewer.apiKey', 'FORBIDDEN'],
    ['viewer.institution.apiKeys', 'FORBIDDEN'],
  ]);
  expect(JSON.stringify(refused.data)).not.toContain('key_');
  expect(schema.getType('ApiKey')?.extensions).toMatchObject({ roles: ['ROOT', 'ADMIN'] });
});
