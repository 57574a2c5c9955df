import type { ExecutionResult } from 'graphql';
import { type FetchAPI, getSSEProcessor, type Plugin } from 'graphql-yoga';
import { formatForStream } from './errors.ts';
import { EVENT_STREAM_TYPE } from './mediaTypes.ts';

/** The interval of comments while there are no events, in ms, so that no proxy closes the connection as idle. */
const PING_INTERVAL_MS = 12_000;
const PING = Buffer.from(':\n\n');
const COMPLETE = Buffer.from('event: complete\ndata:\n\n');

/** No cache or proxy may store, compress or buffer the events; nginx buffers them unless X-Accel-Buffering is `no`. */
const HEADERS = {
  'content-type': EVENT_STREAM_TYPE,
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
} as const;

/** The property with the cursor of a result's change. A symbol is copied with the result and left out of its JSON. */
const CURSOR = Symbol('change cursor');
type EventResult = ExecutionResult & { readonly [CURSOR]?: string };

/** Returns a copy of the result of a change, with the cursor of the change. */
export const withCursor = (result: ExecutionResult, cursor: string): EventResult => ({
  ...result,
  [CURSOR]: cursor,
});

type ResultProcessor = Parameters<Parameters<NonNullable<Plugin['onResultProcess']>>[0]['setResultProcessor']>[0];

/** Sends a result as server-sent events: each result of a stream as one event, or the only result. */
export const processEvents: ResultProcessor = async (result, fetchAPI, type) => {
  if (Symbol.asyncIterator in result) {
    return new fetchAPI.Response(streamOf(result as AsyncIterable<EventResult>, fetchAPI), { headers: HEADERS });
  }
  const response = await getSSEProcessor()(result, fetchAPI, type);
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
  return response;
};

/**
 * Serializes a result. The id of an event is the cursor of its change: a browser's EventSource sends the last id as
 * Last-Event-ID when it reconnects. A result without data carries no change, so it has no id, and the change is sent
 * again after a reconnection.
 */
function eventOf(result: EventResult): Buffer {
  const { [CURSOR]: cursor, errors, data } = result;
  const id = cursor !== undefined && data ? `id: ${cursor}\n` : '';
  const json = JSON.stringify(errors ? { ...result, errors: errors.map(formatForStream) } : result);
  return Buffer.from(`${id}event: next\ndata: ${json}\n\n`);
}

function streamOf(results: AsyncIterable<EventResult>, { ReadableStream }: FetchAPI): ReadableStream<Uint8Array> {
  const iterator = results[Symbol.asyncIterator]();
  let pings: NodeJS.Timeout | undefined;
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      // Some browsers report a stream as open only when its first bytes have arrived.
      controller.enqueue(PING);
      pings = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(PING);
      }, PING_INTERVAL_MS);
    },
    pull: async (controller) => {
      try {
        const { value, done } = await iterator.next();
        if (!done) return controller.enqueue(eventOf(value));
        clearInterval(pings);
        controller.enqueue(COMPLETE);
        controller.close();
      } catch (error) {
        clearInterval(pings);
        controller.error(error);
      }
    },
    cancel: async () => {
      clearInterval(pings);
      await iterator.return?.();
    },
  });
}
