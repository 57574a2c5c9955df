import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { WebhookOptions } from '../../src/appWebhooks.ts';
import { type KeyedServer, ROOT_TOKEN } from './serveKeyed.ts';

/** The options that a server with the fixture needs: no host name of an endpoint has an address. */
export const FIXTURE_WEBHOOKS: WebhookOptions = { key: 'the key of the tests', resolve: async () => [] };

/** An institution with one of everything, to test that no other institution can see any of it. */
export interface RlsFixture {
  /** Texts that only this institution has: a word that is in every text, and an amount. */
  readonly canaries: readonly string[];
  /** One id per type of node. */
  readonly ids: { readonly [type: string]: string };
  readonly admin: string;
  readonly readOnly: string;
  /** All ids of the institution. */
  readonly all: readonly string[];
}

/** Creates an API key of an institution as root. Returns its token and its id. */
export async function keyOf(
  server: KeyedServer,
  input: object,
): Promise<{ readonly token: string; readonly id: string }> {
  const { createApiKey } = await server.data<{
    readonly createApiKey: { readonly token: string; readonly apiKey: { readonly id: string } };
  }>(
    ROOT_TOKEN,
    'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeyPayload { token apiKey { id } } } }',
    { input },
  );
  return { token: createApiKey.token, id: createApiKey.apiKey.id };
}

type Row = { readonly id: string } & Readonly<Record<string, { readonly id: string }>>;

/** Calls a mutation, which must succeed, and returns its payload. */
async function did(server: KeyedServer, token: string, name: string, input: object, shows: string, canary: string) {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input!`;
  const text = `mutation($input: ${type}) { it: ${name}(input: $input) { __typename ... on UserError { code message } ${shows} } }`;
  const { it } = await server.data<{ readonly it: Row & { readonly code?: string } }>(
    token,
    text,
    { input },
    {
      'x-request-id': canary,
    },
  );
  if (it.code !== undefined) throw new Error(`${name} was refused: ${JSON.stringify(it)}`);
  return it;
}

export async function makeRlsFixture(server: KeyedServer): Promise<RlsFixture> {
  const amount = `${randomInt(10_000_000, 99_999_999)}.50`;
  const canary = `canary${randomBytes(8).toString('hex')}`;
  const say = (name: string, input: object, shows: string, token = admin) =>
    did(server, token, name, input, shows, canary);
  let admin = ROOT_TOKEN;
  const made = await say(
    'createInstitution',
    { name: canary, regions: ['US'] },
    '... on CreateInstitutionPayload { institution { id } }',
  );
  const institutionId = made['institution']?.id ?? '';
  const adminKey = await keyOf(server, { institutionId, label: canary, role: 'ADMIN' });
  const readKey = await keyOf(server, { institutionId, label: canary, role: 'READ_ONLY' });
  admin = adminKey.token;
  const escrow = await makeEscrow(say, institutionId, amount, canary);
  const chat = await makeChat(say, escrow.Position, canary);
  const webhooks = await makeWebhooks(server, admin, say, chat.ChatSession, canary);
  const { auditEvents } = await server.data<{ readonly auditEvents: { readonly nodes: readonly Row[] } }>(
    admin,
    '{ auditEvents(filter: { actions: ["POSITION_RELEASED"] }) { nodes { id } } }',
  );
  // Uses the API keys once, so that their last use is not written during the tests.
  for (const token of [admin, readKey.token]) await server.ask(token, '{ viewer { role } }');
  await server.app.flushCounters();
  const ids = { Institution: institutionId, ...escrow, ...chat, ...webhooks, ApiKey: adminKey.id };
  const audit = auditEvents.nodes[0]?.id ?? '';
  const all = await idsIn(server, admin);
  return { canaries: [canary, amount], ids: { ...ids, AuditEvent: audit }, admin, readOnly: readKey.token, all };
}

/** A position as it shows its milestones. */
interface WithMilestones {
  readonly terms: { readonly milestones: { readonly nodes: readonly { readonly id: string }[] } };
}

type Say = (name: string, input: object, shows: string) => Promise<Row>;

async function makeEscrow(say: Say, institutionId: string, amount: string, canary: string) {
  const { assetTemplate } = await say(
    'createAssetTemplate',
    {
      institutionId,
      code: 'CONSTR_ESCROW',
      name: canary,
      vertical: 'CONSTRUCTION',
      region: 'US',
      config: { currency: 'USD', region: 'US' },
    },
    '... on CreateAssetTemplatePayload { assetTemplate { id } }',
  );
  const metadata = { note: canary };
  const { asset } = await say(
    'createAsset',
    { templateId: assetTemplate?.id, label: canary, metadata },
    '... on CreateAssetPayload { asset { id } }',
  );
  const { position } = await say(
    'createPosition',
    {
      assetId: asset?.id,
      holderReference: canary,
      externalReference: canary,
      metadata,
      idempotencyKey: canary,
      amount: { amount, currencyCode: 'USD' },
      terms: {
        parties: [
          { role: 'PAYER', reference: `payer of ${canary}` },
          { role: 'PAYEE', reference: canary },
        ],
        milestones: [{ title: canary, amount }],
        fees: [{ name: canary, bearer: 'PAYEE', percentage: '1' }],
      },
    },
    '... on CreatePositionPayload { position { id terms { milestones { nodes { id } } } } }',
  );
  const { terms } = position as unknown as WithMilestones;
  const milestoneId = terms.milestones.nodes[0]?.id ?? '';
  const move = { positionId: position?.id, reason: canary, metadata };
  await say('agreeToPosition', { ...move, partyReference: canary, termsVersion: 1 }, '');
  await say('fundPosition', { ...move, paymentReference: canary }, '');
  const released = await say(
    'releasePosition',
    { ...move, amount: '1.23', milestoneId, paymentReference: canary },
    '... on ReleasePositionPayload { event { id } ledgerEvent { id } }',
  );
  const limits = [{ currencyCode: 'USD', minAmount: '0.07' }];
  const { policy } = await say(
    'setPolicy',
    { institutionId, region: 'US', limits },
    '... on SetPolicyPayload { policy { id } }',
  );
  return {
    AssetTemplate: assetTemplate?.id ?? '',
    Asset: asset?.id ?? '',
    Position: position?.id ?? '',
    Milestone: milestoneId,
    LifecycleEvent: released['event']?.id ?? '',
    LedgerEvent: released['ledgerEvent']?.id ?? '',
    Policy: policy?.id ?? '',
  };
}

async function makeChat(say: Say, positionId: string, canary: string) {
  const { chatSession } = await say(
    'createChatSession',
    { positionId, ownerReference: canary, title: canary, description: `of ${canary}` },
    '... on CreateChatSessionPayload { chatSession { id } }',
  );
  const chatSessionId = chatSession?.id ?? '';
  const post = async (patch: object): Promise<string> => {
    const input = { chatSessionId, authorReference: canary, body: canary, ...patch };
    const { chatMessage } = await say('postChatMessage', input, '... on PostChatMessagePayload { chatMessage { id } }');
    return chatMessage?.id ?? '';
  };
  const first = await post({ idempotencyKey: canary });
  const second = await post({ replyToId: first, idempotencyKey: `${canary} again` });
  await say('editChatMessage', { chatMessageId: second, body: `${canary}, edited` }, '');
  await say('deleteChatMessage', { chatMessageId: await post({}), reason: canary }, '');
  await say('markChatSessionRead', { chatSessionId, participantReference: canary, upToSequence: 1 }, '');
  return { ChatSession: chatSessionId, ChatMessage: second };
}

/** Makes an endpoint that never answers, and a delivery with a body. */
async function makeWebhooks(server: KeyedServer, token: string, say: Say, chatSessionId: string, canary: string) {
  const { webhookEndpoint } = await say(
    'createWebhookEndpoint',
    {
      url: `https://${canary}.example.com/`,
      description: canary,
      document: `subscription ($${canary}: Boolean!) { chatSessionChanged { chatSession { title @include(if: $${canary}) } } }`,
      variables: { [canary]: true },
    },
    '... on CreateWebhookEndpointPayload { webhookEndpoint { id } }',
  );
  await say('updateChatSession', { chatSessionId, priority: 'HIGH' }, '');
  for (let tries = 0; tries < 500; tries += 1) {
    await server.app.deliverWebhooks();
    const { webhookDeliveries } = await server.data<{
      readonly webhookDeliveries: {
        readonly nodes: readonly { readonly id: string; readonly lastError: string | null }[];
      };
    }>(token, '{ webhookDeliveries { nodes { id lastError } } }');
    // The server that runs in the background may attempt the delivery before this function does.
    const attempted = webhookDeliveries.nodes.find(({ lastError }) => lastError);
    if (attempted) return { WebhookEndpoint: webhookEndpoint?.id ?? '', WebhookDelivery: attempted.id };
    await delay(10);
  }
  throw new Error('No delivery was attempted.');
}

/** Returns all ids that the admin of the institution can see. */
async function idsIn(server: KeyedServer, token: string): Promise<readonly string[]> {
  const list = '(first: 100) { nodes { id } }';
  const { text } = await server.ask(
    token,
    `{ institutions${list} assetTemplates${list} assets${list} milestones${list} ledgerEvents${list} auditEvents${list}
      positions { nodes { id events${list} } } chatSessions { nodes { id messages${list} } } webhookEndpoints${list} webhookDeliveries${list}
      viewer { institution { policies { id } apiKeys${list} } } }`,
  );
  return [...new Set(text.match(/[a-z]+_[0-7][0-9a-z]{25}/g))];
}
