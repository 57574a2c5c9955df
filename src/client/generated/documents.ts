/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
import type { TypedDocument } from '../typedDocument.ts';

/** The state of a position. */
export type PositionState =
  /** The position was created; nothing is in escrow yet. */
  | 'CREATED'
  /** A part of the amount is in escrow. Nothing can be released before the whole amount was funded. Only fundPosition with an amount leads here. */
  | 'PARTIALLY_FUNDED'
  /** The whole amount was paid into escrow; nothing was released yet. */
  | 'FUNDED'
  /** The payee has earned a part; the rest is in escrow. */
  | 'PARTIALLY_RELEASED'
  /** Everything was released to the payee. Terminal. */
  | 'RELEASED'
  /** The position was cancelled; the held amount was returned to the payer. Terminal. */
  | 'CANCELLED'
  /** The position expired; the held amount was returned to the payer, and what was retained went to the payee. Terminal. */
  | 'EXPIRED';

/** The kind of a change of a position. The enum is open: keep a default branch. */
export type PositionMove =
  /** The position was created. */
  | 'CREATE'
  /** Money was paid into escrow, in full or in part. */
  | 'FUND'
  /** Money was released to the payee, or earned by it and retained. */
  | 'RELEASE'
  /** Money was refunded to the payer. */
  | 'REFUND'
  /** The position was cancelled. */
  | 'CANCEL'
  /** The position expired. */
  | 'EXPIRE'
  /** A party agreed to the terms. */
  | 'AGREE'
  /** The terms or the expiry were changed. */
  | 'AMEND';

/** The kind of a user error. The enum is open: values are added without notice, so keep a default branch. */
export type ErrorCode =
  /** The input is invalid; `ValidationError.issues` lists the problems. */
  | 'VALIDATION_FAILED'
  /** The object does not exist, or the viewer may not see it. */
  | 'NOT_FOUND'
  /** The role of the viewer does not allow the mutation. */
  | 'FORBIDDEN'
  /** The lifecycle does not allow the transition now. */
  | 'ILLEGAL_TRANSITION'
  /** The requested amount exceeds what the position has available. */
  | 'INSUFFICIENT_FUNDS'
  /** The position violates a rule of the asset template or of the policy of the institution. */
  | 'POLICY_VIOLATION'
  /** The object has changed since the client read it: it has another version than `expectedVersion`. */
  | 'STALE_VERSION'
  /** The idempotency key was already used with another input. */
  | 'IDEMPOTENCY_CONFLICT'
  /** The request conflicts with the current state of the object or with another object. */
  | 'CONFLICT'
  /** A limit on the number of objects or on the size of the stored data is reached. */
  | 'CAPACITY_EXCEEDED';

/** The direction of an order. */
export type OrderDirection =
  /** Ascending: smallest or oldest first. */
  | 'ASC'
  /** Descending: largest or newest first. */
  | 'DESC';

/** The role of a party in a position. The enum is open: keep a default branch. */
export type PartyRole =
  /** Pays into escrow and receives refunds. */
  | 'PAYER'
  /** Receives releases. */
  | 'PAYEE'
  /** Is named in the terms without paying or being paid. */
  | 'OBSERVER';

/** The fields that positions can be ordered by. Equal values are ordered by id. */
export type PositionOrderField =
  /** By time of creation. */
  | 'CREATED_AT'
  /** By time of the last change. */
  | 'UPDATED_AT'
  /** By agreed amount, as a number regardless of its currency. */
  | 'AMOUNT'
  /** By expiry; positions without one are last in ASC, first in DESC. */
  | 'EXPIRES_AT';

/** The party that bears a fee. */
export type FeeBearer =
  /** The payer pays the fee on top of each funding. */
  | 'PAYER'
  /** The fee is deducted from each release. */
  | 'PAYEE';

/** The state of a milestone. The enum is open: keep a default branch. */
export type MilestoneState =
  /** Part of its amount has been neither earned nor refunded. */
  | 'OPEN'
  /** Its whole amount has been earned or refunded, or the position is in a terminal state. */
  | 'CLOSED'
  /** The terms were amended: the milestone belongs to an earlier version of them. Nothing can be paid. */
  | 'REPLACED';

/** The outcome of one operation. */
export type PositionOperationStatus =
  /** The operation was applied; in a dry run, it would have been. */
  | 'APPLIED'
  /** The operation was rejected; see `error`. */
  | 'REFUSED'
  /** The operation was not applied because another operation of the atomic batch was rejected. */
  | 'NOT_DONE';

/** The permissions of the viewer. */
export type ViewerRole =
  /** The operator of the server, who reads and writes in all institutions. */
  | 'ROOT'
  /** Reads and writes in one institution. */
  | 'ADMIN'
  /** Reads in one institution. */
  | 'READ_ONLY';

/** The urgency of a chat session. */
export type ChatPriority =
  /** Lower than normal urgency. */
  | 'LOW'
  /** Normal urgency; the default. */
  | 'MEDIUM'
  /** Higher than normal urgency. */
  | 'HIGH'
  /** Requires immediate attention. */
  | 'URGENT';

/** The fields that chat sessions can be ordered by. Equal values are ordered by id. */
export type ChatSessionOrderField =
  /** By time of creation. */
  | 'CREATED_AT'
  /** By `updatedAt`: the last change, not counting messages. */
  | 'UPDATED_AT'
  /** By `lastActivityAt`: the last message, or the creation. */
  | 'LAST_ACTIVITY_AT'
  /** By urgency, then by last activity, both in the same direction. */
  | 'PRIORITY'
  /** By title, compared by code point. */
  | 'TITLE';

/** The kind of a change. */
export type ChangeKind =
  /** No object changed; all later changes are live. Every stream has one such change, immediately if `after` is absent. Load your lists when it arrives. */
  | 'CAUGHT_UP'
  /** The object was created. */
  | 'CREATED'
  /** The object was changed or restored. */
  | 'UPDATED'
  /** The object was deleted. It can still be read and has `deletedAt`. */
  | 'DELETED';

/** An exact amount of one currency. */
export type MoneyInput = {
  /** The amount in the unit of the currency. Must be positive, with at most as many decimals as the currency has and at most 24 digits before the decimal point. */
  readonly amount: string;
  /** The currency. */
  readonly currencyCode: string;
};

/** A range of values. Bounds are combined with AND; an absent bound does not limit the range. */
export type DecimalRange = {
  /** At least this value. */
  readonly gte?: string | null | undefined;
  /** More than this value. */
  readonly gt?: string | null | undefined;
  /** At most this value. */
  readonly lte?: string | null | undefined;
  /** Less than this value. */
  readonly lt?: string | null | undefined;
};

/** A range of values. Bounds are combined with AND; an absent bound does not limit the range. */
export type DateTimeRange = {
  /** At least this value. */
  readonly gte?: string | null | undefined;
  /** More than this value. */
  readonly gt?: string | null | undefined;
  /** At most this value. */
  readonly lte?: string | null | undefined;
  /** Less than this value. */
  readonly lt?: string | null | undefined;
};

/** A value that the metadata must have at a path. */
export type MetadataCondition = {
  /** The path: the keys from the outermost to the innermost, joined by dots, such as "invoice.number". A key that contains dots is not escaped. The items of a list have the path of the list. */
  readonly path: string;
  /** The value: a string unchanged, a number or a boolean in JSON notation ("12.5", "true"). "5" matches both 5 and "5". Null, objects and lists themselves never match. */
  readonly equals: string;
};

/** A party of the current terms of a position. */
export type PartyFilter = {
  /** Exactly this reference of the party. Example: "buyer-7". */
  readonly reference: string;
  /** The role of the party. Defaults to any. */
  readonly role?: PartyRole | null | undefined;
};

/** Filters positions. Fields are combined with AND, list values with OR. An empty list matches nothing. */
export type PositionFilter = {
  /** Only positions of this institution. Example: "inst_01kdvdna01f46vxnpk0mde9nce". */
  readonly institutionId?: string | null | undefined;
  /** Only positions of one of these assets. Example: ["ast_01kdvdna01f46vxnpk0mde9nce"]. */
  readonly assetIds?: ReadonlyArray<string> | null | undefined;
  /** Only positions of assets of these asset templates. Example: ["tmpl_01kdvdna01f46vxnpk0mde9nce"]. */
  readonly templateIds?: ReadonlyArray<string> | null | undefined;
  /** Only positions with exactly this holder reference. Example: "supplier-42". */
  readonly holderReference?: string | null | undefined;
  /** Only positions with one of these holder references. Example: ["supplier-42"]. */
  readonly holderReferences?: ReadonlyArray<string> | null | undefined;
  /** Only positions with exactly this external reference. Example: "order-1017". */
  readonly externalReference?: string | null | undefined;
  /** Only positions whose external reference starts with this text, compared by code point (case-sensitive). Example: "order-". */
  readonly referenceStartsWith?: string | null | undefined;
  /** Only objects whose metadata has all of these values. At most 10 conditions. Only the first 100 values of the metadata of an object are searched. */
  readonly metadata?: ReadonlyArray<MetadataCondition> | null | undefined;
  /** Only positions with this party in their current terms. */
  readonly party?: PartyFilter | null | undefined;
  /** Only positions that were opened under an asset template with this country: the `country` of an invoice or the `issuingBankCountry` of a letter of credit. A two-letter ISO 3166-1 code in capital letters, such as "SG". */
  readonly country?: string | null | undefined;
  /** Only positions in one of these states. */
  readonly states?: ReadonlyArray<PositionState> | null | undefined;
  /** Only positions in this currency. */
  readonly currencyCode?: string | null | undefined;
  /** Only positions whose agreed amount is within these bounds, as a number regardless of its currency. */
  readonly amount?: DecimalRange | null | undefined;
  /** Only positions created within these bounds. */
  readonly createdAt?: DateTimeRange | null | undefined;
  /** Only positions last changed within these bounds. */
  readonly updatedAt?: DateTimeRange | null | undefined;
  /** Only positions that expire within these bounds. Positions that never expire do not match. */
  readonly expiresAt?: DateTimeRange | null | undefined;
};

/** The order of a list of positions. */
export type PositionOrder = {
  /** The field to order by. */
  readonly field: PositionOrderField;
  /** The direction. */
  readonly direction: OrderDirection;
};

/** A party to a position. */
export type PartyInput = {
  /** The role of the party. */
  readonly role: PartyRole;
  /** Your reference of the party, 1 to 200 characters. Do not use names or other personal data. Example: "buyer-7". */
  readonly reference: string;
};

/** A milestone of a position. */
export type MilestoneInput = {
  /** The title of the milestone, 1 to 200 characters. Example: "Foundations of section 2". */
  readonly title: string;
  /** The amount of the milestone, in the currency of the position. Must be greater than zero. */
  readonly amount: string;
  /** The reference of the payee. Required if the terms name several payees; defaults to the only payee. Example: "supplier-42". */
  readonly payeeReference?: string | null | undefined;
  /** When the milestone is due. For information only. */
  readonly dueAt?: string | null | undefined;
};

/** A fee. At least one of `percentage` and `fixed` is required. */
export type FeeTermInput = {
  /** The name of the fee, 1 to 200 characters. Example: "Platform fee". */
  readonly name: string;
  /** The party that bears the fee. */
  readonly bearer: FeeBearer;
  /** The fee as a percentage of each amount funded or released: 0 to 100, at most 4 decimals. */
  readonly percentage?: string | null | undefined;
  /** A fixed fee in the currency of the position, charged once. Must be greater than zero. */
  readonly fixed?: string | null | undefined;
};

/** The complete terms of a position. Terms replace earlier terms as a whole; an omitted field means that there is no such term. */
export type PositionTermsInput = {
  /** The parties, at most 50: exactly one PAYER, at least one PAYEE and any number of observers. A reference cannot be both PAYER and PAYEE. */
  readonly parties: ReadonlyArray<PartyInput>;
  /** The milestones, at most 200. Their amounts must add up to the amount of the position. Required with several payees. Defaults to an undivided position. */
  readonly milestones?: ReadonlyArray<MilestoneInput> | null | undefined;
  /** The fees, at most 10. Several payees cannot bear fees. Defaults to none. */
  readonly fees?: ReadonlyArray<FeeTermInput> | null | undefined;
  /** The retainage percentage: 0 to 100, at most 4 decimals. Not allowed with several payees. Defaults to the percentage of the asset template, which is also its minimum, or else to none. */
  readonly retainagePercentage?: string | null | undefined;
  /** Whether every PAYER and PAYEE must agree before the position can be funded. */
  readonly agreementRequired?: boolean;
};

/** Input for createPosition. */
export type CreatePositionInput = {
  /** The institution of the asset. Optional; if set, it must match. Example: "inst_01kdvdna01f46vxnpk0mde9nce". */
  readonly institutionId?: string | null | undefined;
  /** The asset: the deal that the money is held for. Example: "ast_01kdvdna01f46vxnpk0mde9nce". */
  readonly assetId: string;
  /** Your reference of the party the money is held for. 1 to 200 characters. Example: "supplier-42". */
  readonly holderReference: string;
  /** The agreed amount, in the currency of the asset template. */
  readonly amount: MoneyInput;
  /** Your reference of the position. 1 to 200 characters. Not necessarily unique; see `uniqueReference`. Example: "order-1017". */
  readonly externalReference?: string | null | undefined;
  /** Whether the external reference must be unique among the positions of the institution that were created with this flag. If one has it, the result is a ConflictError with its id. Positions created without the flag do not count. Requires `externalReference`. Defaults to false. */
  readonly uniqueReference?: boolean | null | undefined;
  /** When the position expires. Must be in the future. Required if the config of the asset template has `maxTenorDays`. Defaults to never. */
  readonly expiresAt?: string | null | undefined;
  /** Data of the client. Defaults to {}. Example: {"invoice":{"number":"2026-117"}}. */
  readonly metadata?: Record<string, unknown> | null | undefined;
  /** The terms of the position. Defaults to no terms, or to retainage alone if the asset template prescribes it. */
  readonly terms?: PositionTermsInput | null | undefined;
  /** Client-chosen text that makes the mutation safe to retry: a call with the same idempotency key and input returns the first result and is not executed again, unless that was VALIDATION_FAILED, FORBIDDEN, NOT_FOUND or CAPACITY_EXCEEDED. Another input results in an IdempotencyConflictError. 1 to 255 characters. You can send it as the header Idempotency-Key instead. Example: "fund-order-1017". */
  readonly idempotencyKey?: string | null | undefined;
};

/** Input for transitionPosition. */
export type TransitionPositionInput = {
  /** The position to change. Example: "pos_01kdvdna01f46vxnpk0mde9nce". */
  readonly positionId: string;
  /** The new state of the position. Not PARTIALLY_FUNDED; not PARTIALLY_RELEASED if the position has milestones. */
  readonly toState: PositionState;
  /** The amount to release, in the currency of the position. Required for PARTIALLY_RELEASED and less than what is held. Optional for RELEASED; if set, it must be all that is available. Not allowed for other states. */
  readonly amount?: string | null | undefined;
  /** The reason, kept with the lifecycle event. At most 1,000 characters. Example: "The inspection was passed.". */
  readonly reason?: string | null | undefined;
  /** Data of the client about the change, kept with the lifecycle event. Defaults to {}. Example: {"invoice":{"number":"2026-117"}}. */
  readonly metadata?: Record<string, unknown> | null | undefined;
  /** The version that you last read. If the object has another version now, the result is a StaleVersionError. */
  readonly expectedVersion?: number | null | undefined;
  /** Client-chosen text that makes the mutation safe to retry: a call with the same idempotency key and input returns the first result and is not executed again, unless that was VALIDATION_FAILED, FORBIDDEN, NOT_FOUND or CAPACITY_EXCEEDED. Another input results in an IdempotencyConflictError. 1 to 255 characters. You can send it as the header Idempotency-Key instead. Example: "fund-order-1017". */
  readonly idempotencyKey?: string | null | undefined;
};

/** Input for fundPosition. */
export type FundPositionInput = {
  /** The position to change. Example: "pos_01kdvdna01f46vxnpk0mde9nce". */
  readonly positionId: string;
  /** The amount to fund, in the currency of the position, without the fees that the payer bears. At most the amount that is still due, which is also the default. */
  readonly amount?: string | null | undefined;
  /** The bank's reference of the payment, 1 to 200 characters. Example: "BANK-2026-11-30-0042". */
  readonly paymentReference?: string | null | undefined;
  /** The reason, kept with the lifecycle event. At most 1,000 characters. Example: "The inspection was passed.". */
  readonly reason?: string | null | undefined;
  /** Data of the client about the change, kept with the lifecycle event. Defaults to {}. Example: {"invoice":{"number":"2026-117"}}. */
  readonly metadata?: Record<string, unknown> | null | undefined;
  /** The version that you last read. If the object has another version now, the result is a StaleVersionError. */
  readonly expectedVersion?: number | null | undefined;
  /** Client-chosen text that makes the mutation safe to retry: a call with the same idempotency key and input returns the first result and is not executed again, unless that was VALIDATION_FAILED, FORBIDDEN, NOT_FOUND or CAPACITY_EXCEEDED. Another input results in an IdempotencyConflictError. 1 to 255 characters. You can send it as the header Idempotency-Key instead. Example: "fund-order-1017". */
  readonly idempotencyKey?: string | null | undefined;
};

/** Input for releasePosition. */
export type ReleasePositionInput = {
  /** The position to change. Example: "pos_01kdvdna01f46vxnpk0mde9nce". */
  readonly positionId: string;
  /** The amount to release before fees and retainage, in the currency of the position; at most what is available. Required unless `all` is true, and not allowed with it. */
  readonly amount?: string | null | undefined;
  /** Whether to release everything: of the milestone what is left, or, without a milestone, all that is held, which is the final release and pays out the retained amount. Required to be true unless `amount` is set; false and null count as absent. */
  readonly all?: boolean | null | undefined;
  /** The milestone to release. Required with `amount` if the position has milestones. Example: "mil_01kdvdna01f46vxnpk0mde9nce". */
  readonly milestoneId?: string | null | undefined;
  /** The bank's reference of the payment, 1 to 200 characters. Example: "BANK-2026-11-30-0042". */
  readonly paymentReference?: string | null | undefined;
  /** The reason, kept with the lifecycle event. At most 1,000 characters. Example: "The inspection was passed.". */
  readonly reason?: string | null | undefined;
  /** Data of the client about the change, kept with the lifecycle event. Defaults to {}. Example: {"invoice":{"number":"2026-117"}}. */
  readonly metadata?: Record<string, unknown> | null | undefined;
  /** The version that you last read. If the object has another version now, the result is a StaleVersionError. */
  readonly expectedVersion?: number | null | undefined;
  /** Client-chosen text that makes the mutation safe to retry: a call with the same idempotency key and input returns the first result and is not executed again, unless that was VALIDATION_FAILED, FORBIDDEN, NOT_FOUND or CAPACITY_EXCEEDED. Another input results in an IdempotencyConflictError. 1 to 255 characters. You can send it as the header Idempotency-Key instead. Example: "fund-order-1017". */
  readonly idempotencyKey?: string | null | undefined;
};

/** Input for refundPosition. */
export type RefundPositionInput = {
  /** The position to change. Example: "pos_01kdvdna01f46vxnpk0mde9nce". */
  readonly positionId: string;
  /** The amount to refund, in the currency of the position; at most what is available. Required unless `all` is true, and not allowed with it. */
  readonly amount?: string | null | undefined;
  /** Whether to refund everything that is available, or what is left of the milestone. Required to be true unless `amount` is set; false and null count as absent. */
  readonly all?: boolean | null | undefined;
  /** The milestone to refund. Required with `amount` if the position has milestones. Example: "mil_01kdvdna01f46vxnpk0mde9nce". */
  readonly milestoneId?: string | null | undefined;
  /** The bank's reference of the payment, 1 to 200 characters. Example: "BANK-2026-11-30-0042". */
  readonly paymentReference?: string | null | undefined;
  /** The reason, kept with the lifecycle event. At most 1,000 characters. Example: "The inspection was passed.". */
  readonly reason?: string | null | undefined;
  /** Data of the client about the change, kept with the lifecycle event. Defaults to {}. Example: {"invoice":{"number":"2026-117"}}. */
  readonly metadata?: Record<string, unknown> | null | undefined;
  /** The version that you last read. If the object has another version now, the result is a StaleVersionError. */
  readonly expectedVersion?: number | null | undefined;
  /** Client-chosen text that makes the mutation safe to retry: a call with the same idempotency key and input returns the first result and is not executed again, unless that was VALIDATION_FAILED, FORBIDDEN, NOT_FOUND or CAPACITY_EXCEEDED. Another input results in an IdempotencyConflictError. 1 to 255 characters. You can send it as the header Idempotency-Key instead. Example: "fund-order-1017". */
  readonly idempotencyKey?: string | null | undefined;
};

/** Input for cancelPosition. */
export type CancelPositionInput = {
  /** The position to change. Example: "pos_01kdvdna01f46vxnpk0mde9nce". */
  readonly positionId: string;
  /** The reason, kept with the lifecycle event. At most 1,000 characters. Example: "The inspection was passed.". */
  readonly reason?: string | null | undefined;
  /** Data of the client about the change, kept with the lifecycle event. Defaults to {}. Example: {"invoice":{"number":"2026-117"}}. */
  readonly metadata?: Record<string, unknown> | null | undefined;
  /** The version that you last read. If the object has another version now, the result is a StaleVersionError. */
  readonly expectedVersion?: number | null | undefined;
  /** Client-chosen text that makes the mutation safe to retry: a call with the same idempotency key and input returns the first result and is not executed again, unless that was VALIDATION_FAILED, FORBIDDEN, NOT_FOUND or CAPACITY_EXCEEDED. Another input results in an IdempotencyConflictError. 1 to 255 characters. You can send it as the header Idempotency-Key instead. Example: "fund-order-1017". */
  readonly idempotencyKey?: string | null | undefined;
};

/** Input for expirePosition. */
export type ExpirePositionInput = {
  /** The position to change. Example: "pos_01kdvdna01f46vxnpk0mde9nce". */
  readonly positionId: string;
  /** The reason, kept with the lifecycle event. At most 1,000 characters. Example: "The inspection was passed.". */
  readonly reason?: string | null | undefined;
  /** Data of the client about the change, kept with the lifecycle event. Defaults to {}. Example: {"invoice":{"number":"2026-117"}}. */
  readonly metadata?: Record<string, unknown> | null | undefined;
  /** The version that you last read. If the object has another version now, the result is a StaleVersionError. */
  readonly expectedVersion?: number | null | undefined;
  /** Client-chosen text that makes the mutation safe to retry: a call with the same idempotency key and input returns the first result and is not executed again, unless that was VALIDATION_FAILED, FORBIDDEN, NOT_FOUND or CAPACITY_EXCEEDED. Another input results in an IdempotencyConflictError. 1 to 255 characters. You can send it as the header Idempotency-Key instead. Example: "fund-order-1017". */
  readonly idempotencyKey?: string | null | undefined;
};

/** Input for amendPosition. At least one of `terms` and `expiresAt` is required. */
export type AmendPositionInput = {
  /** The position to change. Example: "pos_01kdvdna01f46vxnpk0mde9nce". */
  readonly positionId: string;
  /** The new terms, which replace the current terms as a whole. If omitted or null, the current terms, if any, are repeated as a new version. */
  readonly terms?: PositionTermsInput | null | undefined;
  /** When the position expires. Must be in the future. Null removes the expiry, unless the asset template requires one. If omitted, the expiry stays unchanged. */
  readonly expiresAt?: string | null | undefined;
  /** The reason, kept with the lifecycle event. At most 1,000 characters. Example: "The inspection was passed.". */
  readonly reason?: string | null | undefined;
  /** Data of the client about the change, kept with the lifecycle event. Defaults to {}. Example: {"invoice":{"number":"2026-117"}}. */
  readonly metadata?: Record<string, unknown> | null | undefined;
  /** The version that you last read. If the object has another version now, the result is a StaleVersionError. */
  readonly expectedVersion?: number | null | undefined;
  /** Client-chosen text that makes the mutation safe to retry: a call with the same idempotency key and input returns the first result and is not executed again, unless that was VALIDATION_FAILED, FORBIDDEN, NOT_FOUND or CAPACITY_EXCEEDED. Another input results in an IdempotencyConflictError. 1 to 255 characters. You can send it as the header Idempotency-Key instead. Example: "fund-order-1017". */
  readonly idempotencyKey?: string | null | undefined;
};

/** Input for agreeToPosition. */
export type AgreeToPositionInput = {
  /** The position to change. Example: "pos_01kdvdna01f46vxnpk0mde9nce". */
  readonly positionId: string;
  /** The reference of the party that agrees: a PAYER or a PAYEE. Example: "supplier-42". */
  readonly partyReference: string;
  /** The version of the terms that the party has read. If the terms have changed since, the mutation returns StaleVersionError. */
  readonly termsVersion: number;
  /** The reason, kept with the lifecycle event. At most 1,000 characters. Example: "The inspection was passed.". */
  readonly reason?: string | null | undefined;
  /** Data of the client about the change, kept with the lifecycle event. Defaults to {}. Example: {"invoice":{"number":"2026-117"}}. */
  readonly metadata?: Record<string, unknown> | null | undefined;
  /** Client-chosen text that makes the mutation safe to retry: a call with the same idempotency key and input returns the first result and is not executed again, unless that was VALIDATION_FAILED, FORBIDDEN, NOT_FOUND or CAPACITY_EXCEEDED. Another input results in an IdempotencyConflictError. 1 to 255 characters. You can send it as the header Idempotency-Key instead. Example: "fund-order-1017". */
  readonly idempotencyKey?: string | null | undefined;
};

/** One operation of a batch. Set exactly one field, without `idempotencyKey`: that is set on the batch. */
export type PositionOperation =
  {   /** Creates a position. */
  readonly create: CreatePositionInput; readonly transition?: never; readonly fund?: never; readonly release?: never; readonly refund?: never; }
  |  { readonly create?: never;   /** Changes the state of a position. */
  readonly transition: TransitionPositionInput; readonly fund?: never; readonly release?: never; readonly refund?: never; }
  |  { readonly create?: never; readonly transition?: never;   /** Funds a position, in full or in part. */
  readonly fund: FundPositionInput; readonly release?: never; readonly refund?: never; }
  |  { readonly create?: never; readonly transition?: never; readonly fund?: never;   /** Releases money to the payee. */
  readonly release: ReleasePositionInput; readonly refund?: never; }
  |  { readonly create?: never; readonly transition?: never; readonly fund?: never; readonly release?: never;   /** Refunds money to the payer. */
  readonly refund: RefundPositionInput; };

/** Input for applyPositions. */
export type ApplyPositionsInput = {
  /** The operations, 1 to 1000. They are executed in order; each one sees the changes of the previous ones. */
  readonly operations: ReadonlyArray<PositionOperation>;
  /** Whether all operations are rejected if one is. If false, only the failing operations are rejected. */
  readonly atomic?: boolean;
  /** Whether to return what the batch would do without storing anything. A dry run does not use up the idempotency key. */
  readonly dryRun?: boolean;
  /** Client-chosen text that makes the mutation safe to retry: a call with the same idempotency key and input returns the first result and is not executed again, unless that was VALIDATION_FAILED, FORBIDDEN, NOT_FOUND or CAPACITY_EXCEEDED. Another input results in an IdempotencyConflictError. 1 to 255 characters. You can send it as the header Idempotency-Key instead. Example: "fund-order-1017". */
  readonly idempotencyKey?: string | null | undefined;
};

/** Filters chat sessions. Fields are combined with AND, list values with OR. An empty list matches nothing. */
export type ChatSessionFilter = {
  /** Only chat sessions of this institution. Example: "inst_01kdvdna01f46vxnpk0mde9nce". */
  readonly institutionId?: string | null | undefined;
  /** Only chat sessions about one of these positions. Example: ["pos_01kdvdna01f46vxnpk0mde9nce"]. */
  readonly positionIds?: ReadonlyArray<string> | null | undefined;
  /** Only chat sessions with exactly this owner reference. Example: "buyer-7". */
  readonly ownerReference?: string | null | undefined;
  /** Only chat sessions with one of these priorities. */
  readonly priorities?: ReadonlyArray<ChatPriority> | null | undefined;
  /** Only chat sessions that accept new messages (true) or do not (false). */
  readonly active?: boolean | null | undefined;
  /** Only chat sessions with all of these words in the title and description, or in one message. Words match as a whole and not by prefix; the search ignores case but not accents. Deleted messages and earlier texts are not searched. A text without any word matches nothing. At most 1,000 characters. Example: "surveyor report". */
  readonly search?: string | null | undefined;
  /** Only chat sessions created within these bounds. */
  readonly createdAt?: DateTimeRange | null | undefined;
  /** Whether to return deleted chat sessions too. */
  readonly includeDeleted?: boolean;
};

/** The order of a list of chat sessions. */
export type ChatSessionOrder = {
  /** The field to order by. */
  readonly field: ChatSessionOrderField;
  /** The direction. */
  readonly direction: OrderDirection;
};

/** Input for createChatSession. */
export type CreateChatSessionInput = {
  /** The institution. Required with the root key if `positionId` is absent; if both are set, it must be the institution of the position. Defaults to the institution of the position or of the API key. Example: "inst_01kdvdna01f46vxnpk0mde9nce". */
  readonly institutionId?: string | null | undefined;
  /** The position that the chat session is about. Defaults to none. Example: "pos_01kdvdna01f46vxnpk0mde9nce". */
  readonly positionId?: string | null | undefined;
  /** Your reference of the owner, who leads the conversation. 1 to 200 characters. Example: "buyer-7". */
  readonly ownerReference: string;
  /** The subject. 1 to 200 characters. Example: "Inspection of section 2". */
  readonly title: string;
  /** A longer description of the subject. At most 10,000 characters. Example: "The surveyor visits the site on Friday.". */
  readonly description?: string | null | undefined;
  /** The urgency. Defaults to MEDIUM. */
  readonly priority?: ChatPriority | null | undefined;
  /** Whether the chat session accepts new messages. Edits, deletions and read marks are always possible. Defaults to true. */
  readonly active?: boolean | null | undefined;
  /** Client-chosen text that makes the mutation safe to retry: a call with the same idempotency key and input returns the first result and is not executed again, unless that was VALIDATION_FAILED, FORBIDDEN, NOT_FOUND or CAPACITY_EXCEEDED. Another input results in an IdempotencyConflictError. 1 to 255 characters. You can send it as the header Idempotency-Key instead. Example: "fund-order-1017". */
  readonly idempotencyKey?: string | null | undefined;
};

/** Input for postChatMessage. */
export type PostChatMessageInput = {
  /** The chat session. Must be active and not deleted. Example: "chat_01kdvdna01f46vxnpk0mde9nce". */
  readonly chatSessionId: string;
  /** Your reference of the author. 1 to 200 characters. Example: "supplier-42". */
  readonly authorReference: string;
  /** The text. 1 to 10,000 characters. Example: "The surveyor has signed the report.". */
  readonly body: string;
  /** The message to reply to. Must be in the same chat session. Example: "msg_01kdvdna01f46vxnpk0mde9nce". */
  readonly replyToId?: string | null | undefined;
  /** Client-chosen text that makes the mutation safe to retry: a call with the same idempotency key and input returns the first result and is not executed again, unless that was VALIDATION_FAILED, FORBIDDEN, NOT_FOUND or CAPACITY_EXCEEDED. Another input results in an IdempotencyConflictError. 1 to 255 characters. You can send it as the header Idempotency-Key instead. Example: "fund-order-1017". */
  readonly idempotencyKey?: string | null | undefined;
};

/** Input for editChatMessage. */
export type EditChatMessageInput = {
  /** The message. Example: "msg_01kdvdna01f46vxnpk0mde9nce". */
  readonly chatMessageId: string;
  /** The new text. 1 to 10,000 characters. Example: "The surveyor has signed the report.". */
  readonly body: string;
  /** The version that you last read. If the object has another version now, the result is a StaleVersionError. */
  readonly expectedVersion?: number | null | undefined;
};

/** Input for deleteChatMessage. */
export type DeleteChatMessageInput = {
  /** The message. Example: "msg_01kdvdna01f46vxnpk0mde9nce". */
  readonly chatMessageId: string;
  /** The reason. At most 1,000 characters. Example: "Posted in the wrong session.". */
  readonly reason?: string | null | undefined;
};

export type ChatSessionsQueryVariables = Exact<{
  filter?: ChatSessionFilter | null | undefined;
  orderBy?: ChatSessionOrder | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ChatSessionsQuery = { readonly chatSessions: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly title: string, readonly description: string | null, readonly priority: ChatPriority, readonly active: boolean, readonly version: number, readonly messageCount: number, readonly lastActivityAt: string, readonly deletedAt: string | null, readonly position: { readonly id: string } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } | null };

export type ChatMessagesQueryVariables = Exact<{
  chatSessionId: string;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type ChatMessagesQuery = { readonly chatSession: { readonly id: string, readonly messages: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly sequence: number, readonly authorReference: string, readonly body: string | null, readonly version: number, readonly createdAt: string, readonly editedAt: string | null, readonly deletedAt: string | null }>, readonly pageInfo: { readonly hasPreviousPage: boolean, readonly startCursor: string | null } } | null } | null };

export type CreateChatSessionMutationVariables = Exact<{
  input: CreateChatSessionInput;
}>;


export type CreateChatSessionMutation = { readonly createChatSession:
    | { readonly __typename: 'CreateChatSessionPayload', readonly chatSession: { readonly id: string, readonly title: string, readonly description: string | null, readonly priority: ChatPriority, readonly active: boolean, readonly version: number, readonly messageCount: number, readonly lastActivityAt: string, readonly deletedAt: string | null, readonly position: { readonly id: string } | null } }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
    | { readonly __typename: 'ForbiddenError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'IdempotencyConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'CapacityError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
   | null };

export type PostChatMessageMutationVariables = Exact<{
  input: PostChatMessageInput;
}>;


export type PostChatMessageMutation = { readonly postChatMessage:
    | { readonly __typename: 'PostChatMessagePayload', readonly replayed: boolean, readonly chatMessage: { readonly id: string, readonly sequence: number, readonly authorReference: string, readonly body: string | null, readonly version: number, readonly createdAt: string, readonly editedAt: string | null, readonly deletedAt: string | null } }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
    | { readonly __typename: 'ForbiddenError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'CapacityError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'IdempotencyConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
   | null };

export type EditChatMessageMutationVariables = Exact<{
  input: EditChatMessageInput;
}>;


export type EditChatMessageMutation = { readonly editChatMessage:
    | { readonly __typename: 'EditChatMessagePayload', readonly chatMessage: { readonly id: string, readonly sequence: number, readonly authorReference: string, readonly body: string | null, readonly version: number, readonly createdAt: string, readonly editedAt: string | null, readonly deletedAt: string | null } }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
    | { readonly __typename: 'ForbiddenError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'StaleVersionError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
   | null };

export type DeleteChatMessageMutationVariables = Exact<{
  input: DeleteChatMessageInput;
}>;


export type DeleteChatMessageMutation = { readonly deleteChatMessage:
    | { readonly __typename: 'DeleteChatMessagePayload', readonly chatMessage: { readonly id: string, readonly sequence: number, readonly authorReference: string, readonly body: string | null, readonly version: number, readonly createdAt: string, readonly editedAt: string | null, readonly deletedAt: string | null } }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
    | { readonly __typename: 'ForbiddenError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
   | null };

export type ChatSessionChangedSubscriptionVariables = Exact<{
  chatSessionId?: string | null | undefined;
  institutionId?: string | null | undefined;
  after?: string | null | undefined;
}>;


export type ChatSessionChangedSubscription = { readonly chatSessionChanged: { readonly cursor: string, readonly kind: ChangeKind, readonly chatSession: { readonly id: string, readonly title: string, readonly description: string | null, readonly priority: ChatPriority, readonly active: boolean, readonly version: number, readonly messageCount: number, readonly lastActivityAt: string, readonly deletedAt: string | null, readonly position: { readonly id: string } | null } | null } };

export type ChatMessageChangedSubscriptionVariables = Exact<{
  chatSessionId?: string | null | undefined;
  institutionId?: string | null | undefined;
  after?: string | null | undefined;
}>;


export type ChatMessageChangedSubscription = { readonly chatMessageChanged: { readonly cursor: string, readonly kind: ChangeKind, readonly chatMessage: { readonly id: string, readonly sequence: number, readonly authorReference: string, readonly body: string | null, readonly version: number, readonly createdAt: string, readonly editedAt: string | null, readonly deletedAt: string | null, readonly chatSession: { readonly id: string } | null } | null } };

export type MoneyFieldsFragment = { readonly amount: string, readonly currencyCode: string, readonly formatted: string };

export type PositionFieldsFragment = { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null };

export type PositionTermsFieldsFragment = { readonly version: number, readonly agreed: boolean, readonly agreementRequired: boolean, readonly retainagePercentage: string | null, readonly parties: ReadonlyArray<{ readonly role: PartyRole, readonly reference: string, readonly agreedAt: string | null }>, readonly fees: ReadonlyArray<{ readonly name: string, readonly bearer: FeeBearer, readonly percentage: string | null, readonly fixed: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null }>, readonly milestones: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly sequence: number, readonly title: string, readonly state: MilestoneState, readonly payeeReference: string | null, readonly dueAt: string | null, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly earned: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } | null };

export type LifecycleEventFieldsFragment = { readonly id: string, readonly sequence: number, readonly move: PositionMove, readonly fromState: PositionState | null, readonly toState: PositionState, readonly reason: string | null, readonly createdAt: string, readonly moved: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null };

type PositionMove_TransitionPositionPayload_Fragment = { readonly replayed: boolean, readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null }, readonly event: { readonly id: string, readonly sequence: number, readonly move: PositionMove, readonly fromState: PositionState | null, readonly toState: PositionState, readonly reason: string | null, readonly createdAt: string, readonly moved: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null } };

type PositionMove_FundPositionPayload_Fragment = { readonly replayed: boolean, readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null }, readonly event: { readonly id: string, readonly sequence: number, readonly move: PositionMove, readonly fromState: PositionState | null, readonly toState: PositionState, readonly reason: string | null, readonly createdAt: string, readonly moved: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null } };

type PositionMove_ReleasePositionPayload_Fragment = { readonly replayed: boolean, readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null }, readonly event: { readonly id: string, readonly sequence: number, readonly move: PositionMove, readonly fromState: PositionState | null, readonly toState: PositionState, readonly reason: string | null, readonly createdAt: string, readonly moved: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null } };

type PositionMove_RefundPositionPayload_Fragment = { readonly replayed: boolean, readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null }, readonly event: { readonly id: string, readonly sequence: number, readonly move: PositionMove, readonly fromState: PositionState | null, readonly toState: PositionState, readonly reason: string | null, readonly createdAt: string, readonly moved: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null } };

type PositionMove_CancelPositionPayload_Fragment = { readonly replayed: boolean, readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null }, readonly event: { readonly id: string, readonly sequence: number, readonly move: PositionMove, readonly fromState: PositionState | null, readonly toState: PositionState, readonly reason: string | null, readonly createdAt: string, readonly moved: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null } };

type PositionMove_ExpirePositionPayload_Fragment = { readonly replayed: boolean, readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null }, readonly event: { readonly id: string, readonly sequence: number, readonly move: PositionMove, readonly fromState: PositionState | null, readonly toState: PositionState, readonly reason: string | null, readonly createdAt: string, readonly moved: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null } };

type PositionMove_AmendPositionPayload_Fragment = { readonly replayed: boolean, readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null }, readonly event: { readonly id: string, readonly sequence: number, readonly move: PositionMove, readonly fromState: PositionState | null, readonly toState: PositionState, readonly reason: string | null, readonly createdAt: string, readonly moved: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null } };

export type PositionMoveFragment =
  | PositionMove_TransitionPositionPayload_Fragment
  | PositionMove_FundPositionPayload_Fragment
  | PositionMove_ReleasePositionPayload_Fragment
  | PositionMove_RefundPositionPayload_Fragment
  | PositionMove_CancelPositionPayload_Fragment
  | PositionMove_ExpirePositionPayload_Fragment
  | PositionMove_AmendPositionPayload_Fragment
;

export type ChatSessionFieldsFragment = { readonly id: string, readonly title: string, readonly description: string | null, readonly priority: ChatPriority, readonly active: boolean, readonly version: number, readonly messageCount: number, readonly lastActivityAt: string, readonly deletedAt: string | null, readonly position: { readonly id: string } | null };

export type ChatMessageFieldsFragment = { readonly id: string, readonly sequence: number, readonly authorReference: string, readonly body: string | null, readonly version: number, readonly createdAt: string, readonly editedAt: string | null, readonly deletedAt: string | null };

type UserErrorFields_ValidationError_Fragment = { readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> };

type UserErrorFields_NotFoundError_Fragment = { readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

type UserErrorFields_ForbiddenError_Fragment = { readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

type UserErrorFields_IllegalTransitionError_Fragment = { readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

type UserErrorFields_InsufficientFundsError_Fragment = { readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

type UserErrorFields_PolicyViolationError_Fragment = { readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

type UserErrorFields_StaleVersionError_Fragment = { readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

type UserErrorFields_IdempotencyConflictError_Fragment = { readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

type UserErrorFields_ConflictError_Fragment = { readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

type UserErrorFields_CapacityError_Fragment = { readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

export type UserErrorFieldsFragment =
  | UserErrorFields_ValidationError_Fragment
  | UserErrorFields_NotFoundError_Fragment
  | UserErrorFields_ForbiddenError_Fragment
  | UserErrorFields_IllegalTransitionError_Fragment
  | UserErrorFields_InsufficientFundsError_Fragment
  | UserErrorFields_PolicyViolationError_Fragment
  | UserErrorFields_StaleVersionError_Fragment
  | UserErrorFields_IdempotencyConflictError_Fragment
  | UserErrorFields_ConflictError_Fragment
  | UserErrorFields_CapacityError_Fragment
;

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { readonly viewer: { readonly role: ViewerRole, readonly institution: { readonly id: string, readonly name: string } | null } | null };

export type PositionsQueryVariables = Exact<{
  filter?: PositionFilter | null | undefined;
  orderBy?: PositionOrder | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type PositionsQuery = { readonly positions: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } | null };

export type PositionQueryVariables = Exact<{
  id: string;
}>;


export type PositionQuery = { readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly events: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly sequence: number, readonly move: PositionMove, readonly fromState: PositionState | null, readonly toState: PositionState, readonly reason: string | null, readonly createdAt: string, readonly moved: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null }> } | null, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null } | null };

export type PositionTermsQueryVariables = Exact<{
  id: string;
}>;


export type PositionTermsQuery = { readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly terms: { readonly version: number, readonly agreed: boolean, readonly agreementRequired: boolean, readonly retainagePercentage: string | null, readonly parties: ReadonlyArray<{ readonly role: PartyRole, readonly reference: string, readonly agreedAt: string | null }>, readonly fees: ReadonlyArray<{ readonly name: string, readonly bearer: FeeBearer, readonly percentage: string | null, readonly fixed: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null }>, readonly milestones: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly sequence: number, readonly title: string, readonly state: MilestoneState, readonly payeeReference: string | null, readonly dueAt: string | null, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly earned: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } | null } | null, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null } | null };

export type CreatePositionMutationVariables = Exact<{
  input: CreatePositionInput;
}>;


export type CreatePositionMutation = { readonly createPosition:
    | { readonly __typename: 'CreatePositionPayload', readonly replayed: boolean, readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null } }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
    | { readonly __typename: 'ForbiddenError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'PolicyViolationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'CapacityError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'IdempotencyConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
   | null };

export type FundPositionMutationVariables = Exact<{
  input: FundPositionInput;
}>;


export type FundPositionMutation = { readonly fundPosition:
    | { readonly __typename: 'FundPositionPayload', readonly replayed: boolean, readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null }, readonly event: { readonly id: string, readonly sequence: number, readonly move: PositionMove, readonly fromState: PositionState | null, readonly toState: PositionState, readonly reason: string | null, readonly createdAt: string, readonly moved: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null } }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
    | { readonly __typename: 'ForbiddenError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'IllegalTransitionError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'StaleVersionError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'IdempotencyConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'PolicyViolationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
   | null };

export type ReleasePositionMutationVariables = Exact<{
  input: ReleasePositionInput;
}>;


export type ReleasePositionMutation = { readonly releasePosition:
    | { readonly __typename: 'ReleasePositionPayload', readonly replayed: boolean, readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null }, readonly event: { readonly id: string, readonly sequence: number, readonly move: PositionMove, readonly fromState: PositionState | null, readonly toState: PositionState, readonly reason: string | null, readonly createdAt: string, readonly moved: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null } }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
    | { readonly __typename: 'ForbiddenError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'IllegalTransitionError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'StaleVersionError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'IdempotencyConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'InsufficientFundsError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
   | null };

export type RefundPositionMutationVariables = Exact<{
  input: RefundPositionInput;
}>;


export type RefundPositionMutation = { readonly refundPosition:
    | { readonly __typename: 'RefundPositionPayload', readonly replayed: boolean, readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null }, readonly event: { readonly id: string, readonly sequence: number, readonly move: PositionMove, readonly fromState: PositionState | null, readonly toState: PositionState, readonly reason: string | null, readonly createdAt: string, readonly moved: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null } }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
    | { readonly __typename: 'ForbiddenError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'IllegalTransitionError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'StaleVersionError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'IdempotencyConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'InsufficientFundsError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
   | null };

export type CancelPositionMutationVariables = Exact<{
  input: CancelPositionInput;
}>;


export type CancelPositionMutation = { readonly cancelPosition:
    | { readonly __typename: 'CancelPositionPayload', readonly replayed: boolean, readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null }, readonly event: { readonly id: string, readonly sequence: number, readonly move: PositionMove, readonly fromState: PositionState | null, readonly toState: PositionState, readonly reason: string | null, readonly createdAt: string, readonly moved: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null } }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
    | { readonly __typename: 'ForbiddenError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'IllegalTransitionError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'StaleVersionError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'IdempotencyConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
   | null };

export type ExpirePositionMutationVariables = Exact<{
  input: ExpirePositionInput;
}>;


export type ExpirePositionMutation = { readonly expirePosition:
    | { readonly __typename: 'ExpirePositionPayload', readonly replayed: boolean, readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null }, readonly event: { readonly id: string, readonly sequence: number, readonly move: PositionMove, readonly fromState: PositionState | null, readonly toState: PositionState, readonly reason: string | null, readonly createdAt: string, readonly moved: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null } }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
    | { readonly __typename: 'ForbiddenError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'IllegalTransitionError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'StaleVersionError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'IdempotencyConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
   | null };

export type AmendPositionMutationVariables = Exact<{
  input: AmendPositionInput;
}>;


export type AmendPositionMutation = { readonly amendPosition:
    | { readonly __typename: 'AmendPositionPayload', readonly replayed: boolean, readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null }, readonly event: { readonly id: string, readonly sequence: number, readonly move: PositionMove, readonly fromState: PositionState | null, readonly toState: PositionState, readonly reason: string | null, readonly createdAt: string, readonly moved: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null } }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
    | { readonly __typename: 'ForbiddenError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'StaleVersionError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'IdempotencyConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'PolicyViolationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'CapacityError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
   | null };

export type AgreeToPositionMutationVariables = Exact<{
  input: AgreeToPositionInput;
}>;


export type AgreeToPositionMutation = { readonly agreeToPosition:
    | { readonly __typename: 'AgreeToPositionPayload', readonly replayed: boolean, readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null }, readonly event: { readonly id: string, readonly sequence: number, readonly move: PositionMove, readonly fromState: PositionState | null, readonly toState: PositionState, readonly reason: string | null, readonly createdAt: string, readonly moved: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null } | null }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
    | { readonly __typename: 'ForbiddenError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'StaleVersionError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'IdempotencyConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
   | null };

export type ApplyPositionsMutationVariables = Exact<{
  input: ApplyPositionsInput;
}>;


export type ApplyPositionsMutation = { readonly applyPositions:
    | { readonly __typename: 'ApplyPositionsPayload', readonly committed: boolean, readonly replayed: boolean, readonly results: ReadonlyArray<{ readonly status: PositionOperationStatus, readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null } | null, readonly error:
          | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
          | { readonly __typename: 'NotFoundError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
          | { readonly __typename: 'ForbiddenError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
          | { readonly __typename: 'IllegalTransitionError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
          | { readonly __typename: 'InsufficientFundsError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
          | { readonly __typename: 'PolicyViolationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
          | { readonly __typename: 'StaleVersionError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
          | { readonly __typename: 'IdempotencyConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
          | { readonly __typename: 'ConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
          | { readonly __typename: 'CapacityError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
         | null }> }
    | { readonly __typename: 'ValidationError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }> }
    | { readonly __typename: 'ForbiddenError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'CapacityError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    | { readonly __typename: 'IdempotencyConflictError', readonly code: ErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
   | null };

export type PositionChangedSubscriptionVariables = Exact<{
  positionId?: string | null | undefined;
  institutionId?: string | null | undefined;
  after?: string | null | undefined;
}>;


export type PositionChangedSubscription = { readonly positionChanged: { readonly cursor: string, readonly kind: ChangeKind, readonly position: { readonly id: string, readonly state: PositionState, readonly version: number, readonly holderReference: string, readonly externalReference: string | null, readonly viewerAllowedTransitions: ReadonlyArray<PositionState>, readonly expiresAt: string | null, readonly createdAt: string, readonly updatedAt: string, readonly amount: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly held: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly available: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly retained: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly released: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly refunded: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly fees: { readonly amount: string, readonly currencyCode: string, readonly formatted: string }, readonly asset: { readonly id: string, readonly label: string } | null } | null, readonly event: { readonly id: string, readonly sequence: number, readonly move: PositionMove, readonly fromState: PositionState | null, readonly toState: PositionState, readonly reason: string | null, readonly createdAt: string, readonly moved: { readonly amount: string, readonly currencyCode: string, readonly formatted: string } | null } | null } };









export const ChatSessionsDocument =
  'query ChatSessions($filter:ChatSessionFilter$orderBy:ChatSessionOrder$first:Int$after:String){chatSessions(filter:$filter orderBy:$orderBy first:$first after:$after){nodes{...ChatSessionFields}pageInfo{hasNextPage endCursor}}}fragment ChatSessionFields on ChatSession{id title description priority active version messageCount lastActivityAt deletedAt position{id}}' as TypedDocument<ChatSessionsQuery, ChatSessionsQueryVariables>;
export const ChatMessagesDocument =
  'query ChatMessages($chatSessionId:ID!$last:Int$before:String){chatSession(id:$chatSessionId){id messages(last:$last before:$before){nodes{...ChatMessageFields}pageInfo{hasPreviousPage startCursor}}}}fragment ChatMessageFields on ChatMessage{id sequence authorReference body version createdAt editedAt deletedAt}' as TypedDocument<ChatMessagesQuery, ChatMessagesQueryVariables>;
export const CreateChatSessionDocument =
  'mutation CreateChatSession($input:CreateChatSessionInput!){createChatSession(input:$input){__typename ...on CreateChatSessionPayload{chatSession{...ChatSessionFields}}...UserErrorFields}}fragment ChatSessionFields on ChatSession{id title description priority active version messageCount lastActivityAt deletedAt position{id}}fragment UserErrorFields on UserError{code message path ...on ValidationError{issues{path message}}}' as TypedDocument<CreateChatSessionMutation, CreateChatSessionMutationVariables>;
export const PostChatMessageDocument =
  'mutation PostChatMessage($input:PostChatMessageInput!){postChatMessage(input:$input){__typename ...on PostChatMessagePayload{chatMessage{...ChatMessageFields}replayed}...UserErrorFields}}fragment ChatMessageFields on ChatMessage{id sequence authorReference body version createdAt editedAt deletedAt}fragment UserErrorFields on UserError{code message path ...on ValidationError{issues{path message}}}' as TypedDocument<PostChatMessageMutation, PostChatMessageMutationVariables>;
export const EditChatMessageDocument =
  'mutation EditChatMessage($input:EditChatMessageInput!){editChatMessage(input:$input){__typename ...on EditChatMessagePayload{chatMessage{...ChatMessageFields}}...UserErrorFields}}fragment ChatMessageFields on ChatMessage{id sequence authorReference body version createdAt editedAt deletedAt}fragment UserErrorFields on UserError{code message path ...on ValidationError{issues{path message}}}' as TypedDocument<EditChatMessageMutation, EditChatMessageMutationVariables>;
export const DeleteChatMessageDocument =
  'mutation DeleteChatMessage($input:DeleteChatMessageInput!){deleteChatMessage(input:$input){__typename ...on DeleteChatMessagePayload{chatMessage{...ChatMessageFields}}...UserErrorFields}}fragment ChatMessageFields on ChatMessage{id sequence authorReference body version createdAt editedAt deletedAt}fragment UserErrorFields on UserError{code message path ...on ValidationError{issues{path message}}}' as TypedDocument<DeleteChatMessageMutation, DeleteChatMessageMutationVariables>;
export const ChatSessionChangedDocument =
  'subscription ChatSessionChanged($chatSessionId:ID$institutionId:ID$after:String){chatSessionChanged(chatSessionId:$chatSessionId institutionId:$institutionId after:$after){cursor kind chatSession{...ChatSessionFields}}}fragment ChatSessionFields on ChatSession{id title description priority active version messageCount lastActivityAt deletedAt position{id}}' as TypedDocument<ChatSessionChangedSubscription, ChatSessionChangedSubscriptionVariables>;
export const ChatMessageChangedDocument =
  'subscription ChatMessageChanged($chatSessionId:ID$institutionId:ID$after:String){chatMessageChanged(chatSessionId:$chatSessionId institutionId:$institutionId after:$after){cursor kind chatMessage{...ChatMessageFields chatSession{id}}}}fragment ChatMessageFields on ChatMessage{id sequence authorReference body version createdAt editedAt deletedAt}' as TypedDocument<ChatMessageChangedSubscription, ChatMessageChangedSubscriptionVariables>;
export const ViewerDocument =
  'query Viewer{viewer{role institution{id name}}}' as TypedDocument<ViewerQuery, ViewerQueryVariables>;
export const PositionsDocument =
  'query Positions($filter:PositionFilter$orderBy:PositionOrder$first:Int$after:String){positions(filter:$filter orderBy:$orderBy first:$first after:$after){nodes{...PositionFields}pageInfo{hasNextPage endCursor}}}fragment MoneyFields on Money{amount currencyCode formatted}fragment PositionFields on Position{id state version holderReference externalReference amount{...MoneyFields}held{...MoneyFields}available{...MoneyFields}retained{...MoneyFields}released{...MoneyFields}refunded{...MoneyFields}fees{...MoneyFields}viewerAllowedTransitions expiresAt createdAt updatedAt asset{id label}}' as TypedDocument<PositionsQuery, PositionsQueryVariables>;
export const PositionDocument =
  'query Position($id:ID!){position(id:$id){...PositionFields events(first:20){nodes{...LifecycleEventFields}}}}fragment MoneyFields on Money{amount currencyCode formatted}fragment PositionFields on Position{id state version holderReference externalReference amount{...MoneyFields}held{...MoneyFields}available{...MoneyFields}retained{...MoneyFields}released{...MoneyFields}refunded{...MoneyFields}fees{...MoneyFields}viewerAllowedTransitions expiresAt createdAt updatedAt asset{id label}}fragment LifecycleEventFields on LifecycleEvent{id sequence move fromState toState moved{...MoneyFields}reason createdAt}' as TypedDocument<PositionQuery, PositionQueryVariables>;
export const PositionTermsDocument =
  'query PositionTerms($id:ID!){position(id:$id){...PositionFields terms{...PositionTermsFields}}}fragment MoneyFields on Money{amount currencyCode formatted}fragment PositionFields on Position{id state version holderReference externalReference amount{...MoneyFields}held{...MoneyFields}available{...MoneyFields}retained{...MoneyFields}released{...MoneyFields}refunded{...MoneyFields}fees{...MoneyFields}viewerAllowedTransitions expiresAt createdAt updatedAt asset{id label}}fragment PositionTermsFields on PositionTerms{version agreed agreementRequired retainagePercentage parties{role reference agreedAt}fees{name bearer percentage fixed{...MoneyFields}}milestones(first:100){nodes{id sequence title state amount{...MoneyFields}earned{...MoneyFields}refunded{...MoneyFields}payeeReference dueAt}pageInfo{hasNextPage endCursor}}}' as TypedDocument<PositionTermsQuery, PositionTermsQueryVariables>;
export const CreatePositionDocument =
  'mutation CreatePosition($input:CreatePositionInput!){createPosition(input:$input){__typename ...on CreatePositionPayload{position{...PositionFields}replayed}...UserErrorFields}}fragment MoneyFields on Money{amount currencyCode formatted}fragment PositionFields on Position{id state version holderReference externalReference amount{...MoneyFields}held{...MoneyFields}available{...MoneyFields}retained{...MoneyFields}released{...MoneyFields}refunded{...MoneyFields}fees{...MoneyFields}viewerAllowedTransitions expiresAt createdAt updatedAt asset{id label}}fragment UserErrorFields on UserError{code message path ...on ValidationError{issues{path message}}}' as TypedDocument<CreatePositionMutation, CreatePositionMutationVariables>;
export const FundPositionDocument =
  'mutation FundPosition($input:FundPositionInput!){fundPosition(input:$input){__typename ...PositionMove ...UserErrorFields}}fragment MoneyFields on Money{amount currencyCode formatted}fragment PositionFields on Position{id state version holderReference externalReference amount{...MoneyFields}held{...MoneyFields}available{...MoneyFields}retained{...MoneyFields}released{...MoneyFields}refunded{...MoneyFields}fees{...MoneyFields}viewerAllowedTransitions expiresAt createdAt updatedAt asset{id label}}fragment LifecycleEventFields on LifecycleEvent{id sequence move fromState toState moved{...MoneyFields}reason createdAt}fragment PositionMove on PositionChangePayload{position{...PositionFields}event{...LifecycleEventFields}replayed}fragment UserErrorFields on UserError{code message path ...on ValidationError{issues{path message}}}' as TypedDocument<FundPositionMutation, FundPositionMutationVariables>;
export const ReleasePositionDocument =
  'mutation ReleasePosition($input:ReleasePositionInput!){releasePosition(input:$input){__typename ...PositionMove ...UserErrorFields}}fragment MoneyFields on Money{amount currencyCode formatted}fragment PositionFields on Position{id state version holderReference externalReference amount{...MoneyFields}held{...MoneyFields}available{...MoneyFields}retained{...MoneyFields}released{...MoneyFields}refunded{...MoneyFields}fees{...MoneyFields}viewerAllowedTransitions expiresAt createdAt updatedAt asset{id label}}fragment LifecycleEventFields on LifecycleEvent{id sequence move fromState toState moved{...MoneyFields}reason createdAt}fragment PositionMove on PositionChangePayload{position{...PositionFields}event{...LifecycleEventFields}replayed}fragment UserErrorFields on UserError{code message path ...on ValidationError{issues{path message}}}' as TypedDocument<ReleasePositionMutation, ReleasePositionMutationVariables>;
export const RefundPositionDocument =
  'mutation RefundPosition($input:RefundPositionInput!){refundPosition(input:$input){__typename ...PositionMove ...UserErrorFields}}fragment MoneyFields on Money{amount currencyCode formatted}fragment PositionFields on Position{id state version holderReference externalReference amount{...MoneyFields}held{...MoneyFields}available{...MoneyFields}retained{...MoneyFields}released{...MoneyFields}refunded{...MoneyFields}fees{...MoneyFields}viewerAllowedTransitions expiresAt createdAt updatedAt asset{id label}}fragment LifecycleEventFields on LifecycleEvent{id sequence move fromState toState moved{...MoneyFields}reason createdAt}fragment PositionMove on PositionChangePayload{position{...PositionFields}event{...LifecycleEventFields}replayed}fragment UserErrorFields on UserError{code message path ...on ValidationError{issues{path message}}}' as TypedDocument<RefundPositionMutation, RefundPositionMutationVariables>;
export const CancelPositionDocument =
  'mutation CancelPosition($input:CancelPositionInput!){cancelPosition(input:$input){__typename ...PositionMove ...UserErrorFields}}fragment MoneyFields on Money{amount currencyCode formatted}fragment PositionFields on Position{id state version holderReference externalReference amount{...MoneyFields}held{...MoneyFields}available{...MoneyFields}retained{...MoneyFields}released{...MoneyFields}refunded{...MoneyFields}fees{...MoneyFields}viewerAllowedTransitions expiresAt createdAt updatedAt asset{id label}}fragment LifecycleEventFields on LifecycleEvent{id sequence move fromState toState moved{...MoneyFields}reason createdAt}fragment PositionMove on PositionChangePayload{position{...PositionFields}event{...LifecycleEventFields}replayed}fragment UserErrorFields on UserError{code message path ...on ValidationError{issues{path message}}}' as TypedDocument<CancelPositionMutation, CancelPositionMutationVariables>;
export const ExpirePositionDocument =
  'mutation ExpirePosition($input:ExpirePositionInput!){expirePosition(input:$input){__typename ...PositionMove ...UserErrorFields}}fragment MoneyFields on Money{amount currencyCode formatted}fragment PositionFields on Position{id state version holderReference externalReference amount{...MoneyFields}held{...MoneyFields}available{...MoneyFields}retained{...MoneyFields}released{...MoneyFields}refunded{...MoneyFields}fees{...MoneyFields}viewerAllowedTransitions expiresAt createdAt updatedAt asset{id label}}fragment LifecycleEventFields on LifecycleEvent{id sequence move fromState toState moved{...MoneyFields}reason createdAt}fragment PositionMove on PositionChangePayload{position{...PositionFields}event{...LifecycleEventFields}replayed}fragment UserErrorFields on UserError{code message path ...on ValidationError{issues{path message}}}' as TypedDocument<ExpirePositionMutation, ExpirePositionMutationVariables>;
export const AmendPositionDocument =
  'mutation AmendPosition($input:AmendPositionInput!){amendPosition(input:$input){__typename ...PositionMove ...UserErrorFields}}fragment MoneyFields on Money{amount currencyCode formatted}fragment PositionFields on Position{id state version holderReference externalReference amount{...MoneyFields}held{...MoneyFields}available{...MoneyFields}retained{...MoneyFields}released{...MoneyFields}refunded{...MoneyFields}fees{...MoneyFields}viewerAllowedTransitions expiresAt createdAt updatedAt asset{id label}}fragment LifecycleEventFields on LifecycleEvent{id sequence move fromState toState moved{...MoneyFields}reason createdAt}fragment PositionMove on PositionChangePayload{position{...PositionFields}event{...LifecycleEventFields}replayed}fragment UserErrorFields on UserError{code message path ...on ValidationError{issues{path message}}}' as TypedDocument<AmendPositionMutation, AmendPositionMutationVariables>;
export const AgreeToPositionDocument =
  'mutation AgreeToPosition($input:AgreeToPositionInput!){agreeToPosition(input:$input){__typename ...on AgreeToPositionPayload{position{...PositionFields}event{...LifecycleEventFields}replayed}...UserErrorFields}}fragment MoneyFields on Money{amount currencyCode formatted}fragment PositionFields on Position{id state version holderReference externalReference amount{...MoneyFields}held{...MoneyFields}available{...MoneyFields}retained{...MoneyFields}released{...MoneyFields}refunded{...MoneyFields}fees{...MoneyFields}viewerAllowedTransitions expiresAt createdAt updatedAt asset{id label}}fragment LifecycleEventFields on LifecycleEvent{id sequence move fromState toState moved{...MoneyFields}reason createdAt}fragment UserErrorFields on UserError{code message path ...on ValidationError{issues{path message}}}' as TypedDocument<AgreeToPositionMutation, AgreeToPositionMutationVariables>;
export const ApplyPositionsDocument =
  'mutation ApplyPositions($input:ApplyPositionsInput!){applyPositions(input:$input){__typename ...on ApplyPositionsPayload{committed replayed results{status position{...PositionFields}error{__typename ...UserErrorFields}}}...UserErrorFields}}fragment MoneyFields on Money{amount currencyCode formatted}fragment PositionFields on Position{id state version holderReference externalReference amount{...MoneyFields}held{...MoneyFields}available{...MoneyFields}retained{...MoneyFields}released{...MoneyFields}refunded{...MoneyFields}fees{...MoneyFields}viewerAllowedTransitions expiresAt createdAt updatedAt asset{id label}}fragment UserErrorFields on UserError{code message path ...on ValidationError{issues{path message}}}' as TypedDocument<ApplyPositionsMutation, ApplyPositionsMutationVariables>;
export const PositionChangedDocument =
  'subscription PositionChanged($positionId:ID$institutionId:ID$after:String){positionChanged(positionId:$positionId institutionId:$institutionId after:$after){cursor kind position{...PositionFields}event{...LifecycleEventFields}}}fragment MoneyFields on Money{amount currencyCode formatted}fragment PositionFields on Position{id state version holderReference externalReference amount{...MoneyFields}held{...MoneyFields}available{...MoneyFields}retained{...MoneyFields}released{...MoneyFields}refunded{...MoneyFields}fees{...MoneyFields}viewerAllowedTransitions expiresAt createdAt updatedAt asset{id label}}fragment LifecycleEventFields on LifecycleEvent{id sequence move fromState toState moved{...MoneyFields}reason createdAt}' as TypedDocument<PositionChangedSubscription, PositionChangedSubscriptionVariables>;
