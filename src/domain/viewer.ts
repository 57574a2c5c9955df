import type { Id } from './ids.ts';

export const VIEWER_ROLES = ['ROOT', 'ADMIN', 'READ_ONLY'] as const;
export type ViewerRole = (typeof VIEWER_ROLES)[number];

/** Who asks: the operator of the server, or a key of one institution. */
export type Viewer =
  | { readonly role: 'ROOT' }
  | {
      readonly role: Exclude<ViewerRole, 'ROOT'>;
      readonly institutionId: Id;
      /** The key that was shown; left out where something else than keys says who asks. */
      readonly apiKeyId?: Id;
    };

/** Whose requests and subscriptions count together: those of one key. */
export const ownerOf = (viewer: Viewer): string =>
  viewer.role === 'ROOT' ? 'ROOT' : (viewer.apiKeyId ?? viewer.institutionId);

/** The name under which all requests of an institution are counted; root counts as one institution. */
export const institutionOwnerOf = (viewer: Viewer): string => (viewer.role === 'ROOT' ? 'ROOT' : viewer.institutionId);

/** What a read or a write may reach at all: one institution's objects, or everybody's. */
export type Scope = 'ALL' | { readonly institutionId: Id };

export const scopeOf = (viewer: Viewer): Scope =>
  viewer.role === 'ROOT' ? 'ALL' : { institutionId: viewer.institutionId };

/** Whose doing an event was. SYSTEM: a deadline. */
export type ActorKind = 'ROOT' | 'API_KEY' | 'SYSTEM' | 'ANONYMOUS';

/** Who did something, as it is kept. */
export interface Actor {
  readonly actorKind: ActorKind;
  readonly apiKeyId: Id | null;
}
export const SYSTEM: Actor = { actorKind: 'SYSTEM', apiKeyId: null };
export const ANONYMOUS: Actor = { actorKind: 'ANONYMOUS', apiKeyId: null };

export const actorOf = (viewer: Viewer): Actor =>
  viewer.role === 'ROOT'
    ? { actorKind: 'ROOT', apiKeyId: null }
    : { actorKind: 'API_KEY', apiKeyId: viewer.apiKeyId ?? null };
