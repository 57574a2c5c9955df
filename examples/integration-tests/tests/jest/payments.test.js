import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { payOut } from '../../app/payments.js';
import { startEscrowGrid } from '../../support/startEscrowGrid.js';

let server;
let client;
beforeAll(async () => {
  server = await startEscrowGrid();
  client = { url: server.url, key: server.keys.root };
});
afterAll(() => server?.stop());

async function idOfPosition(state) {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${server.keys.root}` },
    body: JSON.stringify({ query: `{ positions(first: 1, filter: { states: [${state}] }) { nodes { id } } }` }),
  });
  const { data } = await response.json();
  return data.positions.nodes[0].id;
}

it('pays out a funded position of the demo data', async () => {
  expect(await payOut(client, await idOfPosition('FUNDED'))).toBe('RELEASED');
});

it('does not pay out a position that is not funded', async () => {
  await expect(payOut(client, await idOfPosition('CREATED'))).rejects.toThrow('CREATED');
});
