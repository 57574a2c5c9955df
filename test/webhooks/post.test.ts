import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import {
  closed,
  failure,
  HANG_TIMEOUT_MS,
  newClient,
  postTo,
  requestTo,
  response,
  startFixedReceiver,
  startRawReceiver,
  startReceiver,
} from './receivers.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

it('an attempt sends the path, the headers and the body of a delivery', async () => {
  const requests: unknown[] = [];
  const receiver = await startReceiver((request, answer) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { connection: _connection, ...headers } = request.headers;
      requests.push([request.method, request.url, headers, Buffer.concat(parts).toString('utf8')]);
      answer.end();
    });
  });
  const headers = {
    'webhook-id': 'whd_01',
    'webhook-timestamp': '1772323200',
    'webhook-signature': 'v1,a= v1,b=',
    'Content-Type': 'text/html',
    'User-Agent': 'other',
  };
  const client = newClient();
  const url = `${receiver.url}/ü?a=b%20c`;
  expect(await client.post({ url, headers, body: '{"name":"Zoë 🏗"}' })).toEqual(response(200));
  const { 'Content-Type': _type, 'User-Agent': _agent, ...sent } = headers;
  const expected = {
    ...sent,
    host: `127.0.0.1:${receiver.port}`,
    'content-type': 'application/json',
    'content-length': '20',
    'user-agent': 'EscrowGrid-Webhooks',
  };
  expect(requests).toEqual([['POST', '/hook/%C3%BC?a=b%20c', expected, '{"name":"Zoë 🏗"}']]);
});

it.each([200, 201, 202, 204, 299, 304, 400, 401, 404, 410, 429, 500, 503, 599])(
  'a response with the status %i is returned',
  async (status) => {
    const receiver = await startReceiver((_request, answer) => answer.writeHead(status).end());
    expect(await postTo(receiver.url)).toEqual(response(status));
  },
);

it.each([301, 302, 303, 307, 308])('a redirect with the status %i is not followed', async (status) => {
  const target = await startRawReceiver(() => undefined);
  const receiver = await startReceiver((_request, answer) => answer.writeHead(status, { location: target.url }).end());
  expect(await postTo(receiver.url)).toEqual(response(status));
  expect([receiver.sockets.length, target.sockets.length]).toEqual([1, 0]);
});

it.each([
  ['120', 120_000],
  ['Sun, 01 Mar 2026 00:01:00 GMT', 60_000],
  ['soon', null],
])('Retry-After: %s is part of the outcome', async (value, retryAfterMs) => {
  const receiver = await startReceiver((_request, answer) => answer.writeHead(429, { 'retry-after': value }).end());
  const clock = (): number => Date.parse('2026-03-01T00:00:00Z');
  expect(await postTo(receiver.url, { clock })).toEqual(response(429, retryAfterMs));
});

it.each([
  ['informational responses', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`],
  ['a response of HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nthanks'],
  ['a body that is shorter than announced', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthanks'],
  ['a body with a wrong encoding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  [
    'a body that is not what its header says',
    'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx',
  ],
  ['more bytes after the response', `${OK}garbage`],
])('a receiver that sends %s has received the delivery', async (_what, text) => {
  const receiver = await startFixedReceiver(text);
  expect(await postTo(receiver.url)).toEqual(response(200));
  await closed(receiver.sockets[0]);
});

it.each([
  ['a text', 'Hello!\r\n\r\n'],
  ['the greeting of SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['a TLS alert', '\x15\x03\x01\x00\x02\x02\x46'],
  ['another protocol', 'ICY 200 OK\r\n\r\n'],
  ['no status', 'HTTP/1.1\r\n\r\n'],
  ['a status below the range', 'HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n'],
  ['a status above the range', 'HTTP/1.1 999 High\r\nContent-Length: 0\r\n\r\n'],
  ['a change of the protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['a control character in a header', 'HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n'],
  ['headers without end', `HTTP/1.1 200 OK\r\n${'X-Header: 0123456789\r\n'.repeat(1000)}`],
  ['one large header', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`],
])('a receiver that sends %s has no valid response', async (_what, text) => {
  const receiver = await startFixedReceiver(text, false);
  expect(await postTo(receiver.url)).toEqual(failure('INVALID_RESPONSE'));
  await closed(receiver.sockets[0]);
});

it.each<[string, (socket: Socket) => void]>([
  ['closes the connection at once', (socket) => socket.end()],
  ['resets the connection at once', (socket) => socket.resetAndDestroy()],
  ['closes the connection after the request', (socket) => socket.once('data', () => socket.end())],
  ['resets the connection after the request', (socket) => socket.once('data', () => socket.resetAndDestroy())],
  ['closes it within the headers', (socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nX: '))],
])('a receiver that %s has no connection, and the request is not sent again', async (_what, onConnection) => {
  const receiver = await startRawReceiver(onConnection);
  expect(await postTo(receiver.url)).toEqual(failure('CONNECTION'));
  expect(receiver.sockets).toHaveLength(1);
});

it('a port on which nothing listens refuses the connection', async () => {
  const receiver = await startRawReceiver(() => undefined);
  expect(await postTo(`http://127.0.0.1:1/?${receiver.port}`)).toEqual(failure('CONNECTION'));
});

it.each<[string, (socket: Socket) => void]>([
  ['never answers', () => undefined],
  [
    'sends its headers slowly',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nX: ');
      const timer = setInterval(() => socket.write('a'), 20);
      socket.once('close', () => clearInterval(timer));
    },
  ],
  [
    'sends informational responses without end',
    (socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'), 5);
      socket.once('close', () => clearInterval(timer));
    },
  ],
])('an attempt at a receiver that %s ends at the time limit', async (_what, onConnection) => {
  const receiver = await startRawReceiver((socket) => {
    socket.resume();
    onConnection(socket);
  });
  expect(await postTo(receiver.url, { timeoutMs: HANG_TIMEOUT_MS })).toEqual(failure('TIMEOUT'));
  await closed(receiver.sockets[0]);
});

it('an endless body does not delay the outcome, and its connection is closed', async () => {
  const receiver = await startReceiver((_request, answer) => {
    const write = (): void => {
      while (!answer.destroyed && answer.write('a'.repeat(10_000)));
    };
    answer.on('drain', write);
    write();
  });
  expect(await postTo(receiver.url)).toEqual(response(200));
  await closed(receiver.sockets[0]);
});

it('a body that never ends does not delay the outcome, and its connection is closed', async () => {
  const receiver = await startReceiver((_request, answer) => answer.write('a'));
  expect(await postTo(receiver.url)).toEqual(response(200));
  await closed(receiver.sockets[0]);
});

it('a response before the body was sent is the outcome, and the connection is closed', async () => {
  const receiver = await startRawReceiver((socket) => {
    socket.once('data', () => {
      socket.pause();
      socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n');
    });
  });
  const client = newClient({ socketsPerHost: 1 });
  const body = 'a'.repeat(20_000_000);
  expect(await client.post({ ...requestTo(receiver.url), body })).toEqual(response(413));
  // The next attempt has to wait until the connection is closed, because the receiver reads no more of it.
  expect(await client.post(requestTo(receiver.url))).toEqual(response(413));
  expect(receiver.sockets).toHaveLength(2);
});

it('the response of a receiver that closes the connection without reading is the outcome', async () => {
  const receiver = await startFixedReceiver('HTTP/1.1 410 Gone\r\nConnection: close\r\n\r\n');
  const body = 'a'.repeat(20_000);
  expect(await newClient().post({ ...requestTo(receiver.url), body })).toEqual(response(410));
});
