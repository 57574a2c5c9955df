// The names that stores keep for an entity. They never change.

/** Each type has its own prefix. */
export type IdPrefix =
  | 'inst'
  | 'tmpl'
  | 'ast'
  | 'pos'
  | 'mil'
  | 'evt'
  | 'led'
  | 'aud'
  | 'pol'
  | 'idem'
  | 'chat'
  | 'msg'
  | 'mark'
  | 'key'
  | 'whe'
  | 'whd';

/** The types of the objects that mutations concern, as the audit log names them. */
export type ResourceType =
  | 'Institution'
  | 'AssetTemplate'
  | 'Asset'
  | 'Position'
  | 'Policy'
  | 'ChatSession'
  | 'ChatMessage'
  | 'ApiKey'
  | 'WebhookEndpoint';

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
  amendPosition: 'POSITION_AMENDED',
  agreeToPosition: 'POSITION_AGREED',
  transitionPosition: 'POSITION_TRANSITIONED',
  fundPosition: 'POSITION_FUNDED',
  releasePosition: 'POSITION_RELEASED',
  refundPosition: 'POSITION_REFUNDED',
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
  createWebhookEndpoint: 'WEBHOOK_ENDPOINT_CREATED',
  updateWebhookEndpoint: 'WEBHOOK_ENDPOINT_UPDATED',
  deleteWebhookEndpoint: 'WEBHOOK_ENDPOINT_DELETED',
  rotateWebhookSecret: 'WEBHOOK_SECRET_ROTATED',
  redeliverWebhooks: 'WEBHOOKS_REDELIVERED',
} as const;
/** The name of a mutation. */
export type MutationName = keyof typeof AUDIT_ACTIONS;
/** The audit action of a mutation. */
export type MutationAction = (typeof AUDIT_ACTIONS)[MutationName];

/** The names of what the server does by itself, in the audit log. */
export const SERVER_ACTIONS = { disableWebhookEndpoint: 'WEBHOOK_ENDPOINT_DISABLED' } as const;
/** The name of what the server does by itself. */
export type ServerActionName = keyof typeof SERVER_ACTIONS;
