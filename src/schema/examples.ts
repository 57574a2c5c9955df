import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
  isObjectType,
} from 'graphql';
import type { AuditAction } from '../domain/auditEvent.ts';
import type { IdPrefix } from '../domain/ids.ts';
import type { JsonValue } from '../domain/json.ts';

/** Returns a well-formed id of no object. */
const idOf = (prefix: IdPrefix): string => `${prefix}_01kdvdna01f46vxnpk0mde9nce`;

const INSTITUTION_NAME = 'Northwind Bank';
const ASSET_LABEL = 'Riverside Bridge, section 2';
const SUPPLIER = 'supplier-42';
const BUYER = 'buyer-7';
const CHANGE_CURSOR = 'q1lq0dCh4KHYBw8mSxVUCGZ1r2m8rFJ8bXoT5cW3nE0aKp7vYd9LsH6tRiGuQeZb';

/**
 * An example of each text that clients send, by the name of the argument or field, or by its coordinate if the name has
 * several meanings.
 */
export const EXAMPLES: Readonly<Record<string, JsonValue>> = {
  id: idOf('pos'),
  ids: idOf('pos'),
  'Query.institution(id:)': idOf('inst'),
  'Query.assetTemplate(id:)': idOf('tmpl'),
  'Query.asset(id:)': idOf('ast'),
  'Query.chatSession(id:)': idOf('chat'),
  institutionId: idOf('inst'),
  templateId: idOf('tmpl'),
  templateIds: idOf('tmpl'),
  assetId: idOf('ast'),
  assetIds: idOf('ast'),
  positionId: idOf('pos'),
  positionIds: idOf('pos'),
  resourceId: idOf('pos'),
  apiKeyId: idOf('key'),
  chatSessionId: idOf('chat'),
  chatMessageId: idOf('msg'),
  milestoneId: idOf('mil'),
  replyToId: idOf('msg'),
  webhookEndpointId: idOf('whe'),
  webhookDeliveryIds: idOf('whd'),
  objectId: idOf('pos'),
  'Query.webhookEndpoint(id:)': idOf('whe'),
  'RedeliverWebhooksInput.after': idOf('whd'),
  url: 'https://example.com/escrow',
  'CreateWebhookEndpointInput.description': 'Keeps our ledger up to date.',
  'UpdateWebhookEndpointInput.description': 'Keeps our ledger up to date.',
  document: 'subscription { positionChanged { kind position { id state version } } }',
  variables: { positionId: idOf('pos') },
  requestId: '6f1c1f0e-6a0b-4f9e-9d55-2f4f6f0f3c11',
  idempotencyKey: 'fund-order-1017',
  after: 'WyJXaXB6Tm9CTyIsMTc3MjM2NjQwMDAwMF0',
  before: 'WyJXaXB6Tm9CTyIsMTc3MjM2NjQwMDAwMF0',
  'Subscription.positionChanged(after:)': CHANGE_CURSOR,
  'Subscription.chatSessionChanged(after:)': CHANGE_CURSOR,
  'Subscription.chatMessageChanged(after:)': CHANGE_CURSOR,
  name: INSTITUTION_NAME,
  nameStartsWith: 'North',
  'CreateAssetTemplateInput.name': 'Bridges in dollars',
  'UpdateAssetTemplateInput.name': 'Bridges in dollars',
  'AssetTemplateFilter.nameStartsWith': 'Bridges',
  code: 'CONSTR_ESCROW',
  codes: 'CONSTR_ESCROW',
  config: { currency: 'USD', region: 'US', maxAmount: '5000000.00' },
  label: ASSET_LABEL,
  labelStartsWith: 'Riverside',
  'CreateApiKeyInput.label': 'Nightly report',
  metadata: { invoice: { number: '2026-117' } },
  holderReference: SUPPLIER,
  holderReferences: SUPPLIER,
  externalReference: 'order-1017',
  referenceStartsWith: 'order-',
  reason: 'The inspection was passed.',
  'DeleteChatMessageInput.reason': 'Posted in the wrong session.',
  actions: 'POSITION_FUNDED' satisfies AuditAction,
  ownerReference: BUYER,
  participantReference: BUYER,
  authorReference: SUPPLIER,
  title: 'Inspection of section 2',
  'MilestoneInput.title': 'Foundations of section 2',
  reference: BUYER,
  payeeReference: SUPPLIER,
  partyReference: SUPPLIER,
  paymentReference: 'BANK-2026-11-30-0042',
  'FeeTermInput.name': 'Platform fee',
  description: 'The surveyor visits the site on Friday.',
  body: 'The surveyor has signed the report.',
  search: 'surveyor report',
};

/** Whether a description contains an example: a quoted text. */
export const hasExample = (description: string | null | undefined): boolean => /"[^"]+"/.test(description ?? '');

/**
 * Appends an example to the description of each id, text and JSON object that clients send. Other inputs need none: enums
 * list their values, and the descriptions of the other scalars have examples. Throws if an input has no example.
 */
export function addExamples(schema: GraphQLSchema): GraphQLSchema {
  for (const [coordinate, input] of inputsOf(schema)) {
    if (hasExample(input.description) || !WITH_EXAMPLE.has(getNamedType(input.type).name)) continue;
    const example = EXAMPLES[coordinate] ?? EXAMPLES[input.name];
    if (example === undefined) throw new Error(`${coordinate} has no example.`);
    const value = isListType(getNullableType(input.type)) ? [example] : example;
    input.description = `${input.description} Example: ${JSON.stringify(value)}.`;
  }
  return schema;
}

/** The types of ids, free texts and JSON objects. */
const WITH_EXAMPLE: ReadonlySet<string> = new Set(['ID', 'String', 'JSONObject']);

/** Yields every input field and argument of the schema with its coordinate. */
export function* inputsOf(schema: GraphQLSchema): Iterable<readonly [string, GraphQLInputField | GraphQLArgument]> {
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) yield [`${type.name}.${field.name}`, field];
    }
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      for (const arg of field.args) yield [`${type.name}.${field.name}(${arg.name}:)`, arg];
    }
  }
}
