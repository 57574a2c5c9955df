import { createApp, createMemoryStore, GRAPHQL_PATH } from 'escrowgrid';
import { expect, it } from 'vitest';

it('an application that contains EscrowGrid creates an institution', async () => {
  const app = createApp({
    store: createMemoryStore(),
    rootToken: 'root-of-the-tests',
    // The clock of the tests stands still.
    clock: () => Date.UTC(2030, 0, 1),
    onInternalError: (_errorId, error) => {
      throw error;
    },
  });
  const query = `mutation {
    createInstitution(input: { name: "Harbor Bank", regions: [US] }) {
      ... on CreateInstitutionPayload { institution { name createdAt } }
      ... on UserError { code message }
    }
  }`;
  const response = await app.fetch(
    new Request(`http://localhost${GRAPHQL_PATH}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer root-of-the-tests' },
      body: JSON.stringify({ query }),
    }),
  );
  const institution = { name: 'Harbor Bank', createdAt: '2030-01-01T00:00:00.000Z' };
  expect(await response.json()).toEqual({ data: { createInstitution: { institution } } });
});
