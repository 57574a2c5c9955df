import type { ApiKey } from '../domain/apiKey.ts';
import type { Asset } from '../domain/asset.ts';
import type { AssetTemplate, TemplateConfig } from '../domain/assetTemplate.ts';
import type { AuditEvent } from '../domain/auditEvent.ts';
import type { ChatMessage, ChatRevision, ReadMark } from '../domain/chatMessage.ts';
import type { ChatSession } from '../domain/chatSession.ts';
import type { IdempotencyRecord } from '../domain/idempotency.ts';
import type { Institution } from '../domain/institution.ts';
import type { LedgerEvent, Posting } from '../domain/ledgerEvent.ts';
import type { LifecycleEvent } from '../domain/lifecycleEvent.ts';
import type { Milestone } from '../domain/milestone.ts';
import type { Policy } from '../domain/policy.ts';
import type { Position } from '../domain/position.ts';
import type { Party, PositionTerms } from '../domain/terms.ts';
import type { WebhookDelivery } from '../domain/webhookDelivery.ts';
import type { WebhookEndpoint } from '../domain/webhookEndpoint.ts';

/** The tables of the store, with their entities. */
export interface Tables {
  readonly institutions: Institution;
  readonly assetTemplates: AssetTemplate;
  readonly templateConfigs: TemplateConfig;
  readonly assets: Asset;
  readonly positions: Position;
  readonly positionTerms: PositionTerms;
  readonly parties: Party;
  readonly milestones: Milestone;
  readonly lifecycleEvents: LifecycleEvent;
  readonly ledgerEvents: LedgerEvent;
  readonly postings: Posting;
  readonly policies: Policy;
  readonly auditEvents: AuditEvent;
  readonly apiKeys: ApiKey;
  readonly idempotencyRecords: IdempotencyRecord;
  readonly chatSessions: ChatSession;
  readonly chatMessages: ChatMessage;
  readonly chatRevisions: ChatRevision;
  readonly readMarks: ReadMark;
  readonly webhookEndpoints: WebhookEndpoint;
  readonly webhookDeliveries: WebhookDelivery;
}
/** The name of a table. */
export type TableName = keyof Tables;
