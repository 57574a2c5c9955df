import { request } from 'node:http';
import { expect, it } from 'vitest';
import { DEFAULTS, type Settings } from '../../src/settings.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { serveKeys } from '../support/keyed.ts';
import { atAddress } from '../support/limited.ts';

/** Returns the Keep-Alive header of a response, which states how many seconds an idle connection stays open. */
async function keepAliveOf(settings: Partial<Settings> = {}): Promise<unknown> {
  const address = await atAddress(serveKeys(createMemoryStore(), { settings }).app);
  return new Promise((resolve, reject) => {
    const sent = request(address, { headers: { connection: 'keep-alive' } }, (response) => {
      response.resume().once('end', () => resolve(response.headers['keep-alive']));
    });
    sent.once('error', reject).end();
  });
}

it('an idle connection stays open for 75 s, longer than the 60 s of common load balancers', async () => {
  expect(await keepAliveOf()).toBe('timeout=75');
});

it('KEEP_ALIVE_TIMEOUT_MS sets how long an idle connection stays open, even beyond the idle timeout of sockets', async () => {
  const http = { ...DEFAULTS.http, keepAliveTimeoutMs: 120_000, idleTimeoutMs: 20_000 };
  expect(await keepAliveOf({ http })).toBe('timeout=120');
});
