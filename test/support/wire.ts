import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { WebSocket } from 'ws';
import { bearer } from './endpoint.ts';

/** What came back: the status, 200 over WebSocket, and the whole text. */
export interface Reply {
  readonly status: number;
  readonly text: string;
}
/** How a body is sent: a query with variables, both already text. */
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

const socket: Wire = {
  name: 'WebSocket',
  open: async (url, token) => {
    const open = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
    await once(open, 'open');
    open.send(JSON.stringify({ type: 'connection_init', payload: bearer(token) }));
    await once(open, 'message');
    let id = 0;
    return {
      send: (query, variables) =>
        new Promise((resolve, reject) => {
          id += 1;
          const texts: string[] = [];
          const hear = (data: Buffer): void => {
            const text = data.toString();
            texts.push(text);
            if (!/"type":"(error|complete)"/.test(text)) return;
            open.off('message', hear).off('close', reject);
            resolve({ status: 200, text: texts.join('\n') });
          };
          open.on('message', hear).once('close', reject);
          open.send(
            `{"id":"${id}","type":"subscribe","payload":{"query":${JSON.stringify(query)},"variables":${variables}}}`,
          );
        }),
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
