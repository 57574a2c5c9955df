import { createConnection } from './connection.ts';
import { EscrowGridError, invalidUsage } from './errors.ts';
import { type Operation, operationOf } from './operation.ts';
import { type Settings, tokenOf } from './options.ts';
import { dataOf, type OperationRequest, send } from './request.ts';
import { isTemporary, pause, retryDelayMs } from './retry.ts';

/** The options of one query or mutation. */
export interface ExecuteOptions {
  /**
   * Ends the request, also between two attempts: `execute` then rejects with the reason of the signal. Whether a mutation
   * was executed is unknown then.
   */
  readonly signal?: AbortSignal;
  /** The idempotency key of a mutation. Defaults to `idempotencyKey` of its input, or else to a random one. */
  readonly idempotencyKey?: string;
}

const ACCEPT = 'application/graphql-response+json, application/json';

/** Executes a query or mutation, and repeats it if that is safe and may help. Returns the data of the result. */
export async function execute(
  settings: Settings,
  document: string,
  variables: object,
  options: ExecuteOptions,
): Promise<unknown> {
  const operation = operationOf(document);
  if (operation.kind === 'subscription') throw invalidUsage('Follow a subscription with `live`.');
  const { signal } = options;
  const { header: idempotencyKey, key } = idempotencyKeyOf(operation, variables, options);
  const isQuery = operation.kind === 'query';
  const mayRepeat = isQuery || (operation.takesIdempotencyKey && key !== undefined);
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt(settings, { query: document, variables, idempotencyKey, accept: ACCEPT, signal });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!(error instanceof EscrowGridError)) throw error;
      error.idempotencyKey = key;
      const delayMs = retryDelayMs(failures, error, settings);
      if (!mayRepeat || !isTemporary(error, isQuery) || failures >= settings.retries || delayMs === undefined)
        throw error;
      await pause(delayMs, signal);
    }
  }
}

/** Sends one request; once more if the API key was replaced in the meantime, since the first was not executed. */
async function attempt(settings: Settings, request: Omit<OperationRequest, 'token'>): Promise<unknown> {
  const token = await tokenOf(settings);
  try {
    return await exchange(settings, { ...request, token });
  } catch (error) {
    if (!(error instanceof EscrowGridError) || error.code !== 'UNAUTHENTICATED') throw error;
    const replacement = await tokenOf(settings);
    if (replacement === token) throw error;
    return exchange(settings, { ...request, token: replacement });
  }
}

async function exchange(settings: Settings, request: OperationRequest): Promise<unknown> {
  const { signal, within, end } = createConnection(request.signal);
  try {
    return await within(settings.timeoutMs, send(settings, { ...request, signal }).then(dataOf));
  } finally {
    end();
  }
}

interface IdempotencyKey {
  /** The idempotency key of the mutation. */
  readonly key: string | undefined;
  /** The same if it is sent in the header, and not in the input. */
  readonly header: string | undefined;
}

function idempotencyKeyOf(operation: Operation, variables: object, options: ExecuteOptions): IdempotencyKey {
  const { takesIdempotencyKey, inputVariable = '' } = operation;
  const input = (variables as Readonly<Record<string, { readonly idempotencyKey?: unknown } | null | undefined>>)[
    inputVariable
  ];
  const sent = input?.idempotencyKey;
  if (options.idempotencyKey === undefined && typeof sent === 'string') return { key: sent, header: undefined };
  const key = options.idempotencyKey ?? (takesIdempotencyKey ? randomKey() : undefined);
  return { key, header: key };
}

/** The method randomUUID does not exist in pages without TLS. */
const randomKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
