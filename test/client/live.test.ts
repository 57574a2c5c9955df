import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createApp } from '../../src/app.ts';
import {
  ChatMessageChangedDocument,
  type ChatMessageChangedSubscription,
  ChatMessagesDocument,
  type Client,
  type ClientOptions,
  CreateChatSessionDocument,
  createClient,
  EscrowGridError,
  type LiveItem,
  liveStore,
  PositionChangedDocument,
  PostChatMessageDocument,
  type Socket,
  type TypedDocument,
  unwrap,
} from '../../src/client/index.ts';
import { createMemoryStore, type MemoryStore } from '../../src/store/memory/index.ts';
import { ROOT_TOKEN } from '../support/endpoint.ts';
import { clientWorld, newApiKey, rejectionOf } from './world.ts';

/** A mutation that creates an institution with the root key. */
const CREATE_INSTITUTION = `mutation { createInstitution(input: { name: "Quay", regions: [US] }) {
  ... on CreateInstitutionPayload { institution { id } } } }` as TypedDocument<
  { readonly createInstitution: { readonly institution: { readonly id: string } } },
  object
>;

const APPLY = `mutation ($input: ApplyPositionsInput!) { applyPositions(input: $input) { __typename } }`;
const HOLDERS = `subscription ($after: String) {
  positionChanged(after: $after) { cursor kind position { holderReference } } }` as TypedDocument<
  { readonly positionChanged: { readonly position: { readonly holderReference: string } } },
  object
>;

/** Starts a server on the store. */
async function startServer(store: MemoryStore) {
  const app = createApp({ store, rootToken: ROOT_TOKEN, onInternalError: (_id, error) => expect.fail(String(error)) });
  app.start();
  const listening = await app.listen(0, '127.0.0.1');
  const stop = async (): Promise<void> => {
    await app.stop();
    await listening.close();
  };
  return { origin: listening.origin, stop };
}

type Item = LiveItem<ChatMessageChangedSubscription>;

const world = clientWorld();
const TRANSPORTS: readonly (readonly [name: string, options: Partial<ClientOptions>])[] = [
  ['server-sent events', {}],
  ['WebSocket', { transport: 'websocket', webSocket: WebSocket }],
];

let chatSessionId: string;
beforeEach(async () => {
  const input = { ownerReference: 'ann', title: 'Pier 9' };
  const { createChatSession } = await world().client().execute(CreateChatSessionDocument, { input });
  chatSessionId = unwrap(createChatSession).chatSession.id;
});

/** Posts messages in order, one after the other. */
async function post(...bodies: readonly string[]): Promise<void> {
  const { execute } = createClient({ url: world().endpoint.url, key: world().endpoint.houses[0].admin });
  for (const body of bodies) {
    unwrap(
      (await execute(PostChatMessageDocument, { input: { chatSessionId, authorReference: 'ann', body } }))
        .postChatMessage,
    );
  }
}

/** Follows the messages of the chat session until the test has finished. */
function follow(client: Client, after?: string) {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const items = client.live(ChatMessageChangedDocument, { chatSessionId, after }, { signal: controller.signal });
  const next = async (): Promise<Item | undefined> => {
    const { value, done } = await items.next();
    return done ? undefined : value;
  };
  /** Returns the next item of the type, and expects nothing before it but disconnections. */
  const nextOf = async <N extends Item['type']>(type: N): Promise<Extract<Item, { type: N }>> => {
    for (;;) {
      const item = await next();
      if (item?.type === type) return item as Extract<Item, { type: N }>;
      expect(item?.type).toBe('DISCONNECTED');
    }
  };
  /** Returns the bodies of the next messages, in order. */
  const bodies = async (count: number): Promise<readonly unknown[]> => {
    const seen: unknown[] = [];
    while (seen.length < count) {
      const item = await next();
      if (item?.type === 'CHANGE') seen.push(item.data.chatMessageChanged.chatMessage?.body);
    }
    return seen;
  };
  return { items, controller, next, nextOf, bodies };
}

describe.each(TRANSPORTS)('live over %s', (_name, options) => {
  it('says when to load the lists, then delivers each change, and ends when the signal is aborted', async () => {
    const { controller, next, bodies } = follow(world().client(options));
    expect(await next()).toEqual({ type: 'RELOAD', cursor: expect.any(String) });
    await post('one', 'two');
    expect(await bodies(2)).toEqual(['one', 'two']);
    const last = next();
    controller.abort();
    expect(await last).toBeUndefined();
  });

  it('neither loses nor repeats a change while connections are lost again and again', async () => {
    const { relay, client } = world();
    const { nextOf, bodies } = follow(client(options));
    await nextOf('RELOAD');
    const all: string[] = [];
    for (const round of ['1', '2', '3']) {
      const each = ['a', 'b', 'c'].map((letter) => `${letter}${round}`);
      all.push(...each);
      await post(...each);
      relay.cut();
    }
    expect(await bodies(all.length)).toEqual(all);
  });

  it('continues after the cursor of the caller', async () => {
    const first = follow(world().client(options));
    await first.nextOf('RELOAD');
    await post('one', 'two');
    const { cursor } = await first.nextOf('CHANGE');
    await first.items.return();
    const second = follow(world().client(options), cursor);
    expect(await second.bodies(1)).toEqual(['two']);
    expect(await second.next()).toMatchObject({ type: 'CAUGHT_UP' });
  });

  it('continues on another server when a server stops', async () => {
    const { relay, client, endpoint } = world();
    const former = relay.target;
    const { origin, stop } = await startServer(endpoint.store);
    relay.target = Number(new URL(origin).port);
    relay.cut();
    const { nextOf, bodies } = follow(client(options));
    await nextOf('RELOAD');
    await post('before');
    expect(await bodies(1)).toEqual(['before']);
    relay.target = former;
    await stop();
    await post('meanwhile');
    expect(await nextOf('DISCONNECTED')).toMatchObject({ error: { code: 'SERVICE_UNAVAILABLE' } });
    expect(await bodies(1)).toEqual(['meanwhile']);
  });

  it('waits for a server that is away', async () => {
    const { relay, client } = world();
    const { nextOf, bodies } = follow(client(options));
    await nextOf('RELOAD');
    await relay.away();
    await post('meanwhile');
    expect(await nextOf('DISCONNECTED')).toMatchObject({ error: { code: 'NETWORK_ERROR' } });
    expect(await nextOf('DISCONNECTED')).toMatchObject({ error: { code: 'NETWORK_ERROR' } });
    await relay.back();
    expect(await bodies(1)).toEqual(['meanwhile']);
  });

  it('starts over and says so when its cursor has expired', async () => {
    const { relay, client } = world();
    const other = await startServer(createMemoryStore());
    onTestFinished(other.stop);
    const elsewhere = createClient({ url: `${other.origin}/graphql`, key: ROOT_TOKEN });
    const { createInstitution } = await elsewhere.execute(CREATE_INSTITUTION);
    const stream = elsewhere.live(PositionChangedDocument, { institutionId: createInstitution.institution.id });
    const { value } = await stream.next();
    await stream.return();
    const cursor = value?.type === 'RELOAD' ? value.cursor : '';

    const { next, bodies } = follow(client(options), cursor);
    expect(await next()).toMatchObject({ type: 'DISCONNECTED', error: { code: 'CURSOR_EXPIRED' } });
    expect(await next()).toMatchObject({ type: 'RELOAD' });
    relay.cut();
    await post('one');
    expect(await bodies(1)).toEqual(['one']);
  });

  it('ends with the error of an invalid API key, and of an object that does not exist', async () => {
    const wrong = follow(world().client({ ...options, key: 'eg_0000_wrong' }));
    expect(await rejectionOf(wrong.next())).toMatchObject({ code: 'UNAUTHENTICATED' });
    const stream = world().client(options).live(ChatMessageChangedDocument, { chatSessionId: 'chat_none' });
    expect(await rejectionOf(stream.next())).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('continues with another API key when its API key is revoked', async () => {
    const { client, endpoint } = world();
    const { token, revoke } = await newApiKey(client());
    let key = token;
    const { nextOf, bodies } = follow(client({ ...options, key: () => key }));
    await nextOf('RELOAD');
    key = endpoint.houses[0].admin;
    await revoke();
    expect(await nextOf('DISCONNECTED')).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
    await post('one');
    expect(await bodies(1)).toEqual(['one']);
  });

  it('opens a connection again on which nothing arrives any more', async () => {
    const { relay, client } = world();
    const { nextOf, bodies } = follow(client({ ...options, idleTimeoutMs: 300 }));
    await nextOf('RELOAD');
    relay.isStalled = true;
    await post('meanwhile');
    expect(await nextOf('DISCONNECTED')).toMatchObject({ error: { code: 'NETWORK_ERROR' } });
    relay.isStalled = false;
    expect(await bodies(1)).toEqual(['meanwhile']);
  });

  it('delivers everything to a consumer that reads slowly', async () => {
    const { client, endpoint } = world();
    const { assetId } = endpoint.houses[0].deal;
    const stream = client(options).live(HOLDERS);
    onTestFinished(async () => void (await stream.return()));
    expect((await stream.next()).value).toMatchObject({ type: 'RELOAD' });
    const holders = Array.from({ length: 300 }, (_, index) => `holder ${index}`);
    const amount = { amount: '1.00', currencyCode: 'USD' };
    const operations = holders.map((holderReference) => ({ create: { assetId, holderReference, amount } }));
    await client().execute(APPLY, { input: { operations } });
    const seen: string[] = [];
    for await (const item of stream) {
      if (item.type === 'CHANGE') seen.push(item.data.positionChanged.position.holderReference);
      if (seen.length === holders.length) break;
    }
    expect(seen).toEqual(holders);
  });
});

it('closes a WebSocket whose results wait for a slow consumer, and resumes after the last of them', async () => {
  const total = 1_500;
  /** One change that is being read, and those that wait. */
  const received = 1 + 1_000;
  const asked: unknown[] = [];
  let isClosed = false;
  /** Sends the changes after the cursor at once, as a fast server does. */
  class FloodingSocket {
    readonly #listeners = new Map<string, Parameters<Socket['addEventListener']>[1]>();
    addEventListener(type: string, listener: Parameters<Socket['addEventListener']>[1]): void {
      this.#listeners.set(type, listener);
      if (type === 'open') queueMicrotask(() => listener({ type }));
    }
    send(text: string): void {
      const { type, payload } = JSON.parse(text) as {
        readonly type: string;
        readonly payload: { readonly variables: object };
      };
      if (type === 'connection_init') return this.#receive({ type: 'connection_ack' });
      asked.push(payload.variables);
      const { after } = payload.variables as { readonly after: string | null };
      for (let cursor = Number(after) + 1; cursor <= total; cursor += 1) {
        this.#receive({ type: 'next', payload: { data: { changed: { cursor: String(cursor), kind: 'CREATED' } } } });
      }
    }
    close(): void {
      isClosed = true;
    }
    #receive(message: object): void {
      this.#listeners.get('message')?.({ type: 'message', data: JSON.stringify(message) });
    }
  }
  const client = createClient({ url: 'http://unused', transport: 'websocket', webSocket: FloodingSocket });
  const stream = client.live('subscription ($after: String) { changed(after: $after) { cursor kind } }');
  const cursors: string[] = [];
  await stream.next().then(({ value }) => cursors.push(value?.type === 'CHANGE' ? value.cursor : ''));
  expect(isClosed).toBe(true);
  for await (const item of stream) {
    if (item.type === 'CHANGE') cursors.push(item.cursor);
    if (cursors.length === total) break;
  }
  expect(cursors).toEqual(Array.from({ length: total }, (_, index) => String(index + 1)));
  expect(asked).toEqual([{ after: null }, { after: String(received) }]);
});

describe('liveStore', () => {
  it('keeps a list up to date as long as it has listeners', async () => {
    const { live, execute } = world().client();
    const { subscribe, getSnapshot } = liveStore(
      (signal) => live(ChatMessageChangedDocument, { chatSessionId }, { signal }),
      async () => (await execute(ChatMessagesDocument, { chatSessionId })).chatSession?.messages?.nodes,
      ({ chatMessageChanged }) => chatMessageChanged.chatMessage,
    );
    const bodies = () => getSnapshot().rows.map(({ body }) => body);
    await post('one');
    expect(getSnapshot()).toEqual({ rows: [] });
    const [first, second] = [vi.fn<() => void>(), vi.fn<() => void>()];
    const leave = [subscribe(first), subscribe(second)];
    await vi.waitFor(() => expect(bodies()).toEqual(['one']));
    await post('two');
    await vi.waitFor(() => expect(bodies()).toEqual(['one', 'two']));
    expect(getSnapshot()).toBe(getSnapshot());
    leave[0]?.();
    await post('three');
    await vi.waitFor(() => expect(bodies()).toEqual(['one', 'two', 'three']));
    expect(second.mock.calls.length).toBeGreaterThan(first.mock.calls.length);
    leave[1]?.();
    await post('four');
    leave.push(subscribe(first));
    await vi.waitFor(() => expect(bodies()).toEqual(['one', 'two', 'three', 'four']));
    leave[2]?.();
  });

  it('keeps the newest version of a row, and reports why it is out of date', async () => {
    const row = (id: string, version: number) => ({ id, version });
    async function* items(): AsyncGenerator<LiveItem<ReturnType<typeof row> | null>> {
      yield { type: 'RELOAD', cursor: 'a' };
      yield { type: 'CHANGE', data: row('one', 2), cursor: 'b' };
      yield { type: 'CHANGE', data: row('two', 1), cursor: 'c' };
      yield { type: 'CHANGE', data: null, cursor: 'd' };
      throw new EscrowGridError('FORBIDDEN', 'No.');
    }
    const store = liveStore(
      () => items(),
      async () => [row('one', 3), row('three', 1)],
      (data) => data,
    );
    const leave = store.subscribe(() => undefined);
    await vi.waitFor(() => expect(store.getSnapshot().error?.code).toBe('FORBIDDEN'));
    expect(store.getSnapshot().rows).toEqual([row('one', 3), row('three', 1), row('two', 1)]);
    leave();
  });
});

it('reports that there is no WebSocket, as in Node.js before version 22', () => {
  vi.stubGlobal('WebSocket', undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
  const create = (): unknown => world().client({ transport: 'websocket' });
  expect(create).toThrow(expect.objectContaining({ code: 'INVALID_USAGE' }));
});

it.each([
  ['is a query', '{ viewer { role } }'],
  ['has no cursor to resume from', 'subscription { chatMessageChanged { cursor kind } }'],
  ['does not select the cursor', 'subscription ($after: String) { chatMessageChanged(after: $after) { kind } }'],
])('reports a document of a subscription that %s', async (_what, document) => {
  const error = await rejectionOf(world().client().live(document).next());
  expect(error).toMatchObject({ code: 'INVALID_USAGE' });
});
