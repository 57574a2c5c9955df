import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Store, StoreFault } from '../store/store.ts';
import { Remembered } from './remembered.ts';

/** The path at which a server that runs returns 200. */
export const HEALTH_PATH = '/health';
/** The path at which a server returns 200 while it can serve requests, and otherwise 503 with the reason. */
export const READY_PATH = '/ready';

/** Why a server cannot serve requests. */
export type UnreadyReason = StoreFault | 'starting' | 'stopping' | 'internal_error';

/** The time for which the state of the store is kept, in ms: no API key is needed, and a check costs one statement. */
const REMEMBERED_MS = 500;

/** Whether the server can serve requests. */
export class Readiness {
  readonly #store: Store;
  readonly #onError: (error: unknown) => void;
  readonly #onChange: (reason: UnreadyReason | undefined) => void;
  #lastReason: UnreadyReason | undefined;
  #isStopping = false;
  readonly #check = new Remembered(() => this.#findReason(), REMEMBERED_MS);

  /** `onChange` is called whenever a check finds another reason than the one before. */
  constructor(
    store: Store,
    onError: (error: unknown) => void,
    onChange: (reason: UnreadyReason | undefined) => void = () => {},
  ) {
    this.#store = store;
    this.#onError = onError;
    this.#onChange = onChange;
  }

  /** From now on, the server is not ready. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Returns why the server cannot serve requests; undefined if it can. */
  async reason(): Promise<UnreadyReason | undefined> {
    return this.#isStopping ? 'stopping' : this.#check.get();
  }

  async #findReason(): Promise<UnreadyReason | undefined> {
    const reason = await this.#store.findFault().catch((error: unknown) => {
      this.#onError(error);
      return 'internal_error' as const;
    });
    if (reason !== this.#lastReason) this.#onChange(reason);
    this.#lastReason = reason;
    return reason;
  }
}

/** Returns the handler for `/health` or `/ready`; undefined for a request that is at neither. */
export function probeAnswer(
  isFor: (path: string) => boolean,
  readiness: Pick<Readiness, 'reason'>,
): ((request: IncomingMessage, response: ServerResponse) => Promise<void> | void) | undefined {
  if (isFor(HEALTH_PATH)) return (_request, response) => sendStatus(response, undefined);
  if (!isFor(READY_PATH)) return undefined;
  return async (_request, response) => sendStatus(response, await readiness.reason());
}

function sendStatus(response: ServerResponse, reason: UnreadyReason | undefined): void {
  const body = JSON.stringify(reason === undefined ? { status: 'ok' } : { status: 'unavailable', reason });
  const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body) };
  response.writeHead(reason === undefined ? 200 : 503, headers).end(body);
}
