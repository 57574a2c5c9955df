/** The reason for which the server ends a subscription. Clients receive the code and the message. */
export abstract class SubscriptionError extends Error {
  abstract readonly code: 'CURSOR_EXPIRED' | 'RATE_LIMITED' | 'BUSY' | 'UNAUTHENTICATED' | 'SERVICE_UNAVAILABLE';
}

/** The cursor is of another stream, or changes after it have been deleted. */
export class CursorExpiredError extends SubscriptionError {
  readonly code = 'CURSOR_EXPIRED';
  override readonly message = 'The cursor has expired. Subscribe without `after` and load the lists again.';
}

/** The owner has the maximum number of subscriptions. */
export class TooManySubscriptionsError extends SubscriptionError {
  readonly code = 'RATE_LIMITED';
  override readonly message = 'Limit of open subscriptions reached. End others first.';
}

/** The subscriber read too slowly: too many changes waited. */
export class TooSlowError extends SubscriptionError {
  readonly code = 'BUSY';
  override readonly message = 'The changes were read too slowly. Subscribe again with `after`.';
}

/** The credential with which the subscription was opened has expired or was revoked. */
export class CredentialEndedError extends SubscriptionError {
  readonly code = 'UNAUTHENTICATED';
  override readonly message = 'The API key has expired or was revoked. Subscribe again with a valid one.';
}

/** The server is stopping and ends all subscriptions. */
export class StoppingError extends SubscriptionError {
  readonly code = 'SERVICE_UNAVAILABLE';
  override readonly message = 'The server is stopping. Subscribe again with `after`.';
}
