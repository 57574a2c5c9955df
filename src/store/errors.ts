/** A row with this id, or with the same unique values, already exists, because a concurrent transaction was faster. */
export class AlreadyExistsError extends Error {}

/**
 * The store cannot be reached, or the outcome of a commit could not be confirmed: the change may be written. A client
 * sends it again with the same idempotency key.
 */
export class UnavailableError extends Error {}

/** The call's deadline has passed; nothing was written. */
export class DeadlineExceededError extends Error {}

/** Throws DeadlineExceededError if the deadline has passed. */
export function throwIfDeadlineExceeded(until: { remainingMs(): number } | undefined): void {
  if (until && until.remainingMs() <= 0) throw new DeadlineExceededError('The deadline has passed.');
}

/** The store was locked by others for longer than a call may wait; nothing was written. A retry may succeed. */
export class BusyError extends Error {}

/** The store has no room for the change; nothing was written. Deletions are still possible. */
export class StoreFullError extends BusyError {}
