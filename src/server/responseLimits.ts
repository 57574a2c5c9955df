import type { ServerResponse } from 'node:http';
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { ownerOf, type Viewer } from '../domain/viewer.ts';
import { BUSY, ResponseLimitError, type ResponseShape, ResponseSize, tooLarge } from '../schema/responseSize.ts';
import { UnavailableError } from '../store/errors.ts';
import type { Mask } from './errors.ts';
import { errorResponse, requestError, UNAVAILABLE } from './requestError.ts';
import type { Reservation, ResponseBuffer } from './responseBuffer.ts';
import { callerIn, type OperationContext, type ServerContext } from './serverContext.ts';

/** The limits of responses, in bytes. */
export interface ResponseLimits {
  /** The maximum of one response. */
  readonly bytes: number;
  /** The maximum of all responses that are not yet sent. */
  readonly bufferBytes: number;
}

/** Smaller responses are not counted, because the operating system accepts them at once. */
const SMALL_BYTES = 16 * 1024;
/** Responses that cannot be larger are not counted while they are built. */
const COUNTED_FROM_BYTES = 4 * 1024 * 1024;
/** The maximum number of errors in one response. */
const MAX_ERRORS = 100;

/** The part of the context of resolvers that counts the response. */
type Counted = Pick<OperationContext, 'responseSize'>;

/** Applies the limits to each response and to all together. */
export class Responses {
  readonly #limits: ResponseLimits;
  readonly #buffer: ResponseBuffer;

  constructor(limits: ResponseLimits, buffer: ResponseBuffer) {
    this.#limits = limits;
    this.#buffer = buffer;
  }

  /**
   * Returns the counter for the response to an event of a subscription, if it is counted. Throws BUSY if too much waits
   * to be read.
   */
  ofEvent(context: ServerContext, viewer: Viewer): ResponseSize | undefined {
    if (!this.#buffer.hasRoom(ownerOf(viewer))) throw busy();
    return this.#isCounted(bytesOf(context)) ? new ResponseSize(this.#limits.bytes) : undefined;
  }

  /**
   * Reserves the bytes of the response: for a mutation all of them, for a query while it is built. Returns why the
   * operation must not be executed, or undefined.
   */
  admit(context: ServerContext & Counted, isMutation: boolean): GraphQLError | undefined {
    const bytes = bytesOf(context);
    if (bytes <= SMALL_BYTES) return undefined;
    if (isMutation && bytes > this.#limits.bytes) {
      return requestError(tooLarge(this.#limits.bytes), 'QUERY_TOO_COMPLEX', { status: 400 });
    }
    if (!this.#buffer.hasRoom(ownerOf(callerIn(context).viewer))) return busy();
    if (!isMutation && !this.#isCounted(bytes)) return undefined;
    const reservation = this.#reservation(context);
    if (isMutation && !reservation.grow(bytes)) return busy();
    context.reservation = reservation;
    if (!isMutation) {
      context.responseSize = new ResponseSize(this.#limits.bytes, (more) => reservation.grow(more));
    }
    return undefined;
  }

  /**
   * Counts the bytes of a query's result that were not counted while it was built. Returns the result, or an error in
   * place of one that is too large.
   */
  counted(result: ExecutionResult, shape: ResponseShape, context: ServerContext & Counted): ExecutionResult {
    const error = context.responseSize?.addResult(result, shape);
    // Over a WebSocket, the response is counted while it is sent.
    if (context.res === undefined) context.reservation?.release();
    return error ? { errors: [error] } : result;
  }

  /** Counts the bytes of a stream as they are written. */
  stream(context: ServerContext, res: ServerResponse): void {
    if (!context.reservation) this.#buffer.countWrites(ownerOf(callerIn(context).viewer), res);
  }

  /** Counts a response until it is sent. Returns false if there is no room for it. */
  send(context: ServerContext, bytes: number): boolean {
    const { reservation } = context;
    if (reservation) reservation.resize(bytes > SMALL_BYTES ? bytes : 0);
    if (reservation || bytes <= SMALL_BYTES) return true;
    return this.#reservation(context).grow(bytes);
  }

  /** Returns a reservation that is released when the response is sent or aborted. */
  #reservation(context: ServerContext): Reservation {
    const { res } = context;
    const reservation = this.#buffer.reservation(ownerOf(callerIn(context).viewer));
    if (res?.closed) reservation.release();
    else res?.once('close', () => reservation.release());
    return reservation;
  }

  /** Whether a response that may have this number of bytes is counted while it is built. */
  #isCounted(bytes: number): boolean {
    return bytes > Math.min(COUNTED_FROM_BYTES, this.#limits.bytes);
  }
}

const bytesOf = ({ requested }: ServerContext): number => requested?.estimate.bytes ?? 0;
const isStream = ({ headers }: Response): boolean => headers.get('content-type') === 'text/event-stream';
export const busy = (): GraphQLError => requestError(BUSY, 'BUSY', { status: 503 });
const STATUS: ReadonlyMap<unknown, number> = new Map([
  ['QUERY_TOO_COMPLEX', 400],
  ['BUSY', 503],
]);

/**
 * Rejects operations with responses that may be too large before they are executed or, for queries and subscriptions,
 * while the response is built. A mutation that was executed is never rejected afterwards; its errors have `executed:
 * true`.
 */
export const useResponseLimits = (responses: Responses, mask: Mask): Plugin<OperationContext, ServerContext> => ({
  onExecute: ({ args: { contextValue: context }, executeFn, setExecuteFn, setResultAndStopExecution }) => {
    const isMutation = context.requested?.operation.kind === 'mutation';
    const error = responses.admit(context, isMutation);
    if (error) {
      setResultAndStopExecution({ errors: [error] });
      return;
    }
    if (context.res === undefined) {
      setExecuteFn(async (executed: ExecutionArgs) => {
        try {
          return (await executeFn(executed)) as ExecutionResult;
        } finally {
          // The response is counted while it is sent over the socket.
          context.reservation?.release();
        }
      });
    }
    return {
      onExecuteDone: ({ result, setResult }) => {
        if (!('errors' in result) || !result.errors) return;
        setResult(withErrorsReduced(result, isMutation, mask, context.requestId));
      },
    };
  },
  onSubscribe: () => ({
    onSubscribeResult: () => ({
      onNext: ({ result, setResult }) => {
        if ('errors' in result && result.errors) setResult(limited(result));
      },
    }),
  }),
  onResponse: ({ request, response, serverContext, ...hook }) => {
    const { res } = serverContext;
    if (!res) return;
    if (isStream(response)) return responses.stream(serverContext, res);
    if (!responses.send(serverContext, Number(response.headers.get('content-length') ?? 0))) {
      const error = busy();
      serverContext.record?.noteErrors([error]);
      hook.setResponse(errorResponse(error, request.headers.get('accept')));
    }
  },
});

/** Returns the result of an execution with the errors that its client receives. */
export function withErrorsReduced(
  result: ExecutionResult,
  isMutation: boolean,
  mask: Mask,
  requestId: string | undefined,
): ExecutionResult {
  return wholeFailure(result) ?? (isMutation ? afterMutation(result, mask, requestId) : limited(result));
}

/**
 * Returns the one error of a result without any data because the store cannot be reached. Without the data of its fields
 * its HTTP status tells proxies and clients to try again.
 */
function wholeFailure({ data, errors = [] }: ExecutionResult): ExecutionResult | undefined {
  const hasData = Object.values(data ?? {}).some((value) => value !== null);
  const [first] = errors;
  if (hasData || !first || !errors.every(({ originalError }) => originalError instanceof UnavailableError))
    return undefined;
  const { code, clientMessage } = first.originalError as UnavailableError;
  return { errors: [requestError(clientMessage, code, UNAVAILABLE)] };
}

/** Reduces the errors to one if the response was aborted, else to a number that a client can use. */
function limited(result: ExecutionResult): ExecutionResult {
  const { errors = [] } = result;
  const ended = errors.find((error) => error instanceof ResponseLimitError);
  if (ended) {
    const { code } = ended.extensions;
    return { errors: [requestError(ended.message, String(code), { status: STATUS.get(code) ?? 400 })] };
  }
  return errors.length > MAX_ERRORS ? { ...result, errors: errors.slice(0, MAX_ERRORS) } : result;
}

const EXECUTED = 'The mutation was executed, but this field of its result could not be read. Load it with a query.';

/** Adds `executed: true` to the errors below a mutation's payload. */
function afterMutation(result: ExecutionResult, mask: Mask, requestId: string | undefined): ExecutionResult {
  const errors = (result.errors ?? []).slice(0, MAX_ERRORS).map((error) => {
    const { path, nodes } = error;
    if (!path || path.length <= 1) return error;
    const { http: _http, code, ...extensions } = mask(error, requestId).extensions;
    // The code BUSY means that nothing was done.
    const known = code === 'BUSY' ? 'SERVICE_UNAVAILABLE' : code;
    const executed = { ...extensions, code: known, executed: true };
    return new GraphQLError(EXECUTED, { path, nodes: nodes ?? null, extensions: executed });
  });
  return { ...result, errors };
}
