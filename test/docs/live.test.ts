import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { createClient } from 'graphql-ws';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { AsyncFunction } from '../support/asyncFunction.ts';
import { codeBlocks, scriptOf, sectionOf } from '../support/documents.ts';
import { newInstitution, newKey, serveKeys } from '../support/keyed.ts';
import { listeningWithKeys } from '../support/keyedLive.ts';

interface Served {
  readonly address: string;
  /** The token of an API key. */
  readonly token: string;
  /** Posts a chat message in a new chat session of the institution of the API key. */
  readonly post: () => Promise<void>;
}

/** Starts a server with an institution that has an API key. The server stops when the test has finished. */
async function serve(): Promise<Served> {
  const server = serveKeys(createMemoryStore());
  const address = await listeningWithKeys(server, onTestFinished);
  const { token } = await newKey(server, await newInstitution(server));
  const post = async (): Promise<void> => {
    const { data } = await server.ask<{ createChatSession: { chatSession: { id: string } } }>(
      `mutation { createChatSession(input: { title: "t", ownerReference: "o" }) {
        ... on CreateChatSessionPayload { chatSession { id } } } }`,
      {},
      token,
    );
    const input = { chatSessionId: data?.createChatSession.chatSession.id, authorReference: 'o', body: 'Accepted' };
    const mutation = 'mutation ($input: PostChatMessageInput!) { postChatMessage(input: $input) { __typename } }';
    await server.ask(mutation, { input }, token);
  };
  return { address, token, post };
}

const CAUGHT_UP = {
  data: { chatMessageChanged: { cursor: expect.any(String), kind: 'CAUGHT_UP', chatMessage: null } },
};
const CREATED = {
  data: {
    chatMessageChanged: {
      cursor: expect.any(String),
      kind: 'CREATED',
      chatMessage: expect.objectContaining({ body: 'Accepted', version: 1 }),
    },
  },
};

it('follows changes with the documented command for server-sent events', async () => {
  const { address, token, post } = await serve();
  const script = `KEY=${token}\n${scriptOf('docs/live.md', 'Server-sent events', address)}`;
  const shell = spawn('sh', ['-c', `exec 2>&1\n${script}`], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  onTestFinished(() => void (shell.pid && process.kill(-shell.pid)));
  const lines = createInterface(shell.stdout)[Symbol.asyncIterator]();
  const nextEvent = async (): Promise<unknown> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error('The command has ended.');
      if (value.startsWith('data: ')) return JSON.parse(value.slice('data: '.length));
    }
  };
  expect(await nextEvent()).toEqual(CAUGHT_UP);
  await post();
  expect(await nextEvent()).toEqual(CREATED);
});

it('follows changes with the documented program for WebSocket', async () => {
  const { address, token, post } = await serve();
  const [code = ''] = codeBlocks(sectionOf('docs/live.md', 'WebSocket'), 'js');
  const program = new AsyncFunction('createClient', 'key', 'after', 'console', code);
  const clients: ReturnType<typeof createClient>[] = [];
  const create = (options: Parameters<typeof createClient>[0]) => {
    const client = createClient({ ...options, url: address.replace('http', 'ws'), webSocketImpl: WebSocket });
    clients.push(client);
    return client;
  };
  const printed: unknown[] = [];
  const END = new Error('The program has printed both changes.');
  const log = (data: unknown, errors: unknown): void => {
    printed.push({ data, errors });
    if (printed.length > 1) throw END;
    void post();
  };
  await expect(program(create, token, null, { log })).rejects.toBe(END);
  expect(printed).toEqual([CAUGHT_UP, CREATED]);
  for (const client of clients) await client.dispose();
});
