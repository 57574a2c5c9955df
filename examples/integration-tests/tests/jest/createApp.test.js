import { expect, it } from '@jest/globals';
import { createApp, createMemoryStore } from 'escrowgrid';

it('an application that contains EscrowGrid executes a query', async () => {
  const errors = [];
  const app = createApp({
    store: createMemoryStore(),
    rootToken: 'root-of-the-tests',
    onInternalError: (_errorId, error) => errors.push(error),
  });
  const response = await app.fetch(
    new Request('http://localhost/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer root-of-the-tests' },
      body: JSON.stringify({ query: '{ viewer { role } institutions { totalCount } }' }),
    }),
  );
  expect(await response.json()).toEqual({ data: { viewer: { role: 'ROOT' }, institutions: { totalCount: 0 } } });
  expect(errors).toEqual([]);
});
