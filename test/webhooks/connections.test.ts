import { expect, it } from 'vitest';
import type { PostOutcome } from '../../src/webhooks/post.ts';
import { closed, failure, newClient, requestTo, response, startRawReceiver, startReceiver } from './receivers.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nthanks';

it('attempts to one host use one connection again', async () => {
  const receiver = await startReceiver((_request, answer) => answer.end('thanks'));
  const client = newClient({ socketsPerHost: 1 });
  for (let attempt = 0; attempt < 5; attempt += 1) {
    expect(await client.post(requestTo(receiver.url))).toEqual(response(200));
  }
  expect(receiver.sockets).toHaveLength(1);
});

it('a receiver that closes connections when they are used again receives each delivery', async () => {
  const requests: number[] = [];
  const receiver = await startRawReceiver((socket) => {
    const connection = receiver.sockets.length;
    socket.on('data', (part) => {
      if (!part.toString('latin1').startsWith('POST')) return;
      requests.push(connection);
      if (requests.filter((each) => each === connection).length === 1) socket.write(OK);
      else socket.resetAndDestroy();
    });
  });
  const client = newClient({ socketsPerHost: 1 });
  expect(await client.post(requestTo(receiver.url))).toEqual(response(200));
  expect(await client.post(requestTo(receiver.url))).toEqual(response(200));
  expect(requests).toEqual([1, 1, 2]);
});

it('a request is sent again only once', async () => {
  const receiver = await startRawReceiver((socket) => {
    const isFirst = receiver.sockets.length === 1;
    let isUsed = false;
    socket.on('data', () => {
      if (isFirst && !isUsed) socket.write(OK);
      else socket.resetAndDestroy();
      isUsed = true;
    });
  });
  const client = newClient({ socketsPerHost: 1 });
  expect(await client.post(requestTo(receiver.url))).toEqual(response(200));
  expect(await client.post(requestTo(receiver.url))).toEqual(failure('CONNECTION'));
  expect(receiver.sockets).toHaveLength(2);
});

it('a connection that the receiver closed while it was idle is replaced', async () => {
  const receiver = await startReceiver((_request, answer) => answer.end());
  const client = newClient();
  for (const _ of [1, 2, 3]) {
    expect(await client.post(requestTo(receiver.url))).toEqual(response(200));
    await new Promise((resolve) => setTimeout(resolve, 20));
    receiver.sockets.at(-1)?.destroy();
  }
  expect(receiver.sockets).toHaveLength(3);
});

it('connections to many hosts that are not in use are closed', async () => {
  const receiver = await startReceiver((_request, answer) => answer.end());
  const client = newClient({ resolve: async () => ['127.0.0.1'] });
  const attempts = Array.from({ length: 400 }, (_, index) =>
    client.post(requestTo(`http://r${index}.example:${receiver.port}/`)),
  );
  expect(await Promise.all(attempts)).toEqual(attempts.map(() => response(200)));
  const openSockets = (): number => receiver.sockets.filter((socket) => !socket.closed).length;
  expect(receiver.sockets).toHaveLength(400);
  while (openSockets() > 256) await new Promise((resolve) => setTimeout(resolve, 5));
});

it('there are at most as many connections to a host as configured', async () => {
  let [active, max] = [0, 0];
  const receiver = await startReceiver((_request, answer) => {
    active += 1;
    max = Math.max(max, active);
    setTimeout(() => {
      active -= 1;
      answer.end();
    }, 5);
  });
  const client = newClient({ socketsPerHost: 3 });
  const outcomes = await Promise.all(Array.from({ length: 30 }, () => client.post(requestTo(receiver.url))));
  expect(outcomes).toEqual(Array.from({ length: 30 }, () => response(200)));
  expect(max).toBe(3);
});

it('the time of an attempt does not include waiting for others to the same host', async () => {
  let requests = 0;
  const receiver = await startReceiver((_request, answer) => {
    requests += 1;
    if (requests > 1) answer.end();
  });
  // Long enough for the second attempt on a slow machine. It starts when the first one ends.
  const client = newClient({ socketsPerHost: 1, timeoutMs: 2000 });
  const attempts = [1, 2].map(() => client.post(requestTo(receiver.url)));
  expect(await Promise.all(attempts)).toEqual([failure('TIMEOUT'), response(200)]);
});

/** Starts a receiver that never answers. `hasRequest` resolves when it receives the first request. */
async function startSilent() {
  const receiver = await startRawReceiver((socket) => socket.resume());
  const hasRequest = async (): Promise<void> => {
    while (receiver.received() === '') await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { ...receiver, hasRequest };
}

it('an attempt ends when its signal is aborted', async () => {
  const receiver = await startSilent();
  const controller = new AbortController();
  const outcome = newClient().post(requestTo(receiver.url), controller.signal);
  await receiver.hasRequest();
  controller.abort();
  expect(await outcome).toEqual(failure('ABORTED'));
  await closed(receiver.sockets[0]);
});

it('an attempt that waits for a connection ends when its signal is aborted', async () => {
  const receiver = await startSilent();
  const client = newClient({ socketsPerHost: 1 });
  const first = client.post(requestTo(receiver.url));
  await receiver.hasRequest();
  const controller = new AbortController();
  const second = client.post(requestTo(receiver.url), controller.signal);
  controller.abort();
  expect(await second).toEqual(failure('ABORTED'));
  client.close();
  expect(await first).toEqual(failure('ABORTED'));
  expect(receiver.sockets).toHaveLength(1);
});

it('an attempt with an aborted signal sends nothing', async () => {
  const receiver = await startSilent();
  expect(await newClient().post(requestTo(receiver.url), AbortSignal.abort())).toEqual(failure('ABORTED'));
  expect(receiver.sockets).toHaveLength(0);
});

it('closing the client ends all attempts and connections, and later attempts', async () => {
  const silent = await startSilent();
  const fast = await startReceiver((_request, answer) => answer.end());
  const client = newClient({
    resolve: (hostname) => (hostname === 'slow.example' ? new Promise(() => undefined) : Promise.resolve([])),
  });
  expect(await client.post(requestTo(fast.url))).toEqual(response(200));
  const pending: Promise<PostOutcome>[] = [silent.url, silent.url, 'http://slow.example/'].map((url) =>
    client.post(requestTo(url)),
  );
  await silent.hasRequest();
  client.close();
  expect(await Promise.all(pending)).toEqual(pending.map(() => failure('ABORTED')));
  await Promise.all([...silent.sockets, ...fast.sockets].map(closed));
  expect(await client.post(requestTo(fast.url))).toEqual(failure('ABORTED'));
  client.close();
});

it('many concurrent attempts with one signal leave no warning', async () => {
  const receiver = await startReceiver((_request, answer) => answer.end());
  const client = newClient();
  const { signal } = new AbortController();
  const warnings: Error[] = [];
  const warn = (warning: Error): number => warnings.push(warning);
  process.on('warning', warn);
  const outcomes = await Promise.all(Array.from({ length: 100 }, () => client.post(requestTo(receiver.url), signal)));
  await new Promise(setImmediate);
  process.off('warning', warn);
  expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
  expect(warnings.map(String)).toEqual([]);
});
