import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { WebSocket } from 'ws';
import { bearer } from './endpoint.ts';

/** A response: the status, which is 200 over WebSocket, and the whole text. */
export interface Reply {
  readonly status: number;
  readonly text: string;
}
/** A way to send an operation: a query with variables, both as text. */
export interface Wire {
  readonly name: string;
  readonly open: (url: string, token: string) => Promise<Line>;
}
export interface Line {
  readonly send: (query: string, variables: string) => Promise<Reply>;
  readonly close: () => void;
}

function overHttp(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: AGENT }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
      response.once('error', reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
const AGENT = new Agent({ keepAlive: true });

const posted = (name: string, accept: string): Wire => ({
  name,
  open: async (url, token) => ({
    send: (query, variables) => {
      const headers = { 'content-type': 'application/json', accept, ...bearer(token) };
      return overHttp(url, 'POST', headers, `{"query":${JSON.stringify(query)},"variables":${variables}}`);
    },
    close: () => undefined,
  }),
});

const got: Wire = {
  name: 'GET',
  open: async (url, token) => ({
    send: (query, variables) => {
      const search = new URLSearchParams({ query, variables });
      const headers = { 'graphql-require-preflight': '1', ...bearer(token) };
      return overHttp(`${url}?${search}`, 'GET', headers);
    },
    close: () => undefined,
  }),
};

/** Opens a socket with connection_init. */
async function greeted(url: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: bearer(token) }));
  await once(socket, 'message');
  return socket;
}

/** A request that is not read is rejected by closing the socket; 4400 means that the request is invalid. */
const CLOSED = { status: 400, text: '"code":"BAD_REQUEST"' };
const BAD_REQUEST = 4400;

const socket: Wire = {
  name: 'WebSocket',
  open: async (url, token) => {
    let open = await greeted(url, token);
    let id = 0;
    const send = (message: string): Promise<Reply> =>
      new Promise((resolve, reject) => {
        const texts: string[] = [];
        const closed = (code: number): void =>
          code === BAD_REQUEST ? resolve(CLOSED) : reject(new Error(`Closed with ${code}.`));
        const hear = (data: Buffer): void => {
          const text = data.toString();
          texts.push(text);
          if (!/"type":"(error|complete)"/.test(text)) return;
          open.off('message', hear).off('close', closed);
          resolve({ status: 200, text: texts.join('\n') });
        };
        open.on('message', hear).once('close', closed);
        open.send(message);
      });
    return {
      send: async (query, variables) => {
        id += 1;
        const payload = `{"query":${JSON.stringify(query)},"variables":${variables}}`;
        const reply = await send(`{"id":"${id}","type":"subscribe","payload":${payload}}`);
        if (reply === CLOSED) open = await greeted(url, token);
        return reply;
      },
      close: () => open.terminate(),
    };
  },
};

export const WIRES: readonly Wire[] = [
  posted('POST', 'application/json'),
  got,
  posted('SSE', 'text/event-stream'),
  socket,
];
