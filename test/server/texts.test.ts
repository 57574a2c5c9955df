import { expect, it } from 'vitest';
import { schemaText } from '../../src/schema/index.ts';
import type { Introspection } from '../../src/server/operations/documentRules.ts';
import { DEFAULTS } from '../../src/settings.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { newInstitution, newKey, ROOT_TOKEN, serveKeys } from '../support/keyed.ts';
import { atAddress } from '../support/limited.ts';

type Sent = Readonly<Record<string, string>>;

/** Starts a server, and returns a function that requests a path of it. */
async function textsOf(introspection: Introspection = 'all', home?: { readonly token: string | null }) {
  const settings = { documents: { ...DEFAULTS.documents, introspection } };
  const server = serveKeys(createMemoryStore(), { settings, ...(home && { home }) });
  const address = await atAddress(server.app);
  const get = (path: string, headers: Sent = { 'x-api-key': ROOT_TOKEN }, method = 'GET'): Promise<Response> =>
    fetch(new URL(path, address), { method, headers, redirect: 'manual' });
  return { server, get };
}

it('/schema.graphql returns the schema as text, and 304 if the client has it already', async () => {
  const { get } = await textsOf();
  const whole = await get('/schema.graphql');
  expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
  expect(whole.headers.get('cache-control')).toBe('private, no-cache');
  expect(await whole.text()).toBe(schemaText());
  const etag = whole.headers.get('etag') ?? '';
  for (const known of [etag, `"another", ${etag}`, etag.replace('W/', ''), '*']) {
    const same = await get('/schema.graphql', { 'x-api-key': ROOT_TOKEN, 'if-none-match': known });
    expect([same.status, await same.text(), same.headers.get('etag')]).toEqual([304, '', etag]);
  }
  const other = await get('/schema.graphql', { 'x-api-key': ROOT_TOKEN, 'if-none-match': '"another"' });
  expect(other.status).toBe(200);
});

it('/schema.graphql answers HEAD without a body, and other methods with 405', async () => {
  const { get } = await textsOf();
  const key = { 'x-api-key': ROOT_TOKEN };
  const head = await get('/schema.graphql?version=1', { ...key, 'accept-encoding': 'identity' }, 'HEAD');
  expect([head.status, await head.text()]).toEqual([200, '']);
  expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(schemaText())));
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const answer = await get('/schema.graphql', key, method);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  }
  expect((await get('/schema.graphql/', key)).status).toBe(404);
});

it.each<readonly [Introspection, readonly number[]]>([
  ['all', [401, 401, 200, 200]],
  ['root', [401, 401, 403, 200]],
  ['none', [401, 401, 403, 403]],
])('/schema.graphql follows the setting of introspection: %s', async (introspection, expected) => {
  const { server, get } = await textsOf(introspection);
  const { token: admin } = await newKey(server, await newInstitution(server));
  const tokens = [undefined, 'wrong', admin, ROOT_TOKEN];
  const answers = await Promise.all(tokens.map((token) => get('/schema.graphql', token ? { 'x-api-key': token } : {})));
  expect(answers.map(({ status }) => status)).toEqual(expected);
  const query = '{ __schema { description } }';
  const introspected = await Promise.all(tokens.map((token) => server.ask(query, {}, token ?? null)));
  expect(introspected.map(({ data }) => data !== undefined)).toEqual(expected.map((status) => status === 200));
});

it('the page at / and its files are served only with the option home', async () => {
  const without = await textsOf();
  const paths = ['/', '/home/style.css', '/home/script.js', '/docs/api.md'];
  for (const path of paths) expect((await without.get(path, {})).status).toBe(404);
  const { get } = await textsOf('all', { token: null });
  for (const path of paths) {
    const found = await get(path, {});
    expect([found.status, found.headers.get('cache-control')]).toEqual([200, 'no-cache']);
    expect(found.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(await found.text()).not.toMatch(/\{\{|https?:\/\/(?!www\.w3\.org\/2000\/svg)[^\s]+\.(js|css|woff2?)/);
  }
  for (const path of ['/docs/', '/docs/../package.json', '/docs/..%2fpackage.json', '/home/', '/home/index.html']) {
    expect((await get(path, {})).status).toBe(404);
  }
});

it('the page at / contains the key that it is given as text, and no other', async () => {
  const { get } = await textsOf('all', { token: '"><script>' });
  expect(await (await get('/')).text()).toContain('data-key="&quot;>&lt;script>"');
  const { get: getWithout } = await textsOf('all', { token: null });
  const page = await (await getWithout('/')).text();
  expect(page).toContain('data-key=""');
  expect(page).not.toContain(ROOT_TOKEN);
});
