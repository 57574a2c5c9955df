import type { Settings } from '../settings.ts';
import type { Store } from '../store/store.ts';
import type { Delay, Failure } from './faults.ts';
import type { RecordedEvent } from './recordedEvents.ts';
import type { Seeds } from './seed.ts';
import type { Duration, Time } from './times.ts';

/** The options of `startTestServer`. */
export interface TestServerOptions {
  /** The time at the start. The clock stands still until the test advances it. Defaults to 2026-01-01T00:00:00Z. */
  readonly now?: Time;
  /**
   * Determines all ids and API keys: servers with the same seed return the same answers to the same requests. Not
   * related to `server.seed`, which makes objects. Defaults to `test`.
   */
  readonly seed?: string | number;
  /**
   * `memory` for a store of its own, or an opened store, which `close` leaves open. `reset`, `snapshot` and `restore`
   * need `memory`. Defaults to `memory`.
   */
  readonly store?: 'memory' | Store;
  /** Whether the store is filled with the demo data. Defaults to false. */
  readonly demo?: boolean;
  /** The settings that differ from the defaults, such as rate limits. */
  readonly settings?: Partial<Settings>;
}

/** The clock of a test server. It stands still until the test advances it. */
export interface ServerClock {
  /** Returns the current time of the server. */
  readonly now: () => Date;
  /**
   * Advances the clock, such as `advance({ days: 40 })`, and returns the new time. The server then has the state that a
   * running server would have: positions have expired, each at its own time; data past its retention is deleted;
   * subscriptions of expired API keys have ended. Throws TestServerError if the duration is negative or not a number.
   */
  readonly advance: (duration: Duration) => Promise<Date>;
  /** Advances the clock to the time, like `advance`. Throws TestServerError if the time is in the past. */
  readonly advanceTo: (time: Time) => Promise<Date>;
}

/** The API keys of a test server. They are the same on each run with the same seed. */
export interface ServerKeys {
  /** The root key. */
  readonly root: string;
  /** An API key with the role ADMIN in `institutionId`. */
  readonly admin: string;
  /** An API key with the role READ_ONLY in `institutionId`. */
  readonly readOnly: string;
}

/** A whole state of one test server. Only this server can restore it. */
export interface Snapshot {
  /** The time of the server when the snapshot was taken. */
  readonly now: Date;
}

/** A server for tests, within the process of the test. Functions throw TestServerError after `close`. */
export interface TestServer {
  /** The address for HTTP, server-sent events and WebSocket, on a free port: http://127.0.0.1:40123/graphql */
  readonly url: string;
  /**
   * Sends requests to this server, without a network unless the response is a stream; otherwise like the global
   * `fetch`. Relative URLs are allowed.
   */
  readonly fetch: typeof globalThis.fetch;
  readonly keys: ServerKeys;
  /** The institution of `keys.admin` and `keys.readOnly`, and of seeds that name none: the first of the demo data. */
  readonly institutionId: string;
  readonly clock: ServerClock;
  /** Makes objects. Not related to the option `seed`, which determines ids. */
  readonly seed: Seeds;
  /**
   * Returns to the state directly after the start: data, time and ids. Forgets what `failNext` and `slowNext` asked for.
   * Open subscriptions end with the error CURSOR_EXPIRED, and earlier change cursors are rejected with it.
   */
  readonly reset: () => Promise<void>;
  /** Returns the whole state: data, time and ids. */
  readonly snapshot: () => Promise<Snapshot>;
  /** Returns to the state of a snapshot of this server, any number of times. Subscriptions end as with `reset`. */
  readonly restore: (snapshot: Snapshot) => Promise<void>;
  /** Makes the next operation that matches fail, such as `failNext({ field: 'fundPosition', code: 'CONFLICT' })`. */
  readonly failNext: (failure: Failure) => void;
  /** Makes the next operation that matches wait, such as `slowNext({ field: 'positions', ms: 500 })`. */
  readonly slowNext: (delay: Delay) => void;
  /** Closes all connections without an answer, as if the server's process had ended and another one had started. */
  readonly dropConnections: () => void;
  /**
   * The changes and audit events since the start or the last reset, in the order of their commits. Those of the
   * institution and the API keys that the server itself makes are not included.
   */
  readonly events: () => readonly RecordedEvent[];
  /** The internal errors since the start, of which clients receive only an error id. */
  readonly internalErrors: () => readonly unknown[];
  /** Ends all subscriptions and connections. Has no effect the second time. */
  readonly close: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}
