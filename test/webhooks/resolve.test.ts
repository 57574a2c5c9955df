import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { resolveByDns, resolveBySystem } from '../../src/webhooks/resolve.ts';
import { atFileEnd } from '../support/fileEnd.ts';

const [A, AAAA] = [1, 28];

/** Starts a DNS server with the given records by type, as hexadecimal text. It ignores queries of other types. */
async function startDns(records: Readonly<Record<number, readonly string[]>>, code = 0) {
  const server: Socket = createSocket('udp4');
  const queries: number[] = [];
  server.on('message', (query, sender) => {
    const endOfQuestion = query.indexOf(0, 12) + 5;
    const type = query.readUInt16BE(endOfQuestion - 4);
    queries.push(type);
    const data = records[type];
    if (!data) return;
    const head = Buffer.from(query.subarray(0, endOfQuestion));
    head.writeUInt16BE(0x8180 | code, 2);
    head.writeUInt16BE(data.length, 6);
    head.fill(0, 8, 12);
    const answers = data.map((hex) => {
      const answer = Buffer.alloc(12);
      answer.writeUInt16BE(0xc00c, 0);
      answer.writeUInt16BE(type, 2);
      answer.writeUInt16BE(1, 4);
      answer.writeUInt16BE(hex.length / 2, 10);
      return Buffer.concat([answer, Buffer.from(hex, 'hex')]);
    });
    server.send(Buffer.concat([head, ...answers]), sender.port, sender.address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  atFileEnd(() => void server.close());
  return { servers: [`127.0.0.1:${server.address().port}`], queries };
}
const NEVER = new AbortController().signal;

it('DNS yields the addresses of both families', async () => {
  const { servers } = await startDns({
    [A]: ['08080808', '08080404'],
    [AAAA]: ['20014860486000000000000000008888'],
  });
  expect(await resolveByDns('receiver.example', NEVER, servers)).toEqual([
    '8.8.8.8',
    '8.8.4.4',
    '2001:4860:4860::8888',
  ]);
});

it('a host with addresses of one family is resolved', async () => {
  const { servers } = await startDns({ [A]: ['7f000001'], [AAAA]: [] });
  expect(await resolveByDns('receiver.example', NEVER, servers)).toEqual(['127.0.0.1']);
});

it('an unknown host has no address', async () => {
  const { servers } = await startDns({ [A]: [], [AAAA]: [] }, 3);
  expect(await resolveByDns('unknown.example', NEVER, servers)).toEqual([]);
});

it('a server of the receiver that never answers is given up when the signal is aborted', async () => {
  const { servers } = await startDns({});
  const controller = new AbortController();
  const resolved = resolveByDns('slow.example', controller.signal, servers);
  setImmediate(() => controller.abort());
  expect(await resolved).toEqual([]);
});

it('the resolver of the system knows the names of this computer', async () => {
  expect(await resolveBySystem('localhost', NEVER)).toContain('127.0.0.1');
});
