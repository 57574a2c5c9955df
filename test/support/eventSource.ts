import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Result } from './live.ts';

/** An event as a browser dispatches it. */
export interface ServerSentEvent {
  /** The id of this event, or undefined if it has none. */
  readonly id: string | undefined;
  readonly type: string;
  readonly data: string;
}

export interface EventRequest {
  readonly query: string;
  readonly variables?: object;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

export interface EventStream {
  readonly response: IncomingMessage;
  /** Everything that has arrived. */
  readonly text: string;
  /** Returns the next event, or undefined at the end of the stream. */
  next(): Promise<ServerSentEvent | undefined>;
  close(): void;
}

/** Sends an operation and reads the response as a stream of events. `sink` may drop a part of what arrives. */
export async function openEvents(
  address: string,
  { query, variables = {}, method = 'POST', headers = {} }: EventRequest,
  sink: (chunk: Buffer, sent: ClientRequest) => Buffer = (chunk) => chunk,
): Promise<EventStream> {
  const isGet = method === 'GET';
  const search = isGet ? `?${new URLSearchParams({ query, variables: JSON.stringify(variables) })}` : '';
  const body = isGet ? undefined : JSON.stringify({ query, variables });
  const sent = request(`${address}${search}`, {
    method,
    agent: false,
    headers: { accept: 'text/event-stream', ...(!isGet && { 'content-type': 'application/json' }), ...headers },
  });
  sent.on('error', () => undefined).end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  const chunks = response[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>;
  let text = '';
  let read = 0;
  const receive = async (): Promise<boolean> => {
    const { value, done } = await chunks.next().catch(() => ({ value: undefined, done: true }));
    if (done || value === undefined) return false;
    text += sink(value, sent).toString('utf8');
    return true;
  };
  return {
    response,
    get text() {
      return text;
    },
    next: async () => {
      for (;;) {
        const end = text.indexOf('\n\n', read);
        if (end < 0) {
          if (!(await receive())) return undefined;
          continue;
        }
        const event = parseEvent(text.slice(read, end));
        read = end + 2;
        if (event) return event;
      }
    },
    close: () => void sent.destroy(),
  };
}

/** Returns the event of a block of lines, or undefined if the block dispatches none (WHATWG HTML, 9.2.6). */
function parseEvent(block: string): ServerSentEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (name !== '') fields.set(name, fields.has(name) && name === 'data' ? `${fields.get(name)}\n${value}` : value);
  }
  const data = fields.get('data');
  return data === undefined ? undefined : { id: fields.get('id'), type: fields.get('event') ?? 'message', data };
}

export const resultOf = (event: ServerSentEvent | undefined): Result => JSON.parse(event?.data ?? 'null') as Result;

/**
 * Connects again whenever the connection ends, as EventSource does: with the same request, and with the last id as
 * Last-Event-ID. Yields the events of all connections. Ends at an event of the type `complete`.
 */
export async function* reconnectingEvents(
  address: string,
  eventRequest: EventRequest,
  sink?: (chunk: Buffer, sent: ClientRequest) => Buffer,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  let lastId = '';
  for (;;) {
    const headers = { ...eventRequest.headers, ...(lastId !== '' && { 'last-event-id': lastId }) };
    const stream = await openEvents(address, { ...eventRequest, headers }, sink);
    try {
      for (let event = await stream.next(); event; event = await stream.next()) {
        lastId = event.id ?? lastId;
        yield event;
        if (event.type === 'complete') return;
      }
    } finally {
      stream.close();
    }
  }
}
