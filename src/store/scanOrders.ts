import type { Field, TableName, Tables } from './store.ts';

/**
 * The fields by which the rows of a table are ordered in an export, of which the first determines the institution. Ids
 * and numbers have the same order in both stores. A row comes after the rows of its table that it refers to, and the
 * postings of one ledger event are neighbours.
 */
export const SCAN_ORDERS: { readonly [T in TableName]: readonly Field<Tables[T]>[] } = {
  institutions: ['id'],
  assetTemplates: ['institutionId', 'id'],
  templateConfigs: ['institutionId', 'id'],
  assets: ['institutionId', 'id'],
  positions: ['institutionId', 'id'],
  positionTerms: ['institutionId', 'id'],
  parties: ['institutionId', 'id'],
  milestones: ['institutionId', 'id'],
  lifecycleEvents: ['institutionId', 'id'],
  ledgerEvents: ['institutionId', 'id'],
  postings: ['institutionId', 'ledgerEventId', 'ordinal'],
  policies: ['institutionId', 'id'],
  auditEvents: ['institutionId', 'id'],
  apiKeys: ['institutionId', 'id'],
  idempotencyRecords: ['institutionId', 'id'],
  chatSessions: ['institutionId', 'id'],
  chatMessages: ['institutionId', 'sessionId', 'sequence'],
  chatRevisions: ['institutionId', 'id'],
  readMarks: ['institutionId', 'id'],
  webhookEndpoints: ['institutionId', 'id'],
  webhookDeliveries: ['institutionId', 'id'],
};
