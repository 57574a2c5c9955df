import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { DEFAULTS } from '../../src/settings.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { resultOf } from '../support/eventSource.ts';
import { callKey, newKey, serveKeys } from '../support/keyed.ts';
import { beginningOf, openWorld, subscribe, type World } from './eventWorld.ts';

const ends: (() => Promise<void>)[] = [];
const atEnd = (end: () => Promise<void>): void => void ends.push(end);
afterAll(async () => {
  for (const end of ends) await end();
});

describe('the id of a server-sent event', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld(serveKeys(createMemoryStore()), atEnd);
  });

  it('the id of an event is the cursor of its change, including CAUGHT_UP', async () => {
    const stream = await subscribe(world);
    const first = await stream.next();
    await world.create('One');
    const second = await stream.next();
    const cursors = [first, second].map((event) => resultOf(event).data?.['chatSessionChanged']?.cursor);
    expect([first?.id, second?.id]).toEqual(cursors);
    expect(new Set(cursors).size).toBe(2);
    expect(stream.text).toMatch(/^:\n\nid: [\w-]{64}\nevent: next\ndata: \{.*\}\n\nid: [\w-]{64}\nevent: next\ndata: /);
  });

  it.each(['chatSessionChanged', 'positionChanged', 'chatMessageChanged'])(
    'events of %s have an id even if the document does not select the cursor',
    async (field) => {
      const stream = await subscribe(world, { query: `subscription { renamed: ${field} { kind } }` });
      expect(await stream.next()).toMatchObject({
        id: expect.stringMatching(/^[\w-]{64}$/),
        data: '{"data":{"renamed":{"kind":"CAUGHT_UP"}}}',
      });
    },
  );

  it('pings, errors that end the stream and `complete` have no id', async () => {
    const pings: (() => void)[] = [];
    vi.spyOn(globalThis, 'setInterval').mockImplementation(((ping: () => void) => void pings.push(ping)) as never);
    onTestFinished(() => void vi.restoreAllMocks());
    const key = await newKey(world.server, world.institutionId);
    const stream = await subscribe({ ...world, token: key.token });
    const { id } = (await stream.next()) ?? {};
    pings.forEach((ping) => ping());
    await callKey(world.server, 'revokeApiKey', { apiKeyId: key.id });
    expect(await stream.next()).toEqual({
      id: undefined,
      type: 'next',
      data: expect.stringContaining('UNAUTHENTICATED'),
    });
    expect(await stream.next()).toEqual({ id: undefined, type: 'complete', data: '' });
    expect(await stream.next()).toBeUndefined();
    expect(stream.text.split('\n\n')).toEqual([
      ':',
      expect.stringContaining(`id: ${id}\n`),
      ':',
      expect.not.stringContaining('id:'),
      'event: complete\ndata:',
      '',
    ]);
  });

  it('an event whose change could not be sent has no id, so that the change is sent again', async () => {
    const responses = { ...DEFAULTS.responses, bytes: 4_000 };
    const small = await openWorld(serveKeys(createMemoryStore(), { settings: { responses } }), atEnd);
    const query = `subscription { chatSessionChanged { chatSession { title ${'a b c d e f g h'.replaceAll(/\w/g, (name) => `${name}: title`)} } } }`;
    const stream = await subscribe(small, { query });
    const before = (await stream.next())?.id ?? '';
    await small.create('x'.repeat(200));
    await small.create('€'.repeat(200));
    await small.create('Small');
    const events = [await stream.next(), await stream.next(), await stream.next()];
    expect(events.map((event) => [event?.id !== undefined, resultOf(event).errors?.[0]?.extensions?.code])).toEqual([
      [true, undefined],
      [false, 'QUERY_TOO_COMPLEX'],
      [true, undefined],
    ]);
    const again = events[0]?.id ?? before;
    expect(await beginningOf(small, { headers: { 'last-event-id': again } })).toEqual(['€'.repeat(200), 'Small']);
  });

  it('streams and errors are sent without caching and proxy buffering', async () => {
    for (const query of [
      'subscription { chatSessionChanged { kind } }',
      'subscription { nothing }',
      '{ __typename }',
    ]) {
      const { response } = await subscribe(world, { query });
      expect([query, response.statusCode, response.headers]).toEqual([
        query,
        200,
        expect.objectContaining({
          'content-type': 'text/event-stream',
          'cache-control': 'no-store, no-transform',
          'x-accel-buffering': 'no',
        }),
      ]);
    }
  });
});
