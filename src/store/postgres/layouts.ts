import { tokensOfMessage } from '../../domain/chatMessage.ts';
import { tokensOfSession } from '../../domain/chatSession.ts';
import type { Field, TableName, Tables } from '../store.ts';

export type SqlType = 'text' | 'text[]' | 'numeric' | 'int' | 'boolean' | 'timestamptz' | 'json';

export interface Column {
  readonly type: SqlType;
  /** Never changed once written, so that an update leaves it out. */
  readonly fixed: boolean;
}

/** How a table is kept in PostgreSQL. Columns bear the fields' names in snake_case; null comes with the type. */
export interface Layout<E> {
  readonly table: string;
  /** The column that says whose row it is. */
  readonly tenant: 'id' | 'institution_id';
  readonly columns: { readonly [F in Field<E>]: Column };
  /** Orders by a field that can be null go by this expression instead, which an index has. */
  readonly sort: { readonly [F in Field<E>]?: string };
  /**
   * By the first field of an order: the fields that an index in that order begins with, most telling first. Each has
   * one for all rows of a value and, unless the value says whose they are, one for those of one institution.
   */
  readonly leads: { readonly [F in Field<E>]?: readonly Field<E>[] };
  /** Fields whose value says whose the row is. */
  readonly owned: readonly Field<E>[];
  /** The words by which a row is found: kept in a column `words` beside what they are made of. */
  readonly words?: { of(row: E): readonly string[]; readonly from: readonly Field<E>[] };
}

const fixed = (type: SqlType): Column => ({ type, fixed: true });
const changing = (type: SqlType): Column => ({ type, fixed: false });

const STAMPS = { version: changing('int'), createdAt: fixed('timestamptz'), updatedAt: changing('timestamptz') };

export const LAYOUTS: { readonly [T in TableName]: Layout<Tables[T]> } = {
  institutions: {
    table: 'institutions',
    tenant: 'id',
    columns: {
      id: fixed('text'),
      name: changing('text'),
      regions: changing('text[]'),
      verticals: changing('text[]'),
      ...STAMPS,
    },
    sort: {},
    leads: { createdAt: ['name'] },
    owned: [],
  },
  assetTemplates: {
    table: 'asset_templates',
    tenant: 'institution_id',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      code: fixed('text'),
      name: changing('text'),
      vertical: fixed('text'),
      region: fixed('text'),
      config: changing('json'),
      ...STAMPS,
    },
    sort: {},
    leads: { createdAt: ['code', 'region', 'vertical', 'institutionId'] },
    owned: [],
  },
  assets: {
    table: 'assets',
    tenant: 'institution_id',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      templateId: fixed('text'),
      label: changing('text'),
      metadata: changing('json'),
      ...STAMPS,
    },
    sort: {},
    leads: { createdAt: ['templateId', 'label', 'institutionId'] },
    owned: ['templateId'],
  },
  positions: {
    table: 'positions',
    tenant: 'institution_id',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      assetId: fixed('text'),
      templateId: fixed('text'),
      holderReference: fixed('text'),
      externalReference: fixed('text'),
      metadata: fixed('json'),
      currency: fixed('text'),
      amount: fixed('numeric'),
      magnitude: fixed('numeric'),
      expiresAt: fixed('timestamptz'),
      state: changing('text'),
      held: changing('numeric'),
      released: changing('numeric'),
      refunded: changing('numeric'),
      sequence: changing('int'),
      ...STAMPS,
    },
    sort: { expiresAt: "coalesce(t.expires_at, 'infinity')" },
    leads: {
      createdAt: [
        'assetId',
        'externalReference',
        'templateId',
        'holderReference',
        'state',
        'currency',
        'institutionId',
      ],
      updatedAt: ['institutionId'],
      magnitude: ['institutionId'],
      expiresAt: ['institutionId'],
    },
    owned: ['assetId', 'templateId'],
  },
  lifecycleEvents: {
    table: 'lifecycle_events',
    tenant: 'institution_id',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      positionId: fixed('text'),
      sequence: fixed('int'),
      fromState: fixed('text'),
      toState: fixed('text'),
      moved: fixed('numeric'),
      currency: fixed('text'),
      reason: fixed('text'),
      metadata: fixed('json'),
      actorKind: fixed('text'),
      createdAt: fixed('timestamptz'),
    },
    sort: {},
    leads: { sequence: ['positionId'] },
    owned: ['positionId'],
  },
  ledgerEvents: {
    table: 'ledger_events',
    tenant: 'institution_id',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      kind: fixed('text'),
      positionId: fixed('text'),
      lifecycleEventId: fixed('text'),
      sequence: fixed('int'),
      fromState: fixed('text'),
      toState: fixed('text'),
      createdAt: fixed('timestamptz'),
    },
    sort: {},
    leads: { createdAt: ['institutionId'], sequence: ['positionId'] },
    owned: ['positionId'],
  },
  postings: {
    table: 'postings',
    tenant: 'institution_id',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      ledgerEventId: fixed('text'),
      ordinal: fixed('int'),
      accountKind: fixed('text'),
      amount: fixed('numeric'),
      currency: fixed('text'),
    },
    sort: {},
    leads: { ordinal: ['ledgerEventId'] },
    owned: ['ledgerEventId'],
  },
  policies: {
    table: 'policies',
    tenant: 'institution_id',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      region: fixed('text'),
      allowedCurrencies: changing('text[]'),
      limits: changing('json'),
      ...STAMPS,
    },
    sort: {},
    leads: { region: ['institutionId'] },
    owned: [],
  },
  auditEvents: {
    table: 'audit_events',
    tenant: 'institution_id',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      action: fixed('text'),
      outcome: fixed('text'),
      actorKind: fixed('text'),
      apiKeyId: fixed('text'),
      resourceType: fixed('text'),
      resourceId: fixed('text'),
      requestId: fixed('text'),
      errorCode: fixed('text'),
      payload: fixed('json'),
      createdAt: fixed('timestamptz'),
    },
    sort: {},
    leads: { createdAt: ['action', 'institutionId'] },
    owned: [],
  },
  chatSessions: {
    table: 'chat_sessions',
    tenant: 'institution_id',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      positionId: fixed('text'),
      ownerReference: fixed('text'),
      title: changing('text'),
      description: changing('text'),
      priority: changing('int'),
      active: changing('boolean'),
      deleted: changing('boolean'),
      deletedAt: changing('timestamptz'),
      edition: changing('int'),
      messageCount: changing('int'),
      lastActivityAt: changing('timestamptz'),
      ...STAMPS,
    },
    sort: {},
    leads: {},
    owned: [],
    words: { of: tokensOfSession, from: ['title', 'description'] },
  },
  chatMessages: {
    table: 'chat_messages',
    tenant: 'institution_id',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      sessionId: fixed('text'),
      sequence: fixed('int'),
      authorReference: fixed('text'),
      body: changing('text'),
      replyToId: fixed('text'),
      idempotencyKey: fixed('text'),
      version: changing('int'),
      createdAt: fixed('timestamptz'),
      editedAt: changing('timestamptz'),
      deletedAt: changing('timestamptz'),
      deletionReason: changing('text'),
    },
    sort: {},
    leads: { sequence: ['sessionId'] },
    owned: ['sessionId'],
    words: { of: tokensOfMessage, from: ['body'] },
  },
  chatRevisions: {
    table: 'chat_revisions',
    tenant: 'institution_id',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      messageId: fixed('text'),
      version: fixed('int'),
      body: fixed('text'),
      createdAt: fixed('timestamptz'),
    },
    sort: {},
    leads: { version: ['messageId'] },
    owned: ['messageId'],
  },
  readMarks: {
    table: 'read_marks',
    tenant: 'institution_id',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      sessionId: fixed('text'),
      participantReference: fixed('text'),
      sequence: changing('int'),
      version: changing('int'),
    },
    sort: {},
    leads: {},
    owned: [],
  },
  idempotencyRecords: {
    table: 'idempotency_records',
    tenant: 'institution_id',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      mutation: fixed('text'),
      key: fixed('text'),
      requestHash: changing('text'),
      answer: changing('json'),
      version: changing('int'),
      createdAt: changing('timestamptz'),
    },
    sort: {},
    leads: {},
    owned: [],
  },
};

/** assetId -> asset_id */
export const columnName = (field: string): string => field.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);

/** A value as a parameter of its column's type. */
export function encode(value: unknown, type: SqlType): unknown {
  if (value === null || value === undefined) return null;
  if (type === 'timestamptz') return new Date(value as number).toISOString();
  if (type === 'json') return JSON.stringify(value);
  if (type === 'text[]') return `{${(value as readonly string[]).map((item) => JSON.stringify(item)).join()}}`;
  return typeof value === 'bigint' ? value.toString() : value;
}
