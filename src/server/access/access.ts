import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { institutionOwnerOf, ownerOf, type Viewer } from '../../domain/viewer.ts';
import type { MaybePromise } from '../../store/store.ts';
import type { Mask } from '../errors.ts';
import { errorResponse, requestError } from '../requestError.ts';
import type { RequestHead } from '../requestHead.ts';
import { requestIdOf } from '../requestId.ts';
import type { Caller, ServerContext } from '../serverContext.ts';
import { networkOf } from './address.ts';
import type { ApiKeyAuthenticator } from './apiKeyAuthenticator.ts';
import { credentialOf } from './credential.ts';
import { type CounterName, INSTITUTION_LIMITS, type KeyLimit, type RateLimits } from './rateLimits.ts';
import type { RejectionLog } from './rejectionLog.ts';

export interface AccessOptions {
  readonly authenticator: ApiKeyAuthenticator;
  readonly limits: RateLimits;
  readonly rejections: RejectionLog;
  /** Authenticates requests instead of API keys. */
  readonly viewerOf?: ((request: Request) => Viewer) | undefined;
  /** Called for every request that exceeds a limit. */
  readonly onRateLimited?: ((limit: CounterName) => void) | undefined;
}

/** Authenticates requests and counts them against their limits. */
export class Access {
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /**
   * Authenticates a request and counts it: on the API key and the institution if it is authenticated, else on the
   * address. So nobody who shares an address can lock out an institution. Throws RATE_LIMITED, or UNAUTHENTICATED if
   * the request has no valid API key.
   *
   * Look-ups of tokens that this server does not know are counted on the address separately from failed requests:
   * forged tokens cannot cause any number of look-ups, and other failed requests do not lock out an API key that is new
   * to this server.
   */
  enter(request: RequestHead, address: string): MaybePromise<Caller> {
    const countLookUp = (): void => this.#take('address', `look-ups of ${networkOf(address)}`, address, null);
    const viewer = this.viewerOf(request, countLookUp);
    return viewer instanceof Promise
      ? viewer.then((known) => this.#admit(request, address, known))
      : this.#admit(request, address, viewer);
  }

  /** Counts a request of an address. Throws RATE_LIMITED. */
  countAddress(address: string): void {
    this.#take('address', address, address, null);
  }

  /**
   * Returns the current viewer of the request, or undefined if it has no valid API key. `beforeLookUp` is called before
   * a token that this server does not know is looked up in the database.
   */
  viewerOf(request: RequestHead, beforeLookUp?: () => void): MaybePromise<Viewer | undefined> {
    const { authenticator, viewerOf } = this.#options;
    if (viewerOf) return viewerOf(request as Request);
    const credential = credentialOf((name) => request.headers.get(name));
    return typeof credential === 'string' ? undefined : authenticator.viewerOf(credential.token, beforeLookUp);
  }

  /**
   * Counts points on the caller's API key, then on the institution. Throws RATE_LIMITED. Requests beyond the limit of
   * one API key are not counted on the institution, so one API key cannot use up the limit of the others.
   */
  charge({ viewer, address }: Caller, limit: KeyLimit, points: number): void {
    this.#take(limit, ownerOf(viewer), address, viewer, points);
    this.#take(INSTITUTION_LIMITS[limit], institutionOwnerOf(viewer), address, viewer, points);
  }

  /**
   * Returns the error for a request without a valid API key. An invalid credential counts as a failed login, a missing
   * one does not.
   */
  #rejectUnauthenticated(request: RequestHead, address: string): GraphQLError {
    this.#take('address', networkOf(address), address, null);
    const credential = credentialOf((name) => request.headers.get(name));
    if (credential !== 'NONE') this.#take('failedLogin', networkOf(address), address, null);
    this.#options.rejections.note('ACCESS_REFUSED', networkOf(address));
    return unauthenticated(typeof credential === 'string' ? MESSAGES[credential] : NO_KEY);
  }

  #admit(request: RequestHead, address: string, viewer: Viewer | undefined): Caller {
    if (viewer === undefined) throw this.#rejectUnauthenticated(request, address);
    const caller = { viewer, address };
    this.charge(caller, 'key', 1);
    return caller;
  }

  #take(limit: CounterName, subject: string, address: string, viewer: Viewer | null, points = 1): void {
    const seconds = this.#options.limits.take(limit, subject, points);
    if (seconds === undefined) return;
    this.#options.onRateLimited?.(limit);
    this.#options.rejections.note('RATE_LIMITED', networkOf(address), viewer && apiKeyOf(viewer));
    const http = { status: 429, headers: { 'retry-after': String(seconds) } };
    throw new GraphQLError(`Too many requests. Try again in ${seconds} s.`, {
      extensions: { code: 'RATE_LIMITED', retryAfter: seconds, http },
    });
  }
}

/** Returns the API key of the viewer, or null for root. */
const apiKeyOf = (viewer: Viewer) =>
  viewer.role === 'ROOT' || viewer.apiKeyId === undefined
    ? null
    : { apiKeyId: viewer.apiKeyId, institutionId: viewer.institutionId };

const NO_KEY = 'Invalid API key.';
const MESSAGES = {
  NONE: 'Missing API key. Send it as `Authorization: Bearer <key>` or `X-API-Key: <key>`.',
  SEVERAL:
    'The request has more than one API key. Send it once, as `Authorization: Bearer <key>` or `X-API-Key: <key>`.',
  UNREADABLE: NO_KEY,
} as const;

export const unauthenticated = (message = NO_KEY): GraphQLError =>
  requestError(message, 'UNAUTHENTICATED', { status: 401, headers: { 'www-authenticate': 'Bearer' } });

/** The address of a request that did not come over a network. */
const NO_ADDRESS = '127.0.0.1';

/**
 * Adds the caller to the context, and rejects requests without access. An error thrown here is sent as it is, so
 * internal errors are masked here, too.
 */
export const useAccess = (access: Access, mask: Mask): Plugin<object, ServerContext> => ({
  onRequest: async ({ request, serverContext, ...hook }) => {
    if (serverContext.caller) return;
    try {
      serverContext.caller = await access.enter(request, serverContext.address ?? NO_ADDRESS);
    } catch (error) {
      const masked = mask(error, requestIdOf(request, serverContext));
      serverContext.record?.noteErrors([masked]);
      hook.endResponse(errorResponse(masked, request.headers.get('accept')));
    }
  },
});
