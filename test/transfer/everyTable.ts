import { writeSizedData } from '../../src/demo/sizedData.ts';
import type { Store } from '../../src/store/store.ts';
import { makeDeal } from '../support/deal.ts';
import { serve, type TestServer } from '../support/server.ts';

/** Runs a mutation that must succeed, and returns the selected part of its payload. */
async function mutate(server: TestServer, mutation: string, input: object, selection: string): Promise<Payload> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}`;
  const { data, text } = await server.ask<Record<string, Payload>>(
    `mutation ($input: ${type}Input!) { ${mutation}(input: $input) { ... on ${type}Payload { ${selection} } } }`,
    { input },
  );
  const payload = data?.[mutation];
  if (!payload || Object.keys(payload).length === 0) throw new Error(`${mutation} failed: ${text}`);
  return payload;
}

type Payload = { readonly [object: string]: { readonly id: string } } & { readonly token?: string };

/** Encrypts the secrets of endpoints. */
const WEBHOOK_KEY = 'the key of the tests';

/** The objects that tests look for. */
export interface EveryTable {
  readonly institutionId: string;
  /** The token of an API key of the institution. */
  readonly token: string;
}

/**
 * Writes rows of every table, for three institutions and the server itself: versions, revisions, tombstones, refused
 * attempts, idempotency records, and texts that a file must not change.
 */
export async function writeEveryTable(store: Store): Promise<EveryTable> {
  await writeSizedData(store, { seed: 1, institutions: 2, positions: 60, chatSessions: 2, messages: 5 });
  // No host name has an address, so that every attempt to deliver a change fails.
  const server = serve(store, { webhooks: { key: WEBHOOK_KEY, resolve: async () => [] } });
  const { institution, templateId, assetId } = await makeDeal(server);
  const institutionId = institution.id;
  await mutate(
    server,
    'createInstitution',
    { name: 'Twice', regions: ['US'], idempotencyKey: 'k' },
    'institution { id }',
  );
  const config = { currency: 'USD', region: 'US', minAmount: '0.01' };
  await mutate(server, 'updateAssetTemplate', { templateId, config }, 'assetTemplate { id }');
  await writeWebhooks(server, institutionId);
  const limits = [{ currencyCode: 'USD', maxAmount: '1000000' }];
  const policy = { institutionId, region: 'US', allowedCountries: ['SG', 'DE'], limits };
  await mutate(server, 'setPolicy', policy, 'policy { id }');
  const { position } = await mutate(
    server,
    'createPosition',
    {
      assetId,
      holderReference: 'O\'Neill; "quoted" \\ \u{1f600}\u2028\ttab',
      externalReference: 'ref 1',
      uniqueReference: true,
      metadata: { z: 1, a: { list: [null, true, 1.5, 'x'] }, 7: 'number', '': '' },
      amount: { amount: '999999.99', currencyCode: 'USD' },
      expiresAt: '9999-12-31T23:59:59.999Z',
      idempotencyKey: 'open',
    },
    'position { id }',
  );
  const positionId = position?.id;
  // Refused: it has no money yet.
  await server.ask('mutation ($input: ReleasePositionInput!) { releasePosition(input: $input) { __typename } }', {
    input: { positionId, all: true, idempotencyKey: 'refused' },
  });
  await writeTerms(server, assetId);
  await server.app.deliverWebhooks();
  await writeChat(server, positionId);
  const key = { institutionId, label: 'clerk', role: 'ADMIN' };
  const { token = '' } = await mutate(server, 'createApiKey', key, 'token apiKey { id }');
  const { apiKey } = await mutate(server, 'createApiKey', { ...key, label: 'rotated' }, 'token apiKey { id }');
  await mutate(server, 'rotateApiKey', { apiKeyId: apiKey?.id }, 'apiKey { id }');
  await server.app.stop();
  return { institutionId, token };
}

/** Writes a position with terms: an amendment, agreements, parts of the money, retainage, and fees of both parties. */
async function writeTerms(server: TestServer, assetId: string): Promise<void> {
  const fee = { name: 'Platform "fee"', percentage: '2.5' };
  const terms = {
    parties: [
      { role: 'PAYER', reference: 'owner \u{1f600}' },
      { role: 'PAYEE', reference: 'builder' },
      { role: 'OBSERVER', reference: 'surveyor' },
    ],
    milestones: [
      { title: 'Piles,\nsection 2', amount: '600.00', dueAt: '2027-01-31T00:00:00.001Z' },
      { title: 'Deck', amount: '400.00' },
    ],
    fees: [
      { ...fee, bearer: 'PAYER', fixed: '1.00' },
      { ...fee, bearer: 'PAYEE' },
    ],
    retainagePercentage: '10',
    agreementRequired: true,
  };
  const opened = { assetId, holderReference: 'owner', amount: { amount: '1000.00', currencyCode: 'USD' }, terms };
  const { position } = await mutate(server, 'createPosition', opened, 'position { id }');
  const positionId = position?.id;
  await mutate(server, 'amendPosition', { positionId, terms, expiresAt: '9999-01-01T00:00:00.000Z' }, 'event { id }');
  for (const { reference: partyReference } of terms.parties.slice(0, 2))
    await mutate(server, 'agreeToPosition', { positionId, partyReference, termsVersion: 2 }, 'event { id }');
  const { data } = await server.ask<{ position: { terms: { milestones: { nodes: { id: string }[] } } } }>(
    'query ($id: ID!) { position(id: $id) { terms { milestones { nodes { id } } } } }',
    { id: positionId },
  );
  const [first, second] = data?.position.terms.milestones.nodes ?? [];
  await mutate(server, 'fundPosition', { positionId, amount: '300.00', paymentReference: 'SEPA 1' }, 'event { id }');
  await mutate(server, 'fundPosition', { positionId }, 'event { id }');
  await mutate(server, 'releasePosition', { positionId, milestoneId: first?.id, amount: '123.45' }, 'event { id }');
  await mutate(server, 'refundPosition', { positionId, milestoneId: second?.id, all: true }, 'event { id }');
}

/** Writes an endpoint with two secrets, which then gets the following changes. */
async function writeWebhooks(server: TestServer, institutionId: string): Promise<void> {
  const document =
    'subscription {\n  # Texts keep their characters: \u{1f600}\n  positionChanged { kind position { id } }\n}';
  const endpoint = { institutionId, url: 'https://hooks.example.com/', description: 'Orders "1"', variables: {} };
  const input = { ...endpoint, document };
  const { webhookEndpoint } = await mutate(server, 'createWebhookEndpoint', input, 'webhookEndpoint { id }');
  await mutate(server, 'rotateWebhookSecret', { webhookEndpointId: webhookEndpoint?.id }, 'webhookEndpoint { id }');
}

async function writeChat(server: TestServer, positionId: string | undefined): Promise<void> {
  const session = { positionId, ownerReference: 'ann', title: 'Survey of the north wall' };
  const { chatSession } = await mutate(server, 'createChatSession', session, 'chatSession { id }');
  const chatSessionId = chatSession?.id;
  const post = (body: string, more: object = {}) =>
    mutate(server, 'postChatMessage', { chatSessionId, authorReference: 'ann', body, ...more }, 'chatMessage { id }');
  const { chatMessage } = await post('The quotation is missing.');
  await post('Which one?', { replyToId: chatMessage?.id, idempotencyKey: 'post' });
  const edited = { chatMessageId: chatMessage?.id, body: 'The quotation for the piles is missing.\nSee \u2029 below.' };
  await mutate(server, 'editChatMessage', edited, 'chatMessage { id }');
  const { chatMessage: other } = await post('Wrong window');
  await mutate(server, 'deleteChatMessage', { chatMessageId: other?.id, reason: 'typo' }, 'chatMessage { id }');
  const mark = { chatSessionId, participantReference: 'bob', upToSequence: 2 };
  await mutate(server, 'markChatSessionRead', mark, 'chatSession { id }');
}
