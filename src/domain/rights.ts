import { allowedTransitions, type PositionState } from './lifecycle.ts';
import type { Position } from './position.ts';
import type { Instant } from './time.ts';
import { ForbiddenError } from './userErrors.ts';
import { VIEWER_ROLES, type Viewer, type ViewerRole } from './viewer.ts';

/**
 * The roles that may use a query, mutation or subscription, a type that `node` returns, or an edge from one object to
 * others; each declares its own. They do not decide which institution's objects are accessible: the scope does.
 */
export type Roles = readonly ViewerRole[];
export const EVERYONE: Roles = VIEWER_ROLES;
export const WRITERS: Roles = ['ROOT', 'ADMIN'];
export const ROOT_ONLY: Roles = ['ROOT'];

/** Returns the states to which the viewer may move the position now; none if the viewer may not move positions. */
export const viewerAllowedTransitions = (
  { role }: Viewer,
  position: Pick<Position, 'state' | 'expiresAt'>,
  now: Instant,
): readonly PositionState[] => (WRITERS.includes(role) ? allowedTransitions(position, now) : []);

/** Throws ForbiddenError if the viewer may not call the mutation. */
export function assertAllowed({ role }: Viewer, roles: Roles): void {
  if (roles.includes(role)) return;
  throw new ForbiddenError(
    roles.includes('ADMIN')
      ? 'This API key is read-only. Send one with the role ADMIN.'
      : 'This mutation requires the root key.',
  );
}
