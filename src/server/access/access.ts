import type { Plugin } from 'graphql-yoga';
import type { GraphQLError } from 'graphql';
import { ownerOf, type Viewer } from '../../domain/viewer.ts';
import type { AccessTrail } from '../../live/accessTrail.ts';
import type { KeyRing } from '../../live/keyRing.ts';
import type { MaybePromise } from '../../store/store.ts';
import { networkOf } from './address.ts';
import type { Arrival } from '../arrival.ts';
import { credentialOf } from './credential.ts';
import type { Mask } from '../errors.ts';
import type { LimitName, RateLimits } from './rateLimits.ts';
import { refusal, refusalResponse } from '../refusal.ts';

/** Who asks, and from where. */
export interface Caller {
  readonly viewer: Viewer;
  readonly address: string;
}

export interface AccessOptions {
  readonly keys: KeyRing;
  readonly limits: RateLimits;
  readonly trail: AccessTrail;
  /** Says who asks, in the place of keys. */
  readonly viewerOf?: ((request: Request) => Viewer) | undefined;
}

/** Lets requests in, and counts what they ask for. */
export class Access {
  readonly #options: AccessOptions;
  readonly #callers = new WeakMap<Request, Caller>();

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** Counts a request and finds out who asks. Refuses with RATE_LIMITED, or with UNAUTHENTICATED whoever shows no key that is good now. */
  async enter(request: Request, address: string): Promise<Caller> {
    await this.#take('address', address, address, null);
    const viewer = await this.viewerOf(request);
    if (viewer === undefined) throw await this.#strange(request, address);
    const caller = { viewer, address };
    await this.charge(caller, 'key', 1);
    this.#callers.set(request, caller);
    return caller;
  }

  /** Who was let in with the request. */
  callerOf(request: Request): Caller {
    const caller = this.#callers.get(request);
    if (!caller) throw new Error('A request that nobody let in is being answered.');
    return caller;
  }

  /** Who asks, as of now; undefined if the request shows no key that is good. */
  viewerOf(request: Request): MaybePromise<Viewer | undefined> {
    const { keys, viewerOf } = this.#options;
    if (viewerOf) return viewerOf(request);
    const credential = credentialOf((name) => request.headers.get(name));
    return typeof credential === 'string' ? undefined : keys.viewerOf(credential.token);
  }

  /** Counts points of a caller's key. Refuses with RATE_LIMITED. */
  charge(
    { viewer, address }: Caller,
    limit: Exclude<LimitName, 'address' | 'failedLogin'>,
    points: number,
  ): Promise<void> {
    return this.#take(limit, ownerOf(viewer), address, viewer, points);
  }

  /** Why a stranger is refused. A credential that fails counts as a failed login; to show none is no attempt. */
  async #strange(request: Request, address: string): Promise<GraphQLError> {
    const credential = credentialOf((name) => request.headers.get(name));
    if (credential !== 'NONE') await this.#take('failedLogin', address, address, null);
    this.#options.trail.note('ACCESS_REFUSED', networkOf(address));
    return UNAUTHENTICATED(credential === 'NONE' ? 'Show an API key: Authorization: Bearer, or X-API-Key.' : NO_KEY);
  }

  async #take(limit: LimitName, who: string, address: string, viewer: Viewer | null, points = 1): Promise<void> {
    const name = limit === 'address' || limit === 'failedLogin' ? networkOf(who) : who;
    const seconds = await this.#options.limits.take(limit, name, points);
    if (seconds === undefined) return;
    this.#options.trail.note('RATE_LIMITED', networkOf(address), viewer && apiKeyOf(viewer));
    throw refusal(`Too many requests: try again in ${seconds} s.`, 'RATE_LIMITED', {
      status: 429,
      headers: { 'retry-after': String(seconds) },
    });
  }
}

/** The institution's key that the viewer has shown; null for root. */
const apiKeyOf = (viewer: Viewer) =>
  viewer.role === 'ROOT' || viewer.apiKeyId === undefined
    ? null
    : { apiKeyId: viewer.apiKeyId, institutionId: viewer.institutionId };

const NO_KEY = 'This is no API key that is good now.';

export const UNAUTHENTICATED = (message = NO_KEY): GraphQLError =>
  refusal(message, 'UNAUTHENTICATED', { status: 401, headers: { 'www-authenticate': 'Bearer' } });

/** The address of a request that did not come over a network. */
const NO_ADDRESS = '127.0.0.1';

/** Lets nobody by who may not come in. A fault on the way is told as any other: what is thrown here goes out as it is. */
export const useAccess = (access: Access, mask: Mask): Plugin<object, Arrival> => ({
  onRequest: async ({ request, serverContext, ...hook }) => {
    try {
      await access.enter(request, serverContext?.address ?? NO_ADDRESS);
    } catch (error) {
      hook.endResponse(refusalResponse(mask(error), request.headers.get('accept')));
    }
  },
});
