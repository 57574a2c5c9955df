import type { Id } from './ids.ts';

export const VIEWER_ROLES = ['ROOT', 'ADMIN', 'READ_ONLY'] as const;
/** The permissions of a viewer. */
export type ViewerRole = (typeof VIEWER_ROLES)[number];

/** The authenticated caller of a request: the operator of the server, or an API key of one institution. */
export type Viewer =
  | { readonly role: 'ROOT' }
  | {
      readonly role: Exclude<ViewerRole, 'ROOT'>;
      readonly institutionId: Id;
      /** The API key of the request; absent if the caller was authenticated by other means. */
      readonly apiKeyId?: Id;
    };

/** Returns the name under which the viewer's requests and subscriptions are counted: one per API key. */
export const ownerOf = (viewer: Viewer): string =>
  viewer.role === 'ROOT' ? 'ROOT' : (viewer.apiKeyId ?? viewer.institutionId);

/** Returns the name under which all requests of an institution are counted; root counts as one institution. */
export const institutionOwnerOf = (viewer: Viewer): string => (viewer.role === 'ROOT' ? 'ROOT' : viewer.institutionId);

/** The institutions that a store call may access: one, or all. */
export type Scope = 'ALL' | { readonly institutionId: Id };

/** Returns the institutions that the viewer's store calls may access. */
export const scopeOf = (viewer: Viewer): Scope =>
  viewer.role === 'ROOT' ? 'ALL' : { institutionId: viewer.institutionId };

/** The cause of an event. SYSTEM is a background job, such as the one that expires positions. */
export type ActorKind = 'ROOT' | 'API_KEY' | 'SYSTEM' | 'ANONYMOUS';

/** The actor as it is stored with an event. */
export interface Actor {
  readonly actorKind: ActorKind;
  readonly apiKeyId: Id | null;
}
export const SYSTEM: Actor = { actorKind: 'SYSTEM', apiKeyId: null };
export const ANONYMOUS: Actor = { actorKind: 'ANONYMOUS', apiKeyId: null };

/** Returns the viewer as the actor of an event. */
export const actorOf = (viewer: Viewer): Actor =>
  viewer.role === 'ROOT'
    ? { actorKind: 'ROOT', apiKeyId: null }
    : { actorKind: 'API_KEY', apiKeyId: viewer.apiKeyId ?? null };
