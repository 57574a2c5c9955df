import type { NewToken } from '../domain/apiKey.ts';
import type { Id, NewId } from '../domain/ids.ts';
import type { Issues, Maybe } from '../domain/issues.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Clock } from '../domain/time.ts';
import { type ErrorCode, NotFoundError, StaleVersionError } from '../domain/userErrors.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { SelectedChanges } from '../domain/webhookEndpoint.ts';
import type { Deadline, Store } from '../store/store.ts';
import type { FailedAttempts } from './failedAttempts.ts';
import type { Ledger } from './ledger.ts';

/** The maximum numbers of chat sessions and messages. */
export interface ChatLimits {
  /** The maximum number of sessions that are not deleted in the whole store, or null for no limit. */
  readonly sessions: number | null;
  readonly messagesPerSession: number;
}

/** Why a document cannot be used, as the end of a sentence, and the field of the input that has the problem. */
export interface DocumentIssue {
  readonly field: 'document' | 'variables';
  readonly issue: string;
}

/** What the mutations of webhooks need of the server. */
export interface Webhooks {
  /** The maximum number of endpoints per institution, including disabled ones. */
  readonly endpointsPerInstitution: number;
  /** Returns why the URL cannot be used, as the end of a sentence; undefined if it can. */
  readonly urlIssue: (url: string) => string | undefined;
  /** Returns the changes that a document selects, or why an endpoint of the institution cannot use it. */
  readonly select: (document: string, variables: JsonObject, institutionId: Id) => SelectedChanges | DocumentIssue;
  /** Makes a new secret. */
  readonly newSecret: () => string;
  /** Encrypts the secret of an endpoint. */
  readonly seal: (secret: string, endpointId: Id) => string;
}

/** The dependencies of a command: the viewer, the store, the ledger, the clock and the sources of ids and tokens. */
export interface CommandContext {
  readonly viewer: Viewer;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly chatLimits: ChatLimits;
  /** The maximum number of API keys per institution, including expired and revoked ones. */
  readonly apiKeysPerInstitution: number;
  /** Makes the token of a new API key. */
  readonly newToken: NewToken;
  /** Absent if the server has no key for the secrets of webhooks. */
  readonly webhooks?: Webhooks | undefined;
  /** When the server gives up the operation; absent if it never does. */
  readonly until?: Deadline;
  /** The request id in the log and the audit log, or null if there is none. */
  readonly requestId: string | null;
  readonly failedAttempts: FailedAttempts;
  /** Called once for each failed mutation, including replayed ones. */
  readonly onUserError?: (code: ErrorCode) => void;
}

/**
 * Returns the institution of an input: the one that it names, or the viewer's own. Adds an issue if root names none.
 */
export function institutionFor(viewer: Viewer, institutionId: Maybe<Id>, issues: Issues): Id {
  if (viewer.role !== 'ROOT') return institutionId ?? viewer.institutionId;
  if (institutionId === null || institutionId === undefined) {
    issues.add(['institutionId'], 'is required with the root key.');
  }
  return institutionId ?? '';
}

/** Returns the loaded row. Throws NotFoundError if it is undefined. */
export function orNotFound<E>(row: E | undefined, what: string, field: string, id: Id): E {
  if (row === undefined) throw new NotFoundError(what, [field], id);
  return row;
}

/** Throws StaleVersionError if the client expects another version than the current one. */
export function assertVersion(expectedVersion: Maybe<number>, currentVersion: number): void {
  if (typeof expectedVersion === 'number' && expectedVersion !== currentVersion) {
    throw new StaleVersionError(expectedVersion, currentVersion);
  }
}

/**
 * Throws NotFoundError if the input names another institution than `owner`: the viewer's own, or that of the object.
 */
export function assertInstitution(owner: Id | undefined, institutionId: Maybe<Id>): void {
  const named = institutionId !== null && institutionId !== undefined;
  if (named && owner !== undefined && institutionId !== owner) {
    throw new NotFoundError('institution', ['institutionId'], institutionId);
  }
}

/** Returns the institution of the viewer, or undefined for root, which belongs to none. */
export const ownInstitution = (viewer: Viewer): Id | undefined =>
  viewer.role === 'ROOT' ? undefined : viewer.institutionId;
