import type { ChatSession } from '../../domain/chatSession.ts';
import type { JsonObject } from '../../domain/json.ts';
import { maxMetadataTerms, metadataTerms } from '../../domain/metadataTerms.ts';
import type { Position } from '../../domain/position.ts';
import { countryOf } from '../../domain/templateKinds.ts';
import type { Field, TableName, Tables } from '../store.ts';
import { eachTable, TENANT_FIELDS } from '../tables.ts';
import {
  BY_CREATION,
  type DeclaredLayout,
  each,
  type Layout,
  type Layouts,
  type OrderField,
  type Orders,
  owned,
} from './layout.ts';
import { TERMS_LAYOUTS } from './termsLayouts.ts';
import { WEBHOOK_LAYOUTS } from './webhookLayouts.ts';

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

const METADATA_TERMS = {
  of: ({ metadata }: { readonly metadata: JsonObject }) => metadataTerms(metadata),
  maxOf: ({ metadata }: { readonly metadata: JsonObject }) => maxMetadataTerms(metadata),
  from: 'metadata',
} as const;

/** The country of a config is its only term: positions are found by it. */
const COUNTRY_TERM = {
  of: ({ config }: { readonly config: JsonObject }) => {
    const country = countryOf(config);
    return country === null ? [] : [country];
  },
  maxOf: () => 1,
  from: 'config',
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
    terms: COUNTRY_TERM,
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
  ...TERMS_LAYOUTS,
  lifecycleEvents: {
    sized: { reason: true, metadata: true, paymentReference: true, partyReference: true },
    orders: [],
    groups: [{ fields: ['positionId'], orders: [['sequence']] }],
    references: { institutionId: 'institutions', positionId: 'positions', milestoneId: 'milestones' },
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
    sized: { allowedCurrencies: true, allowedCountries: true, limits: true },
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
  ...WEBHOOK_LAYOUTS,
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
