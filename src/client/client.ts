import { invalidUsage } from './errors.ts';
import { type ExecuteOptions, execute } from './execute.ts';
import { type LiveItem, type LiveOptions, live } from './live.ts';
import { type ClientOptions, settingsOf } from './options.ts';
import { socketConstructorOf } from './socketStream.ts';
import type { Arguments, ClientDocument } from './typedDocument.ts';

/** A client of the API. It keeps no connection open and no state, so it needs no end. */
export interface Client {
  /**
   * Executes a query or a mutation, and returns its data. Queries are repeated after temporary errors. A document with
   * one mutation that takes an idempotency key is repeated too: with that of the options or of its input, or else with a
   * random one. All other mutations are sent once.
   *
   * Throws EscrowGridError: for a request error, or if the server cannot be reached; and what the function `key` throws.
   * The user errors of a mutation are in its result; see `unwrap`. Values of enums that this version of the client does
   * not know are returned unchanged, so keep a default branch.
   */
  readonly execute: <T, V extends object>(
    document: ClientDocument<T, V>,
    ...rest: Arguments<V, ExecuteOptions>
  ) => Promise<T>;

  /**
   * Follows a subscription that selects `cursor` and `kind`, and passes its variable `$after` as `after`. Whatever ends a
   * stream, the next one resumes with the newest cursor, so no change is lost or repeated. Leave the loop, or abort the
   * signal, to end the subscription.
   *
   * Throws EscrowGridError if the subscription cannot go on: for example UNAUTHENTICATED, FORBIDDEN and NOT_FOUND.
   */
  readonly live: <T, V extends object>(
    document: ClientDocument<T, V>,
    ...rest: Arguments<V, LiveOptions>
  ) => AsyncGenerator<LiveItem<T>, void, undefined>;
}

/** Creates a client. Throws INVALID_USAGE if WebSocket is chosen and there is none. */
export function createClient(options: ClientOptions): Client {
  const settings = settingsOf(options);
  if (settings.transport === 'websocket') socketConstructorOf(settings);
  return {
    execute: async <T, V extends object>(document: ClientDocument<T, V>, ...rest: Arguments<V, ExecuteOptions>) => {
      const [variables = {}, executeOptions = {}] = rest;
      return (await execute(settings, textOf(document), variables, executeOptions)) as T;
    },
    live: <T, V extends object>(document: ClientDocument<T, V>, ...rest: Arguments<V, LiveOptions>) => {
      const [variables = {}, { signal = new AbortController().signal } = {}] = rest;
      return live(settings, textOf(document), variables, signal) as AsyncGenerator<LiveItem<T>, void, undefined>;
    },
  };
}

/** Returns the text of a document. JavaScript callers may pass a parsed document, whose text is not in it. */
function textOf(document: ClientDocument<unknown, never>): string {
  const text = String(document);
  if (text.startsWith('[object'))
    throw invalidUsage('The document is not a text. Print it with `print` of the package graphql.');
  return text;
}
