import { startTestServer, type TestServer } from 'escrowgrid/testing';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { payOut } from '../../app/payments.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ now: '2030-01-01T00:00:00Z' });
});
afterEach(() => server.reset());
afterAll(() => server.close());

const client = () => ({ url: server.url, key: server.keys.admin, fetch: server.fetch });

it('pays out a funded position', async () => {
  const { id } = await server.seed.position({ state: 'FUNDED', amount: '100.00' });
  expect(await payOut(client(), id)).toBe('RELEASED');
});

it('does not pay out a position that has expired', async () => {
  const { id } = await server.seed.position({ state: 'FUNDED', expiresAt: '2030-02-01T00:00:00Z' });
  await server.clock.advance({ days: 40 });
  await expect(payOut(client(), id)).rejects.toThrow('EXPIRED');
});

it('pays once if the answer to the first request is lost', async () => {
  const { id } = await server.seed.position({ state: 'FUNDED', amount: '100.00' });
  server.failNext({ field: 'releasePosition', code: 'CONNECTION_LOST', when: 'after' });
  await expect(payOut(client(), id)).rejects.toThrow('fetch failed');
  expect(await payOut(client(), id)).toBe('RELEASED');
});
