import { EscrowGridError, invalidUsage, networkError } from './errors.ts';
import { eventStream } from './eventStream.ts';
import { operationOf } from './operation.ts';
import { type Settings, tokenOf } from './options.ts';
import { errorOf, type Result } from './request.ts';
import { isOutage, isTemporary, pause, retryDelayMs } from './retry.ts';
import { socketStream } from './socketStream.ts';

/** The options of one subscription. */
export interface LiveOptions {
  /** Ends the subscription: the iteration then ends without an error. */
  readonly signal?: AbortSignal;
}

/** An item of a subscription. */
export type LiveItem<T> =
  /** An object has changed. Replace your copy unless its version is higher. */
  | { readonly type: 'CHANGE'; readonly data: T; readonly cursor: string }
  /**
   * Load your lists now. It is the first item of a subscription that began without a cursor, and the first after the
   * cursor has expired; whatever changes while you load arrives as a CHANGE.
   */
  | { readonly type: 'RELOAD'; readonly cursor: string }
  /** All changes that were missed have arrived; the next ones are live. */
  | { readonly type: 'CAUGHT_UP'; readonly cursor: string }
  /** The stream was lost. It is opened again, with the newest cursor, as soon as possible. */
  | { readonly type: 'DISCONNECTED'; readonly error: EscrowGridError };

interface Change {
  readonly cursor: string;
  readonly kind: string;
}

/** What remains of a subscription between two streams. */
interface Progress {
  /** The cursor of the newest item that the consumer has received. */
  cursor: string | undefined;
  /** Whether the consumer must load its lists as soon as the stream has caught up. */
  mustReload: boolean;
  /** The number of streams in a row that ended before anything arrived. */
  failures: number;
}

/** Follows a subscription over any number of connections: each change once, in order, from the variable `after` on. */
export async function* live(
  settings: Settings,
  document: string,
  variables: object,
  signal: AbortSignal,
): AsyncGenerator<LiveItem<unknown>, void, undefined> {
  if (operationOf(document).kind !== 'subscription') throw invalidUsage('Send queries and mutations with `execute`.');
  if (!/\bafter\s*:\s*\$after\b/.test(document))
    throw invalidUsage('The subscription cannot be resumed. Declare `$after: String` and pass it as `after: $after`.');
  const { after } = variables as { readonly after?: string | null };
  const progress: Progress = { cursor: after ?? undefined, mustReload: after == null, failures: 0 };
  while (!signal.aborted) {
    const token = await tokenOf(settings);
    const request = { query: document, variables: { ...variables, after: progress.cursor ?? null }, token, signal };
    const transport = settings.transport === 'websocket' ? socketStream : eventStream;
    let error: EscrowGridError;
    try {
      yield* itemsOf(transport(settings, request), progress);
      error = networkError();
    } catch (thrown) {
      if (signal.aborted) return;
      if (!(thrown instanceof EscrowGridError)) throw thrown;
      error = thrown;
    }
    if (signal.aborted) return;
    const isReplaced = error.code === 'UNAUTHENTICATED' && (await tokenOf(settings)) !== token;
    const delayMs = delayBeforeNext(settings, error, progress, isReplaced);
    if (delayMs === undefined) throw error;
    yield { type: 'DISCONNECTED', error };
    await pause(delayMs, signal).catch(() => undefined);
  }
}

async function* itemsOf(
  results: AsyncIterable<Result>,
  progress: Progress,
): AsyncGenerator<LiveItem<unknown>, void, undefined> {
  for await (const result of results) {
    // A change whose result is incomplete is sent again to the next stream.
    if (result.errors) throw errorOf(result);
    const { cursor, kind } = changeOf(result);
    progress.failures = 0;
    progress.cursor = cursor;
    if (kind !== 'CAUGHT_UP') yield { type: 'CHANGE', data: result.data, cursor };
    else {
      const type = progress.mustReload ? 'RELOAD' : 'CAUGHT_UP';
      progress.mustReload = false;
      yield { type, cursor };
    }
  }
}

function changeOf({ data }: Result): Change {
  const [change] = Object.values({ ...(data as Readonly<Record<string, Partial<Change> | null>>) });
  if (typeof change?.cursor === 'string' && typeof change.kind === 'string') return change as Change;
  throw invalidUsage('The subscription does not select `cursor` and `kind` of the change.');
}

/** Returns the time to wait before the next stream, in ms, or undefined if the subscription must end with the error. */
function delayBeforeNext(
  settings: Settings,
  error: EscrowGridError,
  progress: Progress,
  isReplaced: boolean,
): number | undefined {
  if (error.code === 'CURSOR_EXPIRED') [progress.cursor, progress.mustReload] = [undefined, true];
  const { failures } = progress;
  progress.failures += 1;
  const mayContinue = isReplaced || isOutage(error) || (isTemporary(error, false) && failures < settings.retries);
  return mayContinue
    ? retryDelayMs(failures, error, { ...settings, maxRetryDelayMs: Number.POSITIVE_INFINITY })
    : undefined;
}
