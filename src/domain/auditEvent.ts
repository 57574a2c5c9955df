import type { Id } from './ids.ts';
import type { JsonObject } from './json.ts';
import type { ErrorCode } from './userErrors.ts';
import type { Instant } from './time.ts';
import type { Actor } from './viewer.ts';

/** The name of each mutation in the audit log. This is the only such list. */
export const AUDIT_ACTIONS = {
  createInstitution: 'INSTITUTION_CREATED',
  updateInstitution: 'INSTITUTION_UPDATED',
  createAssetTemplate: 'ASSET_TEMPLATE_CREATED',
  updateAssetTemplate: 'ASSET_TEMPLATE_UPDATED',
  createAsset: 'ASSET_CREATED',
  updateAsset: 'ASSET_UPDATED',
  createPosition: 'POSITION_CREATED',
  updatePosition: 'POSITION_UPDATED',
  transitionPosition: 'POSITION_TRANSITIONED',
  fundPosition: 'POSITION_FUNDED',
  releasePosition: 'POSITION_RELEASED',
  cancelPosition: 'POSITION_CANCELLED',
  expirePosition: 'POSITION_EXPIRED',
  applyPositions: 'POSITIONS_APPLIED',
  setPolicy: 'POLICY_SET',
  deletePolicy: 'POLICY_DELETED',
  createChatSession: 'CHAT_SESSION_CREATED',
  updateChatSession: 'CHAT_SESSION_UPDATED',
  deleteChatSession: 'CHAT_SESSION_DELETED',
  restoreChatSession: 'CHAT_SESSION_RESTORED',
  postChatMessage: 'CHAT_MESSAGE_POSTED',
  editChatMessage: 'CHAT_MESSAGE_EDITED',
  deleteChatMessage: 'CHAT_MESSAGE_DELETED',
  markChatSessionRead: 'CHAT_SESSION_READ',
  createApiKey: 'API_KEY_CREATED',
  revokeApiKey: 'API_KEY_REVOKED',
  rotateApiKey: 'API_KEY_ROTATED',
} as const;
/** The name of a mutation. */
export type MutationName = keyof typeof AUDIT_ACTIONS;

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
export type AuditAction = (typeof AUDIT_ACTIONS)[MutationName] | AccessAction;

/** The institution id of events that concern only the server itself. */
export const SERVER_INSTITUTION_ID: Id = `inst_${'0'.repeat(26)}`;

/** The object that a mutation concerns. */
export interface Resource {
  readonly type:
    | 'Institution'
    | 'AssetTemplate'
    | 'Asset'
    | 'Position'
    | 'Policy'
    | 'ChatSession'
    | 'ChatMessage'
    | 'ApiKey';
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
