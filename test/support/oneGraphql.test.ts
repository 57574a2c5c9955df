import SchemaBuilder from '@pothos/core';
import { GraphQLSchema } from 'graphql';
import { createSchema } from 'graphql-yoga';
import { expect, it } from 'vitest';

it('the tests, Pothos and Yoga share one copy of graphql', () => {
  const builder = new SchemaBuilder({});
  builder.queryType({ fields: (t) => ({ one: t.int({ resolve: () => 1 }) }) });
  expect(builder.toSchema()).toBeInstanceOf(GraphQLSchema);
  expect(createSchema({ typeDefs: 'type Query { one: Int }' })).toBeInstanceOf(GraphQLSchema);
});
