import type { GraphQLError, OperationDefinitionNode } from 'graphql';
import { ownerOf, type Viewer } from '../domain/viewer.ts';
import type { Deadline } from '../store/deadline.ts';

/**
 * The end of a request: `ok`; with a `user_error` of a mutation; `rejected`, because of the request itself; `failed`,
 * because of the server; or `aborted`, because the client left.
 */
export const OUTCOMES = ['ok', 'user_error', 'rejected', 'failed', 'aborted'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const REQUEST_TYPES = ['query', 'mutation', 'subscription'] as const;
export type RequestType = (typeof REQUEST_TYPES)[number];

/** The occasion of a line: a request has ended, or a subscription has started or ended. */
export type RequestEvent = 'request' | 'subscription started' | 'subscription ended';

/** The line of a request, or of an operation over WebSocket. It contains neither document nor variables. */
export interface RequestEntry {
  readonly transport: 'http' | 'websocket';
  readonly requestId: string | null;
  /** The name of the operation, or null if it has none or its document is not valid. At most 64 characters. */
  readonly operation: string | null;
  /** Null if the document is not valid. */
  readonly type: RequestType | null;
  /** The id of the API key, `ROOT` for the root key, or null if the request was not authenticated. */
  readonly apiKey: string | null;
  readonly institution: string | null;
  readonly durationMs: number;
  /** Null if the operation was not valid. */
  readonly cost: number | null;
  /** The statements that were sent to the database, not counting BEGIN, COMMIT and the look-up of the API key. */
  readonly statements: number;
  /** The HTTP status, or null over WebSocket. */
  readonly status: number | null;
  readonly outcome: Outcome;
  /** The codes of its errors and user errors, each once. */
  readonly errors: readonly string[];
  readonly address: string;
}

/** Called when a request has ended, and when a subscription has started. */
export type OnRequest = (event: RequestEvent, entry: RequestEntry) => void;

/** The part of a request's context that is logged. */
export interface RecordedContext {
  readonly address?: string;
  requestId?: string;
  caller?: { readonly viewer: Viewer; readonly address: string };
  operation?: { readonly kind: RequestType; readonly definition: OperationDefinitionNode };
  requested?: { readonly estimate: { readonly cost: number } };
}

/** The maximum length of a name that is logged, in characters. A GraphQL name has only ASCII letters, digits and `_`. */
const MAX_NAME_CHARACTERS = 64;
/** The maximum number of different error codes of one request that are logged. */
const MAX_CODES = 10;
const NO_CODES: readonly string[] = [];
/** The codes of errors that the request did not cause. */
const SERVER_CODES: ReadonlySet<string> = new Set(['INTERNAL_SERVER_ERROR', 'SERVICE_UNAVAILABLE', 'BUSY', 'TIMEOUT']);

/** The facts about one request until it ends. They are noted only if requests are logged or counted. */
export class RequestRecord {
  /** The context of the request. Yoga copies it, and adds to the copy. */
  context: RecordedContext;
  /** The deadline of the operation, which counts its statements. */
  until: Deadline | undefined;
  readonly #beganAt = performance.now();
  readonly #codes: string[] = [];
  #outcome: Outcome = 'ok';
  #hasStarted = false;

  constructor(context: RecordedContext) {
    this.context = context;
  }

  /** Whether the request is a subscription that was not rejected. */
  get isLive(): boolean {
    return this.context.operation?.kind === 'subscription' && this.#codes.length === 0;
  }

  /** Reports a subscription that sends its results from now on. */
  start(onRequest: OnRequest, status: number | null): void {
    this.#hasStarted = true;
    onRequest('subscription started', this.entry(status));
  }

  /** Reports a request that has ended. */
  end(onRequest: OnRequest, status: number | null, isAborted = false): void {
    onRequest(this.#hasStarted ? 'subscription ended' : 'request', this.entry(status, isAborted));
  }

  noteUserError(code: string): void {
    this.#note(code, 'user_error');
  }

  noteErrors(errors: readonly GraphQLError[] | undefined): void {
    for (const { extensions } of errors ?? []) {
      const code = typeof extensions['code'] === 'string' ? extensions['code'] : 'INTERNAL_SERVER_ERROR';
      this.#note(code, SERVER_CODES.has(code) ? 'failed' : 'rejected');
    }
  }

  /** Returns what is logged now. The HTTP status decides about the outcome where no error was noted. */
  entry(status: number | null, isAborted = false): RequestEntry {
    const { address, requestId = null, caller, operation, requested } = this.context;
    const viewer = caller?.viewer;
    return {
      transport: status === null ? 'websocket' : 'http',
      requestId,
      operation: operation?.definition.name?.value.slice(0, MAX_NAME_CHARACTERS) ?? null,
      type: operation?.kind ?? null,
      apiKey: viewer ? ownerOf(viewer) : null,
      institution: viewer && viewer.role !== 'ROOT' ? viewer.institutionId : null,
      durationMs: Math.round((performance.now() - this.#beganAt) * 100) / 100,
      cost: requested?.estimate.cost ?? null,
      statements: this.until?.statements ?? 0,
      status,
      outcome: isAborted ? 'aborted' : this.#outcomeOf(status ?? 200),
      errors: this.#codes.length === 0 ? NO_CODES : [...this.#codes],
      address: address ?? caller?.address ?? '',
    };
  }

  #outcomeOf(status: number): Outcome {
    if (this.#outcome !== 'ok' || status < 400) return this.#outcome;
    return status < 500 ? 'rejected' : 'failed';
  }

  /** Notes a code. The worst outcome of several counts. */
  #note(code: string, outcome: Outcome): void {
    if (OUTCOMES.indexOf(outcome) > OUTCOMES.indexOf(this.#outcome)) this.#outcome = outcome;
    if (this.#codes.length < MAX_CODES && !this.#codes.includes(code)) this.#codes.push(code);
  }
}
