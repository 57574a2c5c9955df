import { beforeAll, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { type KeyServer, newInstitution, newKey, serveKeys } from '../support/keyed.ts';
import { greeted } from '../support/keyedLive.ts';
import { atAddress, rated } from '../support/limited.ts';
import { bytesOf, sendRaw } from '../support/rawHttp.ts';

const SENTENCE =
  'The request has more than one API key. Send it once, as `Authorization: Bearer <key>` or `X-API-Key: <key>`.';
const BODY = Buffer.from('{"query":"{ __typename }"}');
const UPGRADE = [
  ['Upgrade', 'websocket'],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['Sec-WebSocket-Protocol', 'graphql-transport-ws'],
] as const;

let server: KeyServer;
let address: string;
let good: string;
let other: string;
beforeAll(async () => {
  const store = createMemoryStore();
  const institutionId = await newInstitution(serveKeys(store));
  good = (await newKey(serveKeys(store), institutionId)).token;
  other = (await newKey(serveKeys(store), institutionId)).token;
  server = serveKeys(store);
  address = await atAddress(server.app);
});

type Headers = readonly (readonly [string, string])[];
const CASES: Readonly<Record<string, () => Headers>> = {
  'two Authorization headers that differ': () => [
    ['Authorization', `Bearer ${good}`],
    ['Authorization', `Bearer ${other}`],
  ],
  'two equal Authorization headers': () => [
    ['Authorization', `Bearer ${good}`],
    ['Authorization', `Bearer ${good}`],
  ],
  'two Authorization headers in different case': () => [
    ['authorization', `Bearer ${good}`],
    ['AUTHORIZATION', `Bearer ${good}`],
  ],
  'an empty Authorization header before a good one': () => [
    ['Authorization', ''],
    ['Authorization', `Bearer ${good}`],
  ],
  'a second Authorization header of another scheme': () => [
    ['Authorization', `Bearer ${good}`],
    ['Authorization', 'Basic eDp5'],
  ],
  'two X-API-Key headers that differ': () => [
    ['X-API-Key', good],
    ['x-api-key', other],
  ],
  'two equal X-API-Key headers': () => [
    ['X-API-Key', good],
    ['X-API-Key', good],
  ],
  'two API keys in one Authorization header': () => [['Authorization', `Bearer ${good}, Bearer ${good}`]],
  'two API keys in one X-API-Key header': () => [['X-API-Key', `${good}, ${good}`]],
  'both headers with different API keys': () => [
    ['Authorization', `Bearer ${good}`],
    ['X-API-Key', other],
  ],
};

describe.each(Object.entries(CASES))('%s', (what, headersOf) => {
  it(`a request with ${what} is rejected with 401 and an explanation`, async () => {
    const headers: [string, string][] = [
      ['Content-Type', 'application/json'],
      ...headersOf().map(([name, value]): [string, string] => [name, value]),
    ];
    const { status, body } = await sendRaw(
      address,
      bytesOf({ method: 'POST', path: '/graphql', headers, body: BODY, hasContentLength: true }),
    );
    expect(status).toBe(401);
    expect(JSON.parse(body.replace(/^[\da-f]+\r\n/, '').replace(/\r\n0\r\n\r\n$/, ''))).toEqual({
      errors: [{ message: SENTENCE, extensions: { code: 'UNAUTHENTICATED' } }],
    });
  });

  it(`the upgrade to a WebSocket with ${what} is rejected with 401 and an explanation`, async () => {
    const lines = [...UPGRADE, ...headersOf()].map(([name, value]) => `${name}: ${value}`).join('\r\n');
    const request = `GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n${lines}\r\n\r\n`;
    const { status, body } = await sendRaw(address, Buffer.from(request));
    expect([status, JSON.parse(body)]).toEqual([
      401,
      { errors: [{ message: SENTENCE, extensions: { code: 'UNAUTHENTICATED' } }] },
    ]);
  });
});

it.each([
  ['one name in upper and lower case', () => ({ authorization: `Bearer ${good}`, Authorization: `Bearer ${good}` })],
  ['different API keys', () => ({ authorization: `Bearer ${good}`, 'x-api-key': other })],
  ['two API keys in one text', () => ({ 'x-api-key': `${good}, ${good}` })],
] as const)('connection_init with %s is closed with 4403', async (_what, payload) => {
  expect(await (await greeted(address, payload())).closed).toBe(4403);
});

it('one API key in both headers, or once in either header, is accepted', async () => {
  for (const headers of [
    { authorization: `Bearer ${good}` },
    { 'x-api-key': good },
    { authorization: `Bearer ${good}`, 'x-api-key': good },
  ]) {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: BODY,
    });
    expect(response.status).toBe(200);
  }
});

it('repeated credentials at the upgrade count as failed requests of their address', async () => {
  const limited = await atAddress(serveKeys(createMemoryStore(), rated({ failedLogin: 2 })).app);
  const lines = [...UPGRADE, ...(CASES['two equal X-API-Key headers']?.() ?? [])].map((each) => each.join(': '));
  const request = Buffer.from(
    `GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n${lines.join('\r\n')}\r\n\r\n`,
  );
  const statuses = [];
  for (let sent = 0; sent < 4; sent += 1) statuses.push((await sendRaw(limited, request)).status);
  expect(statuses).toEqual([401, 401, 429, 429]);
});
