import type { ChatSession } from '../../domain/chatSession.ts';
import type { Position } from '../../domain/position.ts';
import type { Field, TableName, Tables } from '../store.ts';

/** How a table is kept in memory. */
export interface Layout<E> {
  /** The field that says whose row it is. */
  readonly tenant: Field<E>;
  /** Every order that lists can have: each is an index of all rows. The first is the order of creation or sequence. */
  readonly orders: readonly (readonly Field<E>[])[];
  /** Fields by whose values rows are looked for; each value has an index of its rows in each of these orders. */
  readonly groups: { readonly [F in Field<E>]?: readonly (readonly Field<E>[])[] };
  /** Fields that name a row of another table, which must be of the same tenant. */
  readonly references: { readonly [F in Field<E>]?: TableName };
  /** Fields whose values together only one row may have. */
  readonly unique?: readonly Field<E>[];
  /** The reference to a row that takes this one along when it goes. */
  readonly partOf?: Field<E>;
}

export const nameOf = (by: readonly string[]): string => by.join();

const BY_CREATION = ['createdAt'] as const;
const POSITION_ORDERS: readonly (readonly Field<Position>[])[] = [
  BY_CREATION,
  ['updatedAt'],
  ['magnitude'],
  ['expiresAt'],
];

const CHAT_ORDERS: readonly (readonly Field<ChatSession>[])[] = [
  BY_CREATION,
  ['updatedAt'],
  ['lastActivityAt'],
  ['priority', 'lastActivityAt'],
  ['title'],
];

export const LAYOUTS: { readonly [T in TableName]: Layout<Tables[T]> } = {
  institutions: {
    tenant: 'id',
    orders: [BY_CREATION],
    groups: { name: [BY_CREATION], regions: [BY_CREATION], verticals: [BY_CREATION] },
    references: {},
  },
  assetTemplates: {
    tenant: 'institutionId',
    orders: [BY_CREATION],
    groups: { institutionId: [BY_CREATION], code: [BY_CREATION], vertical: [BY_CREATION], region: [BY_CREATION] },
    references: { institutionId: 'institutions' },
  },
  assets: {
    tenant: 'institutionId',
    orders: [BY_CREATION],
    groups: { institutionId: [BY_CREATION], templateId: [BY_CREATION], label: [BY_CREATION] },
    references: { institutionId: 'institutions', templateId: 'assetTemplates' },
  },
  positions: {
    tenant: 'institutionId',
    orders: POSITION_ORDERS,
    groups: {
      institutionId: POSITION_ORDERS,
      assetId: [BY_CREATION],
      templateId: [BY_CREATION],
      holderReference: [BY_CREATION],
      externalReference: [BY_CREATION],
      state: [BY_CREATION, ['expiresAt']],
      currency: [BY_CREATION],
    },
    references: { institutionId: 'institutions', assetId: 'assets', templateId: 'assetTemplates' },
  },
  lifecycleEvents: {
    tenant: 'institutionId',
    orders: [],
    groups: { positionId: [['sequence']] },
    references: { institutionId: 'institutions', positionId: 'positions' },
  },
  ledgerEvents: {
    tenant: 'institutionId',
    orders: [BY_CREATION],
    groups: {
      institutionId: [BY_CREATION],
      positionId: [['sequence'], BY_CREATION],
      lifecycleEventId: [BY_CREATION],
      kind: [BY_CREATION],
    },
    references: { institutionId: 'institutions', positionId: 'positions', lifecycleEventId: 'lifecycleEvents' },
  },
  postings: {
    tenant: 'institutionId',
    orders: [],
    groups: { ledgerEventId: [['ordinal']] },
    references: { ledgerEventId: 'ledgerEvents' },
  },
  policies: {
    tenant: 'institutionId',
    orders: [],
    groups: { institutionId: [['region']] },
    references: { institutionId: 'institutions' },
    unique: ['institutionId', 'region'],
  },
  auditEvents: {
    tenant: 'institutionId',
    orders: [BY_CREATION],
    groups: {
      institutionId: [BY_CREATION],
      action: [BY_CREATION],
      outcome: [BY_CREATION],
      resourceId: [BY_CREATION],
      apiKeyId: [BY_CREATION],
      requestId: [BY_CREATION],
    },
    references: {},
  },
  chatSessions: {
    tenant: 'institutionId',
    orders: CHAT_ORDERS,
    groups: {
      institutionId: CHAT_ORDERS,
      positionId: [BY_CREATION],
      ownerReference: [BY_CREATION],
      priority: [BY_CREATION],
      active: [BY_CREATION],
      deleted: [['deletedAt']],
    },
    references: { institutionId: 'institutions', positionId: 'positions' },
  },
  chatMessages: {
    tenant: 'institutionId',
    orders: [],
    groups: { sessionId: [['sequence']] },
    references: { sessionId: 'chatSessions', replyToId: 'chatMessages' },
    partOf: 'sessionId',
  },
  chatRevisions: {
    tenant: 'institutionId',
    orders: [],
    groups: { messageId: [['version']] },
    references: { messageId: 'chatMessages' },
    partOf: 'messageId',
  },
  readMarks: {
    tenant: 'institutionId',
    orders: [],
    groups: { sessionId: [['participantReference']] },
    references: { sessionId: 'chatSessions' },
    partOf: 'sessionId',
  },
  idempotencyRecords: { tenant: 'institutionId', orders: [BY_CREATION], groups: {}, references: {} },
};
