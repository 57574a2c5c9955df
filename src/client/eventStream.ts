import { createConnection } from './connection.ts';
import { EscrowGridError, networkError } from './errors.ts';
import type { Settings } from './options.ts';
import { dataOf, type OperationRequest, type Result, send } from './request.ts';

const EVENT_STREAM = 'text/event-stream';
/** The end of an event. */
const BLANK_LINE = /\r?\n\r?\n/;

/**
 * Follows a subscription as server-sent events, read from the response to a POST: the EventSource of a browser can send
 * neither an API key nor a body. Ends when the server ends the stream. Throws NETWORK_ERROR if the connection is lost or
 * nothing arrives within `idleTimeoutMs`.
 */
export async function* eventStream(
  settings: Settings,
  request: Omit<OperationRequest, 'accept'>,
): AsyncGenerator<Result, void, undefined> {
  const { signal, within, end } = createConnection(request.signal);
  const { idleTimeoutMs } = settings;
  try {
    const response = await within(idleTimeoutMs, send(settings, { ...request, accept: EVENT_STREAM, signal }));
    if (!response.headers.get('content-type')?.startsWith(EVENT_STREAM) || !response.body) {
      await within(idleTimeoutMs, dataOf(response));
      return;
    }
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    for (let text = ''; ; ) {
      const { done, value } = await within(idleTimeoutMs, reader.read());
      if (done) return;
      const events = `${text}${decoder.decode(value, { stream: true })}`.split(BLANK_LINE);
      text = events.pop() ?? '';
      for (const event of events) {
        const json = dataOfEvent(event);
        if (json !== '') yield JSON.parse(json) as Result;
      }
    }
  } catch (error) {
    // What a lost connection throws differs between browsers, and says nothing more.
    throw error instanceof EscrowGridError ? error : networkError(error);
  } finally {
    end();
  }
}

/** Returns the data of an event; that of comments and of the last event is empty. */
const dataOfEvent = (event: string): string =>
  event
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('data:') ? [line.slice('data:'.length).trimStart()] : []))
    .join('\n');
