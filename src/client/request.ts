import { EscrowGridError, networkError } from './errors.ts';
import type { Settings } from './options.ts';

/** A result of an operation, or of one change of a subscription. */
export interface Result {
  readonly data?: unknown;
  readonly errors?: readonly GraphqlError[];
}
interface GraphqlError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** A request for one operation. */
export interface OperationRequest {
  readonly query: string;
  readonly variables: object;
  readonly token: string | undefined;
  readonly idempotencyKey?: string | undefined;
  /** The accepted media type of the response. */
  readonly accept: string;
  readonly signal: AbortSignal | undefined;
}

/** Sends a request. Throws NETWORK_ERROR if no response arrives. */
export async function send({ fetch, url, headers }: Settings, request: OperationRequest): Promise<Response> {
  const { query, variables, token, idempotencyKey, accept, signal } = request;
  try {
    return await fetch(url, {
      method: 'POST',
      headers: {
        ...headers,
        accept,
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': bytesOf(idempotencyKey) }),
      },
      body: JSON.stringify({ query, variables }),
      ...(signal && { signal }),
    });
  } catch (error) {
    throw networkError(error);
  }
}

/** Reads the result of a response. Throws NETWORK_ERROR, INVALID_RESPONSE, or the error of the result. */
export async function dataOf(response: Response): Promise<unknown> {
  let text: string;
  try {
    text = await response.text();
  } catch (error) {
    throw networkError(error);
  }
  const result = resultOf(text);
  if (result?.errors) throw errorOf(result, response.headers);
  if (result?.data === undefined) throw notGraphql(response);
  return result.data;
}

/** Returns the first error of a result that has errors. */
export function errorOf({ errors = [] }: Result, headers?: Headers): EscrowGridError {
  const [{ message, path, extensions = {} } = { message: 'The result has no error.' }] = errors;
  const { code, retryAfter } = extensions;
  const seconds = Number(headers?.get('retry-after') ?? retryAfter);
  return new EscrowGridError(typeof code === 'string' ? code : 'INVALID_RESPONSE', message, {
    requestId: headers?.get('x-request-id') ?? undefined,
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1_000 : undefined,
    path,
    details: extensions,
  });
}

function resultOf(text: string): Result | undefined {
  try {
    const result: unknown = JSON.parse(text);
    return typeof result === 'object' && result !== null ? result : undefined;
  } catch {
    return undefined;
  }
}

/** A proxy answers like this while the server is away or busy. */
function notGraphql({ status, headers }: Response): EscrowGridError {
  const isBusy = status === 429 || status >= 500;
  const error: GraphqlError = {
    message: `The response (status ${status}) is not one of GraphQL.`,
    extensions: { code: isBusy ? 'SERVICE_UNAVAILABLE' : 'INVALID_RESPONSE', status },
  };
  return errorOf({ errors: [error] }, headers);
}

/** Returns a text as the value of a header: its bytes in UTF-8, each as one character. */
const bytesOf = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text));
