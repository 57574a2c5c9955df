import type { ChatSession } from '../../domain/chatSession.ts';
import type { JsonObject } from '../../domain/json.ts';
import { type MetadataTerm, maxMetadataTerms, metadataTerms } from '../../domain/metadataTerms.ts';
import type { Position } from '../../domain/position.ts';
import type { Field, TableName, Tables } from '../store.ts';
import { eachTable, TENANT_FIELDS } from '../tables.ts';
import type { ReadField } from './compare.ts';

/** A field by which lists can be ordered: one that `compare.ts` has a reader for. */
type OrderField<E> = Field<E> & ReadField;
type Orders<F> = readonly (readonly F[])[];

export interface GroupLayout<E, F = Field<E>> {
  readonly fields: readonly Field<E>[];
  readonly orders: Orders<F>;
}

/** The fields with texts or JSON. An id is short, and so is a value of a fixed set. */
type TextField<E> = {
  [F in Field<E>]: F extends 'id' | `${string}Id` ? never : IsText<NonNullable<E[F]>> extends true ? F : never;
}[Field<E>];
type IsText<V> = V extends string ? (string extends V ? true : false) : V extends object ? true : false;

/** The layout of a table in memory, as it is declared. */
interface DeclaredLayout<E> {
  /** Every order that lists can have; each has an index of all rows. The first is the order of creation or sequence. */
  readonly orders: Orders<OrderField<E>>;
  /**
   * The fields by which rows are filtered. Each value, or pair of values, has an index of its rows in each of these
   * orders.
   */
  readonly groups: readonly GroupLayout<E, OrderField<E>>[];
  /** Fields that refer to a row of another table, which must belong to the same institution. */
  readonly references: { readonly [F in Field<E>]?: TableName };
  /** Fields whose combined values are unique. Rows in which one of them is null are exempt. */
  readonly unique?: readonly Field<E>[];
  /**
   * Whether the memory of a text or JSON field differs between rows and is counted. False for short texts and for those
   * that are the same value as another field.
   */
  readonly sized: { readonly [F in TextField<E>]: boolean } & { readonly [F in Field<E>]?: boolean };
  /** The reference to the parent row with which this row is removed. */
  readonly partOf?: Field<E>;
  /** The metadata whose terms are indexed. */
  readonly terms?: { of(row: E): readonly MetadataTerm[]; maxOf(row: E): number; readonly from: Field<E> };
}

export interface Layout<E> extends DeclaredLayout<E> {
  /** The field with the institution that owns the row. */
  readonly tenant: Field<E>;
}
export type Layouts = { readonly [T in TableName]: Layout<Tables[T]> };

export const nameOf = (by: readonly string[]): string => by.join();

const BY_CREATION = ['createdAt'] as const;
const POSITION_ORDERS: Orders<OrderField<Position>> = [
  BY_CREATION,
  ['updatedAt'],
  ['magnitude'],
  ['expiresAt'],
  ['externalReference', 'createdAt'],
];
const ASSET_ORDERS = [BY_CREATION, ['updatedAt'], ['label', 'createdAt']] as const;
const NAMED_ORDERS = [BY_CREATION, ['updatedAt'], ['name', 'createdAt']] as const;

const CHAT_ORDERS: Orders<OrderField<ChatSession>> = [
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

const DECLARED: { readonly [T in TableName]: DeclaredLayout<Tables[T]> } = {
  institutions: {
    sized: { name: true, regions: true, verticals: true },
    orders: NAMED_ORDERS,
    groups: [each('id'), each('name'), each('regions'), each('verticals')],
    references: {},
  },
  assetTemplates: {
    sized: { code: false, name: true, config: true },
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
    sized: { config: true },
    orders: [],
    groups: [{ fields: ['templateId'], orders: [['version']] }],
    references: { institutionId: 'institutions', templateId: 'assetTemplates' },
  },
  assets: {
    sized: { label: true, metadata: true },
    orders: ASSET_ORDERS,
    groups: [{ fields: ['institutionId'], orders: ASSET_ORDERS }, each('templateId'), ...owned('label')],
    references: { institutionId: 'institutions', templateId: 'assetTemplates' },
    terms: METADATA_TERMS,
  },
  positions: {
    sized: { holderReference: true, externalReference: true, uniqueReference: false, metadata: true },
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
    sized: { reason: true, metadata: true },
    orders: [],
    groups: [{ fields: ['positionId'], orders: [['sequence']] }],
    references: { institutionId: 'institutions', positionId: 'positions' },
  },
  ledgerEvents: {
    sized: {},
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
    sized: {},
    orders: [],
    groups: [{ fields: ['ledgerEventId'], orders: [['ordinal']] }],
    references: { ledgerEventId: 'ledgerEvents' },
  },
  policies: {
    sized: { allowedCurrencies: true, limits: true },
    orders: [],
    groups: [{ fields: ['institutionId'], orders: [['region']] }],
    references: { institutionId: 'institutions' },
    unique: ['institutionId', 'region'],
  },
  auditEvents: {
    sized: { requestId: true, payload: true },
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
    sized: { label: true, prefix: true, tokenHash: true },
    orders: [BY_CREATION],
    groups: [each('institutionId'), each('prefix')],
    references: { institutionId: 'institutions' },
    unique: ['institutionId', 'prefix'],
  },
  chatSessions: {
    sized: { ownerReference: true, title: true, description: true },
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
    sized: { authorReference: true, body: true, idempotencyKey: true, deletionReason: true },
    orders: [],
    groups: [{ fields: ['sessionId'], orders: [['sequence']] }],
    references: { sessionId: 'chatSessions', replyToId: 'chatMessages' },
    partOf: 'sessionId',
  },
  chatRevisions: {
    sized: { body: true },
    orders: [],
    groups: [{ fields: ['messageId'], orders: [['version']] }],
    references: { messageId: 'chatMessages' },
    partOf: 'messageId',
  },
  readMarks: {
    sized: { participantReference: true },
    orders: [],
    groups: [{ fields: ['sessionId'], orders: [['participantReference']] }],
    references: { sessionId: 'chatSessions' },
    partOf: 'sessionId',
  },
  idempotencyRecords: {
    sized: { key: true, requestHash: true, answer: true },
    orders: [BY_CREATION],
    groups: [],
    references: {},
  },
};

export const LAYOUTS = eachTable<Layouts>(
  <T extends TableName>(name: T): Layout<Tables[T]> => withTenant<Tables[T]>(DECLARED[name], TENANT_FIELDS[name]),
);

function withTenant<E>(declared: DeclaredLayout<E>, tenant: Field<E>): Layout<E> {
  return { ...declared, tenant };
}
