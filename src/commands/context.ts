import type { Id, NewId } from '../domain/ids.ts';
import type { Issues, Maybe } from '../domain/issues.ts';
import { NotFound } from '../domain/refusals.ts';
import type { Clock } from '../domain/time.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Store } from '../store/store.ts';

/** What a command works with: who asks, the record, and the world's clock and randomness. */
export interface CommandContext {
  readonly viewer: Viewer;
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: NewId;
}

/** Refuses with NotFound an institution named by an input that is not the viewer's own. */
export function mustBeOwn(viewer: Viewer, institutionId: Maybe<Id>): void {
  if (viewer.role !== 'ROOT') mustBeOf(viewer.institutionId, institutionId);
}

/** The institution that an input is about: the one it names, or the viewer's own. Root must name one. */
export function institutionFor(viewer: Viewer, institutionId: Maybe<Id>, issues: Issues): Id {
  if (viewer.role !== 'ROOT') return institutionId ?? viewer.institutionId;
  if (institutionId === null || institutionId === undefined)
    issues.add(['institutionId'], 'must name an institution: root belongs to none.');
  return institutionId ?? '';
}

/** The first of the rows that were asked for; refuses with NotFound where there is none. */
export function found<E>(rows: readonly (E | undefined)[], what: string, field: string, id: Id): E {
  const [row] = rows;
  if (row === undefined) throw new NotFound(what, [field], id);
  return row;
}

/** Refuses with NotFound if the input names another institution than the object that it is about has. */
export function mustBeOf(owner: Id, institutionId: Maybe<Id>): void {
  if (institutionId === null || institutionId === undefined || institutionId === owner) return;
  throw new NotFound('institution', ['institutionId'], institutionId);
}
