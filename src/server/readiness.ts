import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Store, StoreFault } from '../store/store.ts';

/** The path at which a server that runs returns 200. */
export const HEALTH_PATH = '/health';
/** The path at which a server returns 200 while it can serve requests, and otherwise 503 with the reason. */
export const READY_PATH = '/ready';

/** Why a server cannot serve requests. */
export type UnreadyReason = StoreFault | 'stopping' | 'internal_error';

/** The time for which the state of the store is remembered, in ms: anyone may ask, and each answer costs a statement. */
const REMEMBERED_MS = 500;

/** Whether the server can serve requests. */
export class Readiness {
  readonly #store: Store;
  readonly #onError: (error: unknown) => void;
  #isStopping = false;
  #checked: { readonly fault: Promise<UnreadyReason | undefined>; readonly until: number } | undefined;

  constructor(store: Store, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** From now on, the server is not ready. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Returns why the server cannot serve requests; undefined if it can. */
  async reason(): Promise<UnreadyReason | undefined> {
    if (this.#isStopping) return 'stopping';
    const now = performance.now();
    if (!this.#checked || now > this.#checked.until) {
      const checked = { fault: this.#check(), until: Infinity };
      this.#checked = checked;
      void checked.fault.then(() => {
        checked.until = performance.now() + REMEMBERED_MS;
      });
    }
    return this.#checked.fault;
  }

  async #check(): Promise<UnreadyReason | undefined> {
    try {
      return await this.#store.findFault();
    } catch (error) {
      this.#onError(error);
      return 'internal_error';
    }
  }
}

/** Returns what answers a request for `/health` or `/ready`, or undefined for any other path. */
export function probeAnswer(
  path: string | undefined,
  readiness: Readiness,
): ((request: IncomingMessage, response: ServerResponse) => Promise<void> | void) | undefined {
  if (path === HEALTH_PATH) return (_request, response) => sendStatus(response, undefined);
  if (path !== READY_PATH) return undefined;
  return async (_request, response) => sendStatus(response, await readiness.reason());
}

function sendStatus(response: ServerResponse, reason: UnreadyReason | undefined): void {
  const body = JSON.stringify(reason === undefined ? { status: 'ok' } : { status: 'unavailable', reason });
  const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body) };
  response.writeHead(reason === undefined ? 200 : 503, headers).end(body);
}
