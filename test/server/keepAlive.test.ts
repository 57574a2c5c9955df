import { request } from 'node:http';
import { expect, it } from 'vitest';
import { DEFAULTS, type Settings } from '../../src/settings.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { serveKeys } from '../support/keyed.ts';
import { atAddress } from '../support/limited.ts';

/** The Keep-Alive header of a response: how many seconds the server keeps the idle connection open. */
async function keepAliveOf(settings: Partial<Settings> = {}): Promise<unknown> {
  const address = await atAddress(serveKeys(createMemoryStore(), { settings }).app);
  return new Promise((resolve, reject) => {
    const sent = request(address, { headers: { connection: 'keep-alive' } }, (response) => {
      response.resume().once('end', () => resolve(response.headers['keep-alive']));
    });
    sent.once('error', reject).end();
  });
}

it('keeps an idle connection for 75 s, longer than the 60 s of usual load balancers', async () => {
  expect(await keepAliveOf()).toBe('timeout=75');
});

it('keeps an idle connection as long as KEEP_ALIVE_TIMEOUT_MS says, beyond the idle timeout of sockets too', async () => {
  const http = { ...DEFAULTS.http, keepAliveTimeoutMs: 120_000, idleTimeoutMs: 20_000 };
  expect(await keepAliveOf({ http })).toBe('timeout=120');
});
