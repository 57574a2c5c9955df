import type { NewToken } from '../domain/apiKey.ts';
import type { Id, NewId } from '../domain/ids.ts';
import type { Issues, Maybe } from '../domain/issues.ts';
import { NotFound } from '../domain/refusals.ts';
import type { Clock } from '../domain/time.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Deadline, Store } from '../store/store.ts';
import type { Ledger } from './ledger.ts';
import type { RefusedAttempts } from './refusedAttempts.ts';

/** How much chat there may be. */
export interface ChatLimits {
  /** Sessions that are not deleted, in the whole store; null: any number. */
  readonly sessions: number | null;
  readonly messagesPerSession: number;
}

/** What a command works with: who asks, the record, the ledger, and the world's clock and randomness. */
export interface CommandContext {
  readonly viewer: Viewer;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly newId: NewId;
  /** How long an idempotency key is remembered. */
  readonly keepKeysMs: number;
  readonly chatLimits: ChatLimits;
  /** How many API keys an institution may have, those that are over included. */
  readonly keysPerInstitution: number;
  /** Makes the token of a new API key. */
  readonly newToken: NewToken;
  /** When it is given up; left out: never. */
  readonly until?: Deadline;
  /** What the request is called in the log and the audit trail. */
  readonly requestId: string | null;
  readonly refusedAttempts: RefusedAttempts;
  /** Called once for each refused mutation, replayed refusals included. */
  readonly onRefused?: () => void;
}

/** The institution that an input is about: the one it names, or the viewer's own. Root must name one. */
export function institutionFor(viewer: Viewer, institutionId: Maybe<Id>, issues: Issues): Id {
  if (viewer.role !== 'ROOT') return institutionId ?? viewer.institutionId;
  if (institutionId === null || institutionId === undefined) {
    issues.add(['institutionId'], 'must name an institution: root belongs to none.');
  }
  return institutionId ?? '';
}

/** What was loaded; refuses with NotFound where nothing was. */
export function found<E>(row: E | undefined, what: string, field: string, id: Id): E {
  if (row === undefined) throw new NotFound(what, [field], id);
  return row;
}

/** Refuses with NotFound if the input names another institution than it can be: the viewer's own, or the object's. */
export function mustBeOf(owner: Id | undefined, institutionId: Maybe<Id>): void {
  const named = institutionId !== null && institutionId !== undefined;
  if (named && owner !== undefined && institutionId !== owner) {
    throw new NotFound('institution', ['institutionId'], institutionId);
  }
}

/** The viewer's own institution; undefined for root, who belongs to none. */
export const ownInstitution = (viewer: Viewer): Id | undefined =>
  viewer.role === 'ROOT' ? undefined : viewer.institutionId;
