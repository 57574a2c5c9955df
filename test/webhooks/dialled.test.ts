import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { type AddressInfo, isIPv4 } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Resolve } from '../../src/webhooks/resolve.ts';
import { HAS_OPENSSL, newCertificate } from '../support/certificates.ts';
import { atFileEnd } from '../support/fileEnd.ts';
import {
  failure,
  HANG_TIMEOUT_MS,
  newClient,
  postTo,
  type Receiver,
  requestTo,
  response,
  startFixedReceiver,
  startRawReceiver,
  startReceiver,
} from './receivers.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
const NOT_ALLOWED = failure('ADDRESS_NOT_ALLOWED');
const resolvesTo =
  (...addresses: readonly string[]): Resolve =>
  async () =>
    addresses;

afterEach(() => vi.unstubAllEnvs());

const startForbidden = (): Promise<Receiver> => startFixedReceiver(OK);

it.each([
  (port: number) => `https://127.0.0.1:${port}/`,
  (port: number) => `https://2130706433:${port}/`,
  (port: number) => `https://0x7f.1:${port}/`,
  (port: number) => `https://[::ffff:127.0.0.1]:${port}/`,
  (port: number) => `https://0.0.0.0:${port}/`,
  (port: number) => `https://localhost:${port}/`,
  (port: number) => `http://127.0.0.1:${port}/`,
  (port: number) => `http://example.com:${port}/`,
  (port: number) => `ftp://127.0.0.1:${port}/`,
  () => 'no URL',
])('%s is not dialled', async (urlOf) => {
  const receiver = await startForbidden();
  const resolve: Resolve = async (hostname) => (hostname === 'localhost' ? ['127.0.0.1', '::1'] : ['8.8.8.8']);
  expect(await postTo(urlOf(receiver.port), { allowPrivate: false, resolve })).toEqual(NOT_ALLOWED);
  expect(receiver.sockets).toHaveLength(0);
});

it.each([
  [['127.0.0.1']],
  [['10.0.0.1']],
  [['169.254.169.254']],
  [['::1']],
  [['::ffff:127.0.0.1']],
  [['64:ff9b::7f00:1']],
  [['fe80::1%lo']],
  [['8.8.8.8', '127.0.0.1']],
  [['127.0.0.1', '8.8.8.8']],
  [['not an address']],
])('a host that resolves to %j is not dialled', async (addresses) => {
  const receiver = await startForbidden();
  const url = `https://receiver.example:${receiver.port}/`;
  expect(await postTo(url, { allowPrivate: false, resolve: resolvesTo(...addresses) })).toEqual(NOT_ALLOWED);
  expect(receiver.sockets).toHaveLength(0);
});

it.each<[string, Resolve]>([
  ['has no address', resolvesTo()],
  ['cannot be resolved', () => Promise.reject(new Error('ENOTFOUND'))],
])('a host that %s is a DNS error', async (_what, resolve) => {
  expect(await postTo('https://receiver.example/', { allowPrivate: false, resolve })).toEqual(failure('DNS'));
});

it('a host whose DNS server never answers ends at the time limit', async () => {
  const resolve: Resolve = () => new Promise(() => undefined);
  const outcome = await postTo('https://receiver.example/', {
    allowPrivate: false,
    resolve,
    timeoutMs: HANG_TIMEOUT_MS,
  });
  expect(outcome).toEqual(failure('TIMEOUT'));
});

it('a name of this computer is resolved by the system in development', async () => {
  const receiver = await startFixedReceiver(OK);
  expect(await postTo(`http://localhost:${receiver.port}/`)).toEqual(response(200));
});

describe('with 127.0.0.2 in the place of a public address', () => {
  const isAllowedAddress = (address: string): boolean => address === '127.0.0.2';

  /** Starts a public and a private receiver on the same port. */
  async function startBoth(): Promise<readonly [receiver: Receiver, forbidden: Receiver]> {
    const answer = (socket: {
      write(text: string): unknown;
      on(event: 'data', listener: () => void): unknown;
    }): void => {
      socket.on('data', () => socket.write(OK));
    };
    const receiver = await startRawReceiver(answer, { host: '127.0.0.2' });
    return [receiver, await startRawReceiver(answer, { port: receiver.port })];
  }

  it('a host that resolves to 127.0.0.1 on the second look-up is dialled at the address that was checked', async () => {
    const [receiver, forbidden] = await startBoth();
    let lookups = 0;
    const resolve: Resolve = async () => {
      lookups += 1;
      return [lookups % 2 === 1 ? '127.0.0.2' : '127.0.0.1'];
    };
    const client = newClient({ socketsPerHost: 1, isAllowedAddress, resolve });
    const request = requestTo(`http://receiver.example:${receiver.port}/`);
    expect(await client.post(request)).toEqual(response(200));
    expect([lookups, receiver.sockets.length]).toEqual([1, 1]);
    // While the connection is kept, there is no other look-up.
    expect(await client.post(request)).toEqual(response(200));
    expect([lookups, receiver.sockets.length]).toEqual([1, 1]);
    for (const socket of receiver.sockets) socket.destroy();
    expect(await client.post(request)).toEqual(NOT_ALLOWED);
    expect(await client.post(request)).toEqual(response(200));
    expect([lookups, receiver.sockets.length, forbidden.sockets.length]).toEqual([3, 2, 0]);
  });

  it('a request that is sent again after a lost connection is checked again', async () => {
    const receiver = await startRawReceiver(
      (socket) => {
        let requests = 0;
        socket.on('data', () => {
          requests += 1;
          if (requests === 1) socket.write(OK);
          else socket.resetAndDestroy();
        });
      },
      { host: '127.0.0.2' },
    );
    const forbidden = await startRawReceiver(() => undefined, { port: receiver.port });
    const answers = ['127.0.0.2', '127.0.0.1'];
    const client = newClient({ socketsPerHost: 1, isAllowedAddress, resolve: async () => [answers.shift() ?? ''] });
    const request = requestTo(`http://receiver.example:${receiver.port}/`);
    expect(await client.post(request)).toEqual(response(200));
    expect(await client.post(request)).toEqual(NOT_ALLOWED);
    expect([receiver.sockets.length, forbidden.sockets.length]).toEqual([1, 0]);
  });

  it('a connection to another address than the checked one is closed before anything is sent', async () => {
    const receiver = await startForbidden();
    let isFirst = true;
    const isAllowedAtFirst = (): boolean => {
      const isAllowed = isFirst;
      isFirst = false;
      return isAllowed;
    };
    const client = newClient({ isAllowedAddress: isAllowedAtFirst, resolve: resolvesTo('127.0.0.1') });
    expect(await client.post(requestTo(`http://receiver.example:${receiver.port}/`))).toEqual(NOT_ALLOWED);
    expect(receiver.received()).toBe('');
  });

  it('the next address of a host is tried when the first refuses the connection', async () => {
    const receiver = await startRawReceiver((socket) => socket.on('data', () => socket.write(OK)), {
      host: '127.0.0.2',
    });
    const resolve = resolvesTo('127.0.0.3', '::1', '127.0.0.2');
    expect(await postTo(`http://receiver.example:${receiver.port}/`, { resolve })).toEqual(response(200));
  });
});

it('proxies of the environment are not used', async () => {
  const proxy = await startRawReceiver(() => undefined);
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']) {
    vi.stubEnv(name, proxy.url);
  }
  vi.stubEnv('NODE_USE_ENV_PROXY', '1');
  vi.stubEnv('NO_PROXY', '');
  const receiver = await startFixedReceiver(OK);
  expect(await postTo(receiver.url)).toEqual(response(200));
  expect(proxy.sockets).toHaveLength(0);
});

describe.skipIf(!HAS_OPENSSL)('TLS (needs the Debian package openssl)', () => {
  async function startTls(
    name: string,
  ): Promise<{ readonly url: string; readonly ca: string; readonly requests: string[] }> {
    const { certificate, key } = newCertificate(name);
    const requests: string[] = [];
    const ca = readFileSync(certificate, 'utf8');
    const server = createServer({ cert: ca, key: readFileSync(key) }, (request, answer) => {
      requests.push(request.url ?? '');
      answer.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    atFileEnd(() => {
      server.closeAllConnections();
      server.close();
    });
    return { url: `https://receiver.example:${(server.address() as AddressInfo).port}/tls`, ca, requests };
  }
  const resolve = resolvesTo('127.0.0.1');
  const options = { allowPrivate: false, isAllowedAddress: isIPv4, resolve };

  it('a receiver with a valid certificate receives deliveries', async () => {
    const { url, ca, requests } = await startTls('receiver.example');
    const client = newClient({ ...options, ca });
    expect(await client.post(requestTo(url))).toEqual(response(200));
    expect(await client.post(requestTo(url))).toEqual(response(200));
    expect(requests).toEqual(['/tls', '/tls']);
  });

  it('a self-signed certificate is refused, also if the environment turns verification off', async () => {
    const { url, requests } = await startTls('receiver.example');
    expect(await postTo(url, options)).toEqual(failure('TLS'));
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    expect(await postTo(url, options)).toEqual(failure('TLS'));
    expect(requests).toEqual([]);
  });

  it('the certificate of another host is refused', async () => {
    const { url, ca, requests } = await startTls('other.example');
    expect(await postTo(url, { ...options, ca })).toEqual(failure('TLS'));
    expect(requests).toEqual([]);
  });

  it('http to a port with TLS has no valid response', async () => {
    const { url, requests } = await startTls('receiver.example');
    const outcome = await postTo(url.replace('https:', 'http:'), { resolve });
    expect([failure('INVALID_RESPONSE'), failure('CONNECTION')]).toContainEqual(outcome);
    expect(requests).toEqual([]);
  });
});

it('a receiver without TLS is a TLS error for https', async () => {
  const receiver = await startFixedReceiver(OK);
  expect(await postTo(receiver.url.replace('http:', 'https:'))).toEqual(failure('TLS'));
});

it('a receiver that never completes TLS ends at the time limit', async () => {
  const receiver = await startRawReceiver((socket) => socket.resume());
  const outcome = await postTo(receiver.url.replace('http:', 'https:'), { timeoutMs: HANG_TIMEOUT_MS });
  expect(outcome).toEqual(failure('TIMEOUT'));
});

it('the handshake of a connection to another address than the checked one is not started', async () => {
  const receiver = await startReceiver(() => undefined);
  let isFirst = true;
  const isAllowedAddress = (): boolean => {
    const isAllowed = isFirst;
    isFirst = false;
    return isAllowed;
  };
  const url = `https://receiver.example:${receiver.port}/`;
  expect(await postTo(url, { allowPrivate: false, isAllowedAddress, resolve: resolvesTo('127.0.0.1') })).toEqual(
    NOT_ALLOWED,
  );
  expect(receiver.received()).toBe('');
});
