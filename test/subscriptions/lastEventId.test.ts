import type { ClientRequest } from 'node:http';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { COUNTS, SEED } from '../counts.ts';
import { openEvents, reconnectingEvents, resultOf } from '../support/eventSource.ts';
import { callKey, newInstitution, newKey, serveKeys } from '../support/keyed.ts';
import { greeted, overSocket } from '../support/keyedLive.ts';
import { sendRaw } from '../support/rawHttp.ts';
import { onBothStores } from '../support/stores.ts';
import { bearer, beginningOf, openWorld, SESSIONS, subscribe, titleOf, type World } from './eventWorld.ts';

const ends: (() => Promise<void>)[] = [];
const atEnd = (end: () => Promise<void>): void => void ends.push(end);
afterAll(async () => {
  for (const end of ends) await end();
});

describe('the header Last-Event-ID', () => {
  let world: World;
  /** The cursors of CAUGHT_UP and of three changes. */
  let cursors: readonly string[] = [];
  const header = (value: string | readonly string[]) => ({ headers: { 'last-event-id': value } });
  beforeAll(async () => {
    world = await openWorld(serveKeys(createMemoryStore()), atEnd);
    const stream = await openEvents(world.address, { query: SESSIONS, headers: bearer(world.token) });
    cursors = [(await stream.next())?.id ?? ''];
    for (const title of ['One', 'Two', 'Three']) {
      await world.create(title);
      cursors = [...cursors, (await stream.next())?.id ?? ''];
    }
    stream.close();
  });

  it.each(['GET', 'POST'] as const)(
    'the header Last-Event-ID resumes a stream by %s and takes precedence over `after`',
    async (method) => {
      const baseRequest = { method, ...header(cursors[1] ?? '') };
      for (const variables of [
        {},
        { after: null },
        { after: cursors[0] },
        { after: cursors[3] },
        { after: 'nonsense' },
      ]) {
        const seen = await beginningOf(world, { ...baseRequest, variables });
        expect([variables, seen]).toEqual([variables, ['Two', 'Three']]);
      }
      const query = `subscription { chatSessionChanged(after: "${cursors[3]}") { kind chatSession { title } } }`;
      expect(await beginningOf(world, { ...baseRequest, query })).toEqual(['Two', 'Three']);
      const without = 'subscription { chatSessionChanged { kind chatSession { title } } }';
      expect(await beginningOf(world, { ...baseRequest, query: without })).toEqual(['Two', 'Three']);
    },
  );

  it.each(['', '  '])('an empty Last-Event-ID header is ignored: %j', async (empty) => {
    expect(await beginningOf(world, header(empty))).toEqual([]);
    expect(await beginningOf(world, { ...header(empty), variables: { after: cursors[2] } })).toEqual(['Three']);
  });

  it('an invalid Last-Event-ID header gets the error of an invalid `after`', async () => {
    const altered = cursors.map((cursor) => `${cursor.slice(0, -1)}${cursor.endsWith('A') ? 'B' : 'A'}`);
    const former = Buffer.from('0123456789ab.17').toString('base64url');
    const values = [
      'nonsense',
      'null',
      '*',
      '0',
      'x'.repeat(10_000),
      'é'.repeat(64),
      `${cursors[1]}=`,
      former,
      altered[1] ?? '',
    ];
    for (const value of values) {
      const [byHeader, byArgument] = [
        await beginningOf(world, header(value)),
        await beginningOf(world, { variables: { after: value } }),
      ];
      expect([value, byHeader]).toEqual([value, byArgument]);
      expect(['BAD_USER_INPUT', 'CURSOR_EXPIRED']).toContain(byHeader[0]);
    }
  });

  it('a repeated Last-Event-ID header is an error that names the header', async () => {
    const stream = await subscribe(world, header([cursors[1] ?? '', cursors[2] ?? '']));
    expect(resultOf(await stream.next())).toMatchObject({
      errors: [
        {
          message:
            'The header Last-Event-ID is not a change cursor. Send the `cursor` of the last change that you received.',
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ],
    });
  });

  it('a Last-Event-ID header that is too long or has control characters is rejected by HTTP', async () => {
    for (const [value, status] of [
      ['x'.repeat(20_000), 431],
      ['a\u0001b', 400],
      ['a\u0000b', 400],
    ] as const) {
      const bytes = `GET /graphql HTTP/1.1\r\nHost: a\r\nLast-Event-ID: ${value}\r\nConnection: close\r\n\r\n`;
      expect((await sendRaw(world.address, Buffer.from(bytes))).status).toBe(status);
    }
  });

  it('the header Last-Event-ID is ignored for queries, mutations and WebSockets', async () => {
    for (const value of ['nonsense', cursors[0] ?? '']) {
      const headers = { 'last-event-id': value };
      const read = await world.server.ask('{ chatSessions { totalCount } }', {}, world.token, headers);
      expect(read.data).toEqual({ chatSessions: { totalCount: expect.any(Number) } });
      const socket = await greeted(world.address, bearer(world.token), headers);
      const stream = overSocket(socket, '1', SESSIONS);
      expect(await stream.next()).toMatchObject({ data: { chatSessionChanged: { kind: 'CAUGHT_UP' } } });
    }
  });

  it('a stream is resumed with the rights of the API key that sends the header', async () => {
    const other = await newKey(world.server, await newInstitution(world.server, 'Other Bank'));
    const id = await world.create('Secret');
    const foreign = { ...world, token: other.token };
    // A cursor is a place in all changes; it reveals nothing that the API key may not see.
    for (const after of cursors) {
      expect(await beginningOf(foreign, header(after))).toEqual([]);
      expect(await beginningOf(foreign, { ...header(after), variables: { id } })).toEqual(['NOT_FOUND']);
    }
    await world.create('Own', other.token);
    expect(await beginningOf(foreign, header(cursors[0] ?? ''))).toEqual(['Own']);
    const messages = 'subscription { chatMessageChanged { kind } }';
    expect(await beginningOf(world, { query: messages, ...header(cursors[0] ?? '') })).toEqual([]);
    const ending = await newKey(world.server, world.institutionId);
    const revoked = { ...world, token: ending.token };
    expect(await beginningOf(revoked, header(cursors[2] ?? ''))).toEqual(['Three', 'Secret']);
    await callKey(world.server, 'revokeApiKey', { apiKeyId: ending.id });
    const { response } = await subscribe(revoked, header(cursors[2] ?? ''));
    expect(response.statusCode).toBe(401);
  });
});

onBothStores((open) => {
  it('a client that reconnects by itself receives each change exactly once', async () => {
    const world = await openWorld(serveKeys(await open()), atEnd);
    process.stdout.write(`Connections are cut with the seed ${SEED}\n`);
    const cuts = fc.sample(fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 3 }), {
      numRuns: 1_000,
      seed: SEED,
    });
    let [chunks, connections] = [0, 0];
    // Of some chunks only a part arrives before the connection breaks.
    const sink = (chunk: Buffer, sent: ClientRequest): Buffer => {
      const cut = cuts[chunks++ % cuts.length] ?? null;
      if (cut === null) return chunk;
      sent.destroy();
      connections += 1;
      return chunk.subarray(0, Math.floor(cut * (chunk.length + 1)));
    };
    const baseRequest = { query: SESSIONS, method: 'GET', headers: bearer(world.token) } as const;
    const events = reconnectingEvents(world.address, baseRequest, sink);
    let isOpen = false;
    const titles = Array.from({ length: COUNTS.reconnectedChanges }, (_, index) => `Change ${index}`);
    const seen: unknown[] = [];
    for await (const event of events) {
      const change = resultOf(event).data?.['chatSessionChanged'];
      if (!isOpen) void createEach(world, titles);
      isOpen = true;
      if (change?.kind !== 'CAUGHT_UP') seen.push(titleOf(change));
      if (seen.length >= titles.length) break;
    }
    expect(seen).toEqual(titles);
    expect(connections).toBeGreaterThan(1);
  });
});

async function createEach(world: World, titles: readonly string[]): Promise<void> {
  for (const title of titles) await world.create(title);
}
