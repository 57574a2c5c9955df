/** Somebody else was first: there is a row with this id, or one that must be the only one, already. */
export class AlreadyExists extends Error {}

/**
 * The store cannot be reached, or the outcome of a commit could not be confirmed: the change may be written. A client
 * sends it again with the same idempotency key.
 */
export class Unavailable extends Error {}

/** The call's deadline has passed; nothing was written. */
export class TooLate extends Error {}

/** Refuses with TooLate once the deadline has passed. */
export function mustBeInTime(until: { remainingMs(): number } | undefined): void {
  if (until && until.remainingMs() <= 0) throw new TooLate('The deadline has passed.');
}

/** The record is busy with others for longer than one may wait; nothing was written. Another try may go through. */
export class Busy extends Error {}

/** The store has no room for what was written; nothing was written. Deletions are possible. */
export class StoreFullError extends Busy {}
