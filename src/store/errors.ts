/** A row with this id, or with the same unique values, already exists, because a concurrent transaction was faster. */
export class AlreadyExistsError extends Error {}

/**
 * An error after which the client may try again. Clients receive `code` and `clientMessage`; `message` may name details
 * of the store and is only logged.
 */
export abstract class StoreError extends Error {
  abstract readonly code: 'SERVICE_UNAVAILABLE' | 'TIMEOUT' | 'BUSY';
  abstract readonly clientMessage: string;
}

/**
 * The store cannot be reached, or the outcome of a commit could not be confirmed: the change may be written. A client
 * sends it again with the same idempotency key.
 */
export class UnavailableError extends StoreError {
  readonly code = 'SERVICE_UNAVAILABLE';
  readonly clientMessage = 'The service is temporarily unavailable. Try again with the same idempotency key.';
}

/** The call's deadline has passed; nothing was written. */
export class DeadlineExceededError extends StoreError {
  readonly code = 'TIMEOUT';
  readonly clientMessage = 'The operation timed out and was not executed. Request fewer items or fields.';
}

/** Throws DeadlineExceededError if the deadline has passed. */
export function throwIfDeadlineExceeded(until: { remainingMs(): number } | undefined): void {
  if (until && until.remainingMs() <= 0) throw new DeadlineExceededError('The deadline has passed.');
}

/** The store was locked by others for longer than a call may wait; nothing was written. A retry may succeed. */
export class BusyError extends StoreError {
  readonly code = 'BUSY';
  readonly clientMessage = 'The server is busy. The operation was not executed; try again.';
}

/** The store has no room for the change; nothing was written. Deletions are still possible. */
export class StoreFullError extends BusyError {}
