import type { JsonObject } from '../../domain/json.ts';
import { metadataTerms } from '../../domain/metadataTerms.ts';
import type { Field, TableName, Tables } from '../store.ts';
import { eachTable, TENANT_FIELDS } from '../tables.ts';
import { CHAT_LAYOUTS } from './chatLayouts.ts';
import {
  changing,
  columnName,
  type DeclaredLayout,
  digitsOf,
  fixed,
  type Layout,
  STAMPS,
  timeOrNever,
} from './layout.ts';
import { LEDGER_LAYOUTS } from './ledgerLayouts.ts';
import { TERMS_LAYOUTS } from './termsLayouts.ts';
import { WEBHOOK_LAYOUTS } from './webhookLayouts.ts';

const metadataIn = (table: string) =>
  ({
    table,
    of: ({ metadata }: { readonly metadata: JsonObject }) => metadataTerms(metadata),
    from: 'metadata',
  }) as const;

const DECLARED: { readonly [T in TableName]: DeclaredLayout<Tables[T]> } = {
  institutions: {
    table: 'institutions',
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
    leads: {
      createdAt: ['code', 'region', 'vertical', 'institutionId'],
      updatedAt: ['institutionId'],
      name: ['institutionId'],
    },
    owned: [],
  },
  templateConfigs: {
    table: 'asset_template_configs',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      templateId: fixed('text'),
      version: fixed('int'),
      region: fixed('text'),
      config: fixed('json'),
      createdAt: fixed('timestamptz'),
    },
    sort: {},
    leads: {},
    parents: { templateId: 'asset_templates' },
    owned: [],
  },
  assets: {
    table: 'assets',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      templateId: fixed('text'),
      label: changing('text'),
      metadata: changing('json'),
      ...STAMPS,
    },
    sort: {},
    leads: {
      createdAt: ['templateId', 'label', 'institutionId'],
      updatedAt: ['institutionId'],
      label: ['institutionId'],
    },
    owned: ['templateId'],
    terms: metadataIn('asset_terms'),
  },
  positions: {
    table: 'positions',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      assetId: fixed('text'),
      templateId: fixed('text'),
      templateVersion: fixed('int'),
      holderReference: fixed('text'),
      externalReference: changing('text'),
      uniqueReference: changing('text'),
      metadata: changing('json'),
      currency: fixed('text'),
      amount: fixed('numeric'),
      magnitude: fixed('numeric'),
      expiresAt: changing('timestamptz'),
      state: changing('text'),
      termsVersion: changing('int'),
      principal: changing('numeric'),
      held: changing('numeric'),
      retained: changing('numeric'),
      released: changing('numeric'),
      refunded: changing('numeric'),
      fees: changing('numeric'),
      fundedAt: changing('timestamptz'),
      closedAt: changing('timestamptz'),
      sequence: changing('int'),
      ...STAMPS,
    },
    sort: { expiresAt: timeOrNever('expires_at'), magnitude: digitsOf('magnitude_key') },
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
    byInstitution: ['createdAt', 'updatedAt', 'magnitude', 'expiresAt', 'externalReference'],
    owned: ['assetId', 'templateId'],
    terms: metadataIn('position_terms'),
  },
  ...TERMS_LAYOUTS,
  ...LEDGER_LAYOUTS,
  policies: {
    table: 'policies',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      region: fixed('text'),
      allowedCurrencies: changing('text[]'),
      allowedCountries: changing('text[]'),
      limits: changing('json'),
      ...STAMPS,
    },
    sort: {},
    leads: { region: ['institutionId'] },
    owned: [],
  },
  auditEvents: {
    table: 'audit_events',
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
    leads: { createdAt: ['apiKeyId', 'action', 'institutionId'] },
    byInstitution: ['createdAt', 'action'],
    ofServer: true,
    owned: ['apiKeyId'],
  },
  apiKeys: {
    table: 'api_keys',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      label: fixed('text'),
      role: fixed('text'),
      prefix: fixed('text'),
      tokenHash: fixed('text'),
      createdAt: fixed('timestamptz'),
      expiresAt: changing('timestamptz'),
      revokedAt: changing('timestamptz'),
      lastUsedAt: changing('timestamptz'),
      followedById: changing('text'),
      version: changing('int'),
    },
    sort: {},
    leads: { createdAt: ['prefix', 'institutionId'] },
    owned: [],
  },
  ...CHAT_LAYOUTS,
  ...WEBHOOK_LAYOUTS,
  idempotencyRecords: {
    table: 'idempotency_records',
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

type Layouts = { readonly [T in TableName]: Layout<Tables[T]> };
export const LAYOUTS = eachTable<Layouts>(
  <T extends TableName>(name: T): Layout<Tables[T]> => withTenant<Tables[T]>(name, DECLARED[name], TENANT_FIELDS[name]),
);

function withTenant<E>(name: TableName, declared: DeclaredLayout<E>, tenantField: Field<E>): Layout<E> {
  return { ...declared, name, tenantField, tenant: columnName(tenantField) };
}
