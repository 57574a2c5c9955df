import type { ChatSession } from '../../domain/chatSession.ts';
import type { JsonObject } from '../../domain/json.ts';
import { maxMetadataTerms, type MetadataTerm, metadataTerms } from '../../domain/metadataTerms.ts';
import type { Position } from '../../domain/position.ts';
import type { Field, TableName, Tables } from '../store.ts';

export interface GroupLayout<E> {
  readonly fields: readonly Field<E>[];
  readonly orders: readonly (readonly Field<E>[])[];
}

/** The layout of a table in memory. */
export interface Layout<E> {
  /** The field with the institution that owns the row. */
  readonly tenant: Field<E>;
  /** Every order that lists can have; each has an index of all rows. The first is the order of creation or sequence. */
  readonly orders: readonly (readonly Field<E>[])[];
  /**
   * The fields by which rows are filtered. Each value, or pair of values, has an index of its rows in each of these
   * orders.
   */
  readonly groups: readonly GroupLayout<E>[];
  /** Fields that refer to a row of another table, which must belong to the same institution. */
  readonly references: { readonly [F in Field<E>]?: TableName };
  /** Fields whose combined values are unique. Rows in which one of them is null are exempt. */
  readonly unique?: readonly Field<E>[];
  /** Fields with texts or JSON, whose memory differs between rows. */
  readonly sized: readonly Field<E>[];
  /** The reference to the parent row with which this row is removed. */
  readonly partOf?: Field<E>;
  /** The metadata whose terms are indexed. */
  readonly terms?: { of(row: E): readonly MetadataTerm[]; maxOf(row: E): number; readonly from: Field<E> };
}

export const nameOf = (by: readonly string[]): string => by.join();

const BY_CREATION = ['createdAt'] as const;
const POSITION_ORDERS: readonly (readonly Field<Position>[])[] = [
  BY_CREATION,
  ['updatedAt'],
  ['magnitude'],
  ['expiresAt'],
  ['externalReference', 'createdAt'],
];
const ASSET_ORDERS = [BY_CREATION, ['updatedAt'], ['label', 'createdAt']] as const;
const NAMED_ORDERS = [BY_CREATION, ['updatedAt'], ['name', 'createdAt']] as const;

const CHAT_ORDERS: readonly (readonly Field<ChatSession>[])[] = [
  BY_CREATION,
  ['updatedAt'],
  ['lastActivityAt'],
  ['priority', 'lastActivityAt'],
  ['title'],
];

const each = <F extends string>(field: F) => ({ fields: [field], orders: [BY_CREATION] }) as const;
/** Groups the rows by the field, for all institutions and within each one. */
const owned = <F extends string>(field: F) =>
  [each(field), { fields: ['institutionId', field], orders: [BY_CREATION] }] as const;

const METADATA_TERMS = {
  of: ({ metadata }: { readonly metadata: JsonObject }) => metadataTerms(metadata),
  maxOf: ({ metadata }: { readonly metadata: JsonObject }) => maxMetadataTerms(metadata),
  from: 'metadata',
} as const;

export const LAYOUTS: { readonly [T in TableName]: Layout<Tables[T]> } = {
  institutions: {
    tenant: 'id',
    sized: ['name', 'regions', 'verticals'],
    orders: NAMED_ORDERS,
    groups: [each('id'), each('name'), each('regions'), each('verticals')],
    references: {},
  },
  assetTemplates: {
    tenant: 'institutionId',
    sized: ['name', 'config'],
    orders: NAMED_ORDERS,
    groups: [
      { fields: ['institutionId'], orders: NAMED_ORDERS },
      ...owned('code'),
      ...owned('vertical'),
      ...owned('region'),
    ],
    references: { institutionId: 'institutions' },
  },
  templateConfigs: {
    tenant: 'institutionId',
    sized: ['config'],
    orders: [],
    groups: [{ fields: ['templateId'], orders: [['version']] }],
    references: { institutionId: 'institutions', templateId: 'assetTemplates' },
  },
  assets: {
    tenant: 'institutionId',
    sized: ['label', 'metadata'],
    orders: ASSET_ORDERS,
    groups: [{ fields: ['institutionId'], orders: ASSET_ORDERS }, each('templateId'), ...owned('label')],
    references: { institutionId: 'institutions', templateId: 'assetTemplates' },
    terms: METADATA_TERMS,
  },
  positions: {
    tenant: 'institutionId',
    sized: ['holderReference', 'externalReference', 'metadata'],
    orders: POSITION_ORDERS,
    groups: [
      { fields: ['institutionId'], orders: POSITION_ORDERS },
      each('assetId'),
      each('templateId'),
      ...owned('holderReference'),
      ...owned('externalReference'),
      { fields: ['institutionId', 'uniqueReference'], orders: [BY_CREATION] },
      ...owned('state'),
      // The group that the expiry job reads.
      { fields: ['state'], orders: [['expiresAt']] },
      ...owned('currency'),
    ],
    references: { institutionId: 'institutions', assetId: 'assets', templateId: 'assetTemplates' },
    unique: ['institutionId', 'uniqueReference'],
    terms: METADATA_TERMS,
  },
  lifecycleEvents: {
    tenant: 'institutionId',
    sized: ['reason', 'metadata'],
    orders: [],
    groups: [{ fields: ['positionId'], orders: [['sequence']] }],
    references: { institutionId: 'institutions', positionId: 'positions' },
  },
  ledgerEvents: {
    tenant: 'institutionId',
    sized: [],
    orders: [BY_CREATION],
    groups: [
      each('institutionId'),
      { fields: ['positionId'], orders: [['sequence'], BY_CREATION] },
      each('lifecycleEventId'),
      ...owned('kind'),
    ],
    references: { institutionId: 'institutions', positionId: 'positions', lifecycleEventId: 'lifecycleEvents' },
  },
  postings: {
    tenant: 'institutionId',
    sized: [],
    orders: [],
    groups: [{ fields: ['ledgerEventId'], orders: [['ordinal']] }],
    references: { ledgerEventId: 'ledgerEvents' },
  },
  policies: {
    tenant: 'institutionId',
    sized: ['allowedCurrencies', 'limits'],
    orders: [],
    groups: [{ fields: ['institutionId'], orders: [['region']] }],
    references: { institutionId: 'institutions' },
    unique: ['institutionId', 'region'],
  },
  auditEvents: {
    tenant: 'institutionId',
    sized: ['requestId', 'payload'],
    orders: [BY_CREATION],
    groups: [
      each('institutionId'),
      ...owned('action'),
      ...owned('outcome'),
      ...owned('resourceId'),
      ...owned('apiKeyId'),
      ...owned('requestId'),
    ],
    references: {},
  },
  apiKeys: {
    tenant: 'institutionId',
    sized: ['label', 'prefix', 'tokenHash'],
    orders: [BY_CREATION],
    groups: [each('institutionId'), each('prefix')],
    references: { institutionId: 'institutions' },
    unique: ['prefix'],
  },
  chatSessions: {
    tenant: 'institutionId',
    sized: ['ownerReference', 'title', 'description'],
    orders: CHAT_ORDERS,
    groups: [
      { fields: ['institutionId'], orders: CHAT_ORDERS },
      each('positionId'),
      { fields: ['institutionId', 'ownerReference'], orders: [BY_CREATION] },
      each('priority'),
      each('active'),
      { fields: ['deleted'], orders: [['deletedAt']] },
    ],
    references: { institutionId: 'institutions', positionId: 'positions' },
  },
  chatMessages: {
    tenant: 'institutionId',
    sized: ['authorReference', 'body', 'idempotencyKey', 'deletionReason'],
    orders: [],
    groups: [{ fields: ['sessionId'], orders: [['sequence']] }],
    references: { sessionId: 'chatSessions', replyToId: 'chatMessages' },
    partOf: 'sessionId',
  },
  chatRevisions: {
    tenant: 'institutionId',
    sized: ['body'],
    orders: [],
    groups: [{ fields: ['messageId'], orders: [['version']] }],
    references: { messageId: 'chatMessages' },
    partOf: 'messageId',
  },
  readMarks: {
    tenant: 'institutionId',
    sized: ['participantReference'],
    orders: [],
    groups: [{ fields: ['sessionId'], orders: [['participantReference']] }],
    references: { sessionId: 'chatSessions' },
    partOf: 'sessionId',
  },
  idempotencyRecords: {
    tenant: 'institutionId',
    sized: ['key', 'requestHash', 'answer'],
    orders: [BY_CREATION],
    groups: [],
    references: {},
  },
};
