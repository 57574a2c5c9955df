// The load generator: keeps a number of connections busy, each with one request at a time, and counts the responses. It
// reads HTTP itself, so that it needs far less CPU time than the server.
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

/** One run of the load generator. */
export interface Load {
  readonly url: string;
  /** The value of the Authorization header, or undefined for none. */
  readonly authorization: string | undefined;
  /** The bodies of the requests. */
  readonly bodies: readonly string[];
  readonly connections: number;
  /** The number of requests. The bodies are sent in turn. */
  readonly requests: number;
  /** The text that every response must contain. */
  readonly expected: string;
}

/** What a run has sent. */
export interface Sent {
  readonly requests: number;
  readonly seconds: number;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

process.on('message', (load: Load) => {
  run(load).then(
    (sent) => process.send?.(sent),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit());

async function run(load: Load): Promise<Sent> {
  const { hostname, port, pathname } = new URL(load.url);
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    'Content-Type: application/json',
    'Accept: application/json',
    ...(load.authorization === undefined ? [] : [`Authorization: ${load.authorization}`]),
  ].join('\r\n');
  const different = load.bodies.map((body) =>
    Buffer.from(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`),
  );
  const began = performance.now();
  let sent = 0;
  const next = (): Buffer | undefined => {
    if (sent >= load.requests) return undefined;
    const request = different[sent % different.length];
    sent += 1;
    return request;
  };
  const expected = Buffer.from(load.expected);
  const connections = Array.from({ length: load.connections }, () => drive(hostname, Number(port), next, expected));
  await Promise.all(connections);
  return { requests: sent, seconds: (performance.now() - began) / 1_000 };
}

/** Sends requests on one connection, each after the response to the one before it, until there is none left. */
function drive(host: string, port: number, next: () => Buffer | undefined, expected: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, host);
    let received: Buffer = Buffer.alloc(0);
    const sendNext = (): void => {
      const request = next();
      if (request) socket.write(request);
      else socket.end(resolve);
    };
    const fail = (message: string): void => {
      socket.destroy();
      reject(new Error(message));
    };
    socket.setNoDelay(true);
    socket.once('connect', sendNext);
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => fail('The server closed a connection.'));
    socket.on('data', (part: Buffer) => {
      received = received.length === 0 ? part : Buffer.concat([received, part]);
      const end = endOfResponse(received);
      if (end === undefined) return;
      const isExpected = received.includes(expected) && received.subarray(9, 12).toString('latin1') === '200';
      if (end !== received.length || !isExpected) {
        fail(`A response is not as expected: ${received.subarray(0, 2_000).toString()}`);
        return;
      }
      received = Buffer.alloc(0);
      sendNext();
    });
  });
}

/** Returns the length of the response, or undefined if it is not complete. */
function endOfResponse(received: Buffer): number | undefined {
  const endOfHead = received.indexOf(END_OF_HEAD);
  if (endOfHead === -1) return undefined;
  const head = received.subarray(0, endOfHead).toString('latin1');
  const bodyAt = endOfHead + END_OF_HEAD.length;
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const end = bodyAt + Number(length);
    return received.length >= end ? end : undefined;
  }
  return endOfChunks(received, bodyAt);
}

/** Returns the end of a chunked body, or undefined if it is not complete. */
function endOfChunks(received: Buffer, bodyAt: number): number | undefined {
  let at = bodyAt;
  for (;;) {
    const endOfSize = received.indexOf('\r\n', at);
    if (endOfSize === -1) return undefined;
    const size = Number.parseInt(received.subarray(at, endOfSize).toString('latin1'), 16);
    const end = endOfSize + 2 + size + 2;
    if (received.length < end) return undefined;
    if (size === 0) return end;
    at = end;
  }
}
