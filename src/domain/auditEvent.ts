import type { Id } from './ids.ts';
import type { JsonObject } from './json.ts';
import type { ErrorCode } from './refusals.ts';
import type { Instant } from './time.ts';
import type { Actor } from './viewer.ts';

/** What each mutation is called in the audit trail: the one list. */
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
export type MutationName = keyof typeof AUDIT_ACTIONS;

/** What else is in the trail: requests that were turned away before they could attempt anything, and with which code. */
export const ACCESS_CODES = {
  /** Without a credential, or with one that opens nothing. */
  ACCESS_REFUSED: 'UNAUTHENTICATED',
  RATE_LIMITED: 'RATE_LIMITED',
} as const;
export type AccessAction = keyof typeof ACCESS_CODES;
export type AccessCode = (typeof ACCESS_CODES)[AccessAction];

export type AuditAction = (typeof AUDIT_ACTIONS)[MutationName] | AccessAction;

/** Stands for an institution where there is none: in what only the server itself is about. */
export const SERVER: Id = `inst_${'0'.repeat(26)}`;

/** What a mutation was about. */
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

/** One attempt to change something, successful or refused; or requests turned away before that. Never changed once written. */
export interface AuditEvent extends Actor {
  readonly id: Id;
  /** Whose trail it is in; SERVER if no institution is concerned. */
  readonly institutionId: Id;
  readonly action: AuditAction;
  readonly outcome: 'SUCCESS' | 'FAILURE';
  readonly resourceType: Resource['type'] | null;
  readonly resourceId: Id | null;
  readonly requestId: string | null;
  readonly errorCode: ErrorCode | AccessCode | null;
  /** The input as far as it can be stored; never a secret. */
  readonly payload: JsonObject | null;
  readonly createdAt: Instant;
}
