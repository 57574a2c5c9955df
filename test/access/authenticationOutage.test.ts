import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { UnavailableError } from '../../src/store/errors.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import type { Store } from '../../src/store/store.ts';
import { keyOf } from '../support/rlsFixture.ts';
import { type KeyedServer, ROOT_TOKEN, serveKeyed } from '../support/serveKeyed.ts';

const MADE = `mutation { createInstitution(input: { name: "Harbor Bank", regions: [US] }) {
  ... on CreateInstitutionPayload { institution { id } } } }`;

/** Starts a server whose store fails with the given error whenever it looks up an API key. */
async function failing(fault: Error): Promise<{ readonly server: KeyedServer; readonly token: string }> {
  const store = createMemoryStore();
  const server = serveKeyed(store);
  const { text } = await server.ask(ROOT_TOKEN, MADE);
  const institutionId = /inst_[0-9a-z]{26}/.exec(text)?.[0];
  const { token } = await keyOf(server, { institutionId, label: 'key', role: 'ADMIN' });
  const away: Store = {
    ...store,
    read: (scope, until) => {
      const read = store.read(scope, until);
      return { ...read, apiKeys: { ...read.apiKeys, pages: () => Promise.reject(fault) } };
    },
  };
  return { server: serveKeyed(away), token };
}

it('an API key that cannot be looked up is answered with SERVICE_UNAVAILABLE, without the cause', async () => {
  const { server, token } = await failing(new UnavailableError('secret words'));
  const { status, text } = await server.ask(token, '{ viewer { role } }');
  expect(status).toBe(503);
  expect(JSON.parse(text)).toEqual({
    errors: [{ message: expect.any(String) as string, extensions: { code: 'SERVICE_UNAVAILABLE' } }],
  });
  expect([text.includes('secret'), server.faults]).toEqual([false, []]);
});

it('an internal error during authentication returns only its error id', async () => {
  const fault = new Error('secret words');
  const { server, token } = await failing(fault);
  const { status, text } = await server.ask(token, '{ viewer { role } }');
  expect([status, text]).toEqual([
    500,
    expect.stringMatching(/"code":"INTERNAL_SERVER_ERROR","errorId":"[-0-9a-f]{36}"/),
  ]);
  expect(text).not.toMatch(/secret|\.ts/);
  expect(server.faults).toEqual([fault]);
});

it.each([
  ['is temporary', new UnavailableError('secret words'), 0],
  ['is internal', new Error('secret words'), 1],
])(
  'a WebSocket is closed with 1013 if the error of authentication %s, without revealing the cause',
  async (_which, fault, faults) => {
    const { server, token } = await failing(fault);
    const bound = await server.app.listen(0, '127.0.0.1');
    onTestFinished(() => bound.close());
    const socket = new WebSocket(`${bound.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init', payload: { 'x-api-key': token } }));
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([1013, 'Try again later']);
    expect(server.faults).toHaveLength(faults);
  },
);

it('a credential within an operation is also rejected over WebSocket, before anything repeats it', async () => {
  const server = serveKeyed(createMemoryStore());
  const bound = await server.app.listen(0, '127.0.0.1');
  onTestFinished(() => bound.close());
  const socket = new WebSocket(`${bound.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { 'x-api-key': ROOT_TOKEN } }));
  await once(socket, 'message');
  const query = `{ node(id: "${ROOT_TOKEN}") { id } }`;
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
  const [message] = (await once(socket, 'message')) as [Buffer];
  expect(message.toString()).toContain('"code":"BAD_REQUEST"');
  expect(message.toString()).not.toContain(ROOT_TOKEN);
  socket.close();
});
