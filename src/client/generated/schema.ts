/** The object types of each interface and union, for the `possibleTypes` of Apollo Client. */
export const possibleTypes: Readonly<Record<string, readonly string[]>> = {
  "UserError": [
    "ValidationError",
    "NotFoundError",
    "ForbiddenError",
    "IllegalTransitionError",
    "InsufficientFundsError",
    "PolicyViolationError",
    "StaleVersionError",
    "IdempotencyConflictError",
    "ConflictError",
    "CapacityError"
  ],
  "Node": [
    "Institution",
    "AssetTemplate",
    "Asset",
    "Position",
    "Milestone",
    "LifecycleEvent",
    "LedgerEvent",
    "Policy",
    "AuditEvent",
    "ApiKey",
    "ChatSession",
    "ChatMessage",
    "WebhookEndpoint",
    "WebhookDelivery"
  ],
  "PositionChangePayload": [
    "TransitionPositionPayload",
    "FundPositionPayload",
    "ReleasePositionPayload",
    "RefundPositionPayload",
    "CancelPositionPayload",
    "ExpirePositionPayload",
    "AmendPositionPayload"
  ],
  "CreateInstitutionResult": [
    "CreateInstitutionPayload",
    "ValidationError",
    "ForbiddenError",
    "CapacityError",
    "IdempotencyConflictError"
  ],
  "UpdateInstitutionResult": [
    "UpdateInstitutionPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "StaleVersionError",
    "CapacityError",
    "IdempotencyConflictError",
    "ConflictError"
  ],
  "CreateAssetTemplateResult": [
    "CreateAssetTemplatePayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "CapacityError",
    "IdempotencyConflictError"
  ],
  "UpdateAssetTemplateResult": [
    "UpdateAssetTemplatePayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "StaleVersionError",
    "CapacityError",
    "IdempotencyConflictError"
  ],
  "CreateAssetResult": [
    "CreateAssetPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "CapacityError",
    "IdempotencyConflictError"
  ],
  "UpdateAssetResult": [
    "UpdateAssetPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "StaleVersionError",
    "CapacityError",
    "IdempotencyConflictError"
  ],
  "CreatePositionResult": [
    "CreatePositionPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "PolicyViolationError",
    "ConflictError",
    "CapacityError",
    "IdempotencyConflictError"
  ],
  "UpdatePositionResult": [
    "UpdatePositionPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "StaleVersionError",
    "CapacityError",
    "IdempotencyConflictError",
    "ConflictError"
  ],
  "TransitionPositionResult": [
    "TransitionPositionPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "IllegalTransitionError",
    "StaleVersionError",
    "IdempotencyConflictError",
    "InsufficientFundsError",
    "PolicyViolationError",
    "ConflictError"
  ],
  "FundPositionResult": [
    "FundPositionPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "IllegalTransitionError",
    "StaleVersionError",
    "IdempotencyConflictError",
    "PolicyViolationError",
    "ConflictError"
  ],
  "ReleasePositionResult": [
    "ReleasePositionPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "IllegalTransitionError",
    "StaleVersionError",
    "IdempotencyConflictError",
    "InsufficientFundsError"
  ],
  "RefundPositionResult": [
    "RefundPositionPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "IllegalTransitionError",
    "StaleVersionError",
    "IdempotencyConflictError",
    "InsufficientFundsError",
    "ConflictError"
  ],
  "CancelPositionResult": [
    "CancelPositionPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "IllegalTransitionError",
    "StaleVersionError",
    "IdempotencyConflictError",
    "ConflictError"
  ],
  "ExpirePositionResult": [
    "ExpirePositionPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "IllegalTransitionError",
    "StaleVersionError",
    "IdempotencyConflictError"
  ],
  "AmendPositionResult": [
    "AmendPositionPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "StaleVersionError",
    "IdempotencyConflictError",
    "PolicyViolationError",
    "ConflictError",
    "CapacityError"
  ],
  "AgreeToPositionResult": [
    "AgreeToPositionPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "StaleVersionError",
    "IdempotencyConflictError",
    "ConflictError"
  ],
  "ApplyPositionsResult": [
    "ApplyPositionsPayload",
    "ValidationError",
    "ForbiddenError",
    "CapacityError",
    "IdempotencyConflictError"
  ],
  "SetPolicyResult": [
    "SetPolicyPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "StaleVersionError",
    "IdempotencyConflictError",
    "CapacityError"
  ],
  "DeletePolicyResult": [
    "DeletePolicyPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "StaleVersionError",
    "IdempotencyConflictError"
  ],
  "CreateApiKeyResult": [
    "CreateApiKeyPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "CapacityError"
  ],
  "RevokeApiKeyResult": [
    "RevokeApiKeyPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError"
  ],
  "RotateApiKeyResult": [
    "RotateApiKeyPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "ConflictError"
  ],
  "CreateChatSessionResult": [
    "CreateChatSessionPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "IdempotencyConflictError",
    "CapacityError"
  ],
  "UpdateChatSessionResult": [
    "UpdateChatSessionPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "IdempotencyConflictError",
    "ConflictError",
    "StaleVersionError"
  ],
  "DeleteChatSessionResult": [
    "DeleteChatSessionPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "IdempotencyConflictError",
    "ConflictError",
    "StaleVersionError"
  ],
  "RestoreChatSessionResult": [
    "RestoreChatSessionPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "IdempotencyConflictError",
    "CapacityError",
    "StaleVersionError"
  ],
  "PostChatMessageResult": [
    "PostChatMessagePayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "ConflictError",
    "CapacityError",
    "IdempotencyConflictError"
  ],
  "EditChatMessageResult": [
    "EditChatMessagePayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "ConflictError",
    "StaleVersionError"
  ],
  "DeleteChatMessageResult": [
    "DeleteChatMessagePayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError"
  ],
  "MarkChatSessionReadResult": [
    "MarkChatSessionReadPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError"
  ],
  "CreateWebhookEndpointResult": [
    "CreateWebhookEndpointPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "ConflictError",
    "CapacityError"
  ],
  "UpdateWebhookEndpointResult": [
    "UpdateWebhookEndpointPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "StaleVersionError",
    "CapacityError",
    "IdempotencyConflictError",
    "ConflictError"
  ],
  "DeleteWebhookEndpointResult": [
    "DeleteWebhookEndpointPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "StaleVersionError",
    "IdempotencyConflictError"
  ],
  "RotateWebhookSecretResult": [
    "RotateWebhookSecretPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "ConflictError"
  ],
  "RedeliverWebhooksResult": [
    "RedeliverWebhooksPayload",
    "ValidationError",
    "ForbiddenError",
    "NotFoundError",
    "ConflictError",
    "IdempotencyConflictError"
  ]
};

/** The mutations that take an idempotency key. */
export const IDEMPOTENT_MUTATIONS: readonly string[] = [
  "createInstitution",
  "updateInstitution",
  "createAssetTemplate",
  "updateAssetTemplate",
  "createAsset",
  "updateAsset",
  "createPosition",
  "updatePosition",
  "transitionPosition",
  "fundPosition",
  "releasePosition",
  "refundPosition",
  "cancelPosition",
  "expirePosition",
  "amendPosition",
  "agreeToPosition",
  "applyPositions",
  "setPolicy",
  "deletePolicy",
  "createChatSession",
  "updateChatSession",
  "deleteChatSession",
  "restoreChatSession",
  "postChatMessage",
  "updateWebhookEndpoint",
  "deleteWebhookEndpoint",
  "redeliverWebhooks"
];
