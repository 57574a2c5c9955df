import { connect } from 'node:net';
import type { BrokenRequest } from './brokenRequest.ts';

/** Everything that the server sent until it closed the connection. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
  /** The code of the error that ended the connection, or undefined if it was closed normally. */
  readonly broken: string | undefined;
}

/** Only ends a hang. */
const HANG_MS = 20_000;

/** Sends the bytes unchanged and reads until the response is complete, or the server closes the connection. */
export function sendRaw(url: string, bytes: Uint8Array): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.end(bytes));
    const hang = setTimeout(() => socket.destroy(new Error('There was no answer.')), HANG_MS);
    const finish = (broken?: string): void => {
      clearTimeout(hang);
      resolve(answerOf(text, broken));
    };
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => (text += part));
    socket.once('end', () => socket.end());
    socket.once('close', () => finish());
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === undefined) reject(error);
      else finish(error.code);
    });
  });
}

/** Returns the exact bytes of a request that asks to close the connection after the response. */
export function bytesOf({ method, path, headers, body, hasContentLength }: BrokenRequest): Uint8Array {
  const hasHost = headers.some(([name]) => name === 'Host');
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...(hasHost ? [] : ['Host: 127.0.0.1']),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(hasContentLength && method !== 'GET' ? [`Content-Length: ${body.byteLength}`] : []),
    'Connection: close',
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), method === 'GET' ? Buffer.of() : body]);
}

function answerOf(text: string, broken: string | undefined): RawAnswer {
  // Interim responses are not part of the response.
  const [head = '', ...rest] = text.replace(/^(HTTP\/1\.1 1\d\d [^]*?\r\n\r\n)+/, '').split('\r\n\r\n');
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), head, body: rest.join('\r\n\r\n'), broken };
}
