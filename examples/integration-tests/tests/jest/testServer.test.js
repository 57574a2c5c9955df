import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestServer } from 'escrowgrid/testing';
import { payOut } from '../../app/payments.js';

let server;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.close());

it('pays out a funded position within the process of the test', async () => {
  const { id } = await server.seed.position({ state: 'FUNDED', amount: '100.00' });
  expect(await payOut({ url: server.url, key: server.keys.admin }, id)).toBe('RELEASED');
});
