import type { Id } from './ids.ts';
import type { JsonObject } from './json.ts';
import type { MutationAction, ResourceType, SERVER_ACTIONS, ServerActionName } from './names.ts';
import type { Instant } from './time.ts';
import type { ErrorCode } from './userErrors.ts';
import type { Actor } from './viewer.ts';

export { AUDIT_ACTIONS, type MutationName, SERVER_ACTIONS, type ServerActionName } from './names.ts';

/**
 * The other actions in the audit log: requests that were rejected before they could attempt a mutation, with their
 * codes.
 */
export const ACCESS_CODES = {
  /** Requests without a credential or with an invalid one. */
  ACCESS_REFUSED: 'UNAUTHENTICATED',
  RATE_LIMITED: 'RATE_LIMITED',
} as const;
/** The audit action of a rejected request. */
export type AccessAction = keyof typeof ACCESS_CODES;
/** The error code of a rejected request. */
export type AccessCode = (typeof ACCESS_CODES)[AccessAction];

/** Any action in the audit log. */
export type AuditAction = MutationAction | (typeof SERVER_ACTIONS)[ServerActionName] | AccessAction;

/** The institution id of events that concern only the server itself. */
export const SERVER_INSTITUTION_ID: Id = `inst_${'0'.repeat(26)}`;

/** The object that a mutation concerns. */
export interface Resource {
  readonly type: ResourceType;
  readonly id: Id;
}

/** One attempted mutation, successful or refused, or rejected requests. Never changed once written. */
export interface AuditEvent extends Actor {
  readonly id: Id;
  /** The institution that the event belongs to; SERVER if it concerns none. */
  readonly institutionId: Id;
  readonly action: AuditAction;
  readonly outcome: 'SUCCESS' | 'FAILURE';
  readonly resourceType: Resource['type'] | null;
  readonly resourceId: Id | null;
  readonly requestId: string | null;
  readonly errorCode: ErrorCode | AccessCode | null;
  /** The input as far as it can be stored; never contains a secret. */
  readonly payload: JsonObject | null;
  readonly createdAt: Instant;
}
