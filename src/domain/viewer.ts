import type { Id } from './ids.ts';
import { Forbidden } from './refusals.ts';

/** Who asks: the operator of the server, or a key of one institution. */
export type Viewer = { readonly role: 'ROOT' } | { readonly role: 'ADMIN' | 'READ_ONLY'; readonly institutionId: Id };

/** What a read or a write may reach at all: one institution's objects, or everybody's. */
export type Scope = 'ALL' | { readonly institutionId: Id };

export const scopeOf = (viewer: Viewer): Scope =>
  viewer.role === 'ROOT' ? 'ALL' : { institutionId: viewer.institutionId };

/** Whose doing an event was. SYSTEM: a deadline. */
export type ActorKind = 'ROOT' | 'API_KEY' | 'SYSTEM' | 'ANONYMOUS';

export const actorOf = (viewer: Viewer): ActorKind => (viewer.role === 'ROOT' ? 'ROOT' : 'API_KEY');

/** Refuses with Forbidden whoever may only read. */
export function mustWrite(viewer: Viewer): void {
  if (viewer.role === 'READ_ONLY') throw new Forbidden('This key may only read.');
}

/** Refuses with Forbidden whoever is not root. */
export function mustBeRoot(viewer: Viewer): void {
  if (viewer.role !== 'ROOT') throw new Forbidden('Only root may do this.');
}
