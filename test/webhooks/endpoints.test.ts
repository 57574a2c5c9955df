import { beforeAll, describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../src/settings.ts';
import { DEFAULT_WEBHOOK_LIMITS } from '../../src/webhooks/limits.ts';
import { trailOf } from '../support/accounting.ts';
import { type Deal, makeDeal, openPosition } from '../support/deal.ts';
import { serve, type TestServer } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import { callWebhooks, createEndpoint, endpointOf, logOf, POSITIONS, serveWebhooks } from './scene.ts';

const URL = 'https://example.com/escrow';

onBothStores((open) => {
  let server: TestServer;
  let deal: Deal;
  let other: Deal;
  let institutionId: string;

  beforeAll(async () => {
    server = serveWebhooks(await open(), { endpointsPerInstitution: 1_000 });
    deal = await makeDeal(server);
    other = await makeDeal(server);
    institutionId = deal.institution.id;
  });

  const create = (input: object) =>
    callWebhooks(server, 'createWebhookEndpoint', { url: URL, document: POSITIONS, institutionId, ...input });

  it('creates an endpoint with a secret that is returned only once and is not stored as it is', async () => {
    const { secret, endpoint } = await createEndpoint(server, { url: URL, institutionId, description: 'Ledger' });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(endpoint).toMatchObject({
      url: URL,
      description: 'Ledger',
      document: POSITIONS,
      variables: {},
      state: 'ENABLED',
      disabledReason: null,
      failingSince: null,
      previousSecretExpiresAt: null,
      version: 1,
      institution: { id: institutionId },
    });
    const [event] = await trailOf(server, { resourceId: endpoint.id });
    expect(event).toMatchObject({ action: 'WEBHOOK_ENDPOINT_CREATED', outcome: 'SUCCESS' });
    expect(JSON.stringify(event)).not.toContain(secret);
  });

  describe('rejects', () => {
    it.each([
      ['a query', '{ viewer { role } }', {}, 'document', 'must be a subscription.'],
      [
        'a mutation',
        'mutation { deletePolicy(input: { region: US }) { __typename } }',
        {},
        'document',
        'must be a subscription.',
      ],
      ['a syntax error', 'subscription { positionChanged {', {}, 'document', 'is not valid: Syntax Error'],
      [
        'an unknown field',
        'subscription { positionChanged { secret } }',
        {},
        'document',
        'is not valid: Cannot query field',
      ],
      [
        'two operations',
        `${POSITIONS.replace('subscription', 'subscription A')} ${POSITIONS.replace('subscription', 'subscription B')}`,
        {},
        'document',
        'must have exactly one operation.',
      ],
      [
        'two root fields',
        'subscription { positionChanged { kind } chatSessionChanged { kind } }',
        {},
        'document',
        'is not valid: ',
      ],
      [
        'the argument after',
        'subscription { positionChanged(after: "x") { kind } }',
        {},
        'document',
        'must not have the argument `after`.',
      ],
      [
        'a fragment at the root',
        'subscription { ...F } fragment F on Subscription { positionChanged { kind } }',
        {},
        'document',
        'must select its root field without a fragment.',
      ],
      [
        'a condition at the root',
        'subscription { positionChanged @skip(if: false) { kind } }',
        {},
        'document',
        'is not valid: The root field',
      ],
      [
        'too deep a selection',
        `subscription { positionChanged { position { ${'asset { template { institution { '.repeat(4)} id ${'} } }'.repeat(4)} } } }`,
        {},
        'document',
        'is not valid: The document must have at most 10 levels',
      ],
      [
        'a missing variable',
        'subscription ($id: ID!) { positionChanged(positionId: $id) { kind } }',
        {},
        'variables',
        'must fit the document: Variable "$id"',
      ],
      [
        'a variable of another type',
        'subscription ($id: ID!) { positionChanged(positionId: $id) { kind } }',
        { id: [1] },
        'variables',
        'must fit the document: ',
      ],
      ['a blank document', ' ', {}, 'document', 'must not be blank.'],
      [
        'a long document',
        `${POSITIONS} #${'x'.repeat(10_000)}`,
        {},
        'document',
        'must be at most 10000 characters long.',
      ],
    ])('%s', async (_what, document, variables, field, message) => {
      const reply = await create({ document, variables });
      expect(reply).toMatchObject({ code: 'VALIDATION_FAILED' });
      expect(reply.issues?.[0]?.path).toEqual([field]);
      expect(reply.issues?.[0]?.message.startsWith(message)).toBe(true);
    });

    it('a document that costs too much', async () => {
      const page = 'chatSessions(first: 100) { nodes { messages(first: 100) { nodes { body } } } }';
      const reply = await create({ document: `subscription { positionChanged { position { ${page} } } }` });
      expect(reply.issues?.[0]?.message).toMatch(/^is not valid: The operation must cost at most 500; it costs \d+/);
    });

    it('a document that selects another institution', async () => {
      const document = 'subscription ($of: ID!) { positionChanged(institutionId: $of) { kind } }';
      const reply = await create({ document, variables: { of: other.institution.id } });
      expect(reply.issues).toEqual([{ path: ['document'], message: 'must not select another institution.' }]);
      expect(await create({ document, variables: { of: institutionId } })).toMatchObject({
        secret: expect.any(String),
      });
    });

    it('a document about an object of another institution', async () => {
      const { id } = await openPosition(server, other);
      const document = `subscription { positionChanged(positionId: "${id}") { kind } }`;
      expect(await create({ document })).toMatchObject({ code: 'NOT_FOUND', path: ['document'] });
      const session = 'subscription { chatMessageChanged(chatSessionId: "chat_01kdvdna01f46vxnpk0mde9nce") { kind } }';
      expect(await create({ document: session })).toMatchObject({ code: 'NOT_FOUND', path: ['document'] });
    });

    it.each(['ftp://example.com', 'example.com', 'https://user:pass@example.com', 'https://example.com/#a', ''])(
      'the URL %j',
      async (url) => {
        const reply = await create({ url });
        expect(reply).toMatchObject({ code: 'VALIDATION_FAILED', path: ['url'] });
      },
    );

    it('private addresses and http, unless they are allowed', async () => {
      const strict = serveWebhooks(await open(), {}, { webhooks: { key: 'k' } });
      const own = await makeDeal(strict);
      for (const url of [
        'http://example.com',
        'https://127.0.0.1/',
        'https://[::ffff:10.0.0.1]/',
        'https://2130706433/',
        'https://localhost/',
      ])
        expect(
          await callWebhooks(strict, 'createWebhookEndpoint', {
            url,
            document: POSITIONS,
            institutionId: own.institution.id,
          }),
        ).toMatchObject({ code: 'VALIDATION_FAILED', path: ['url'] });
    });
  });

  it('limits the endpoints of each institution', async () => {
    const limited = serveWebhooks(await open(), { endpointsPerInstitution: 2 });
    const own = await makeDeal(limited);
    const input = { url: URL, document: POSITIONS, institutionId: own.institution.id };
    const replies = await Promise.all([1, 2, 3, 4].map(() => callWebhooks(limited, 'createWebhookEndpoint', input)));
    expect(replies.map(({ code }) => code ?? 'created').toSorted()).toEqual([
      'CAPACITY_EXCEEDED',
      'CAPACITY_EXCEEDED',
      'created',
      'created',
    ]);
  });

  it('is a conflict on a server without a key', async () => {
    const without = serve(await open());
    const own = await makeDeal(without);
    const input = { url: URL, document: POSITIONS, institutionId: own.institution.id };
    expect(await callWebhooks(without, 'createWebhookEndpoint', input)).toMatchObject({
      code: 'CONFLICT',
      message: 'Webhooks are not enabled on this server. Its operator must set WEBHOOK_KEY.',
    });
    await without.app.stop();
  });

  describe('updateWebhookEndpoint', () => {
    it('changes fields, and validates the document together with the variables that it has', async () => {
      const { endpoint } = await createEndpoint(server, { url: URL, institutionId });
      const webhookEndpointId = endpoint.id;
      const document = 'subscription ($of: ID!) { positionChanged(institutionId: $of) { kind } }';
      expect(await callWebhooks(server, 'updateWebhookEndpoint', { webhookEndpointId, document })).toMatchObject({
        code: 'VALIDATION_FAILED',
        path: ['variables'],
      });
      const input = {
        webhookEndpointId,
        document,
        variables: { of: institutionId },
        url: `${URL}/2`,
        description: 'New',
        expectedVersion: 1,
      };
      expect(await callWebhooks(server, 'updateWebhookEndpoint', input)).toMatchObject({
        webhookEndpoint: {
          document,
          variables: { of: institutionId },
          url: `${URL}/2`,
          description: 'New',
          version: 2,
        },
      });
      expect(await callWebhooks(server, 'updateWebhookEndpoint', input)).toMatchObject({ code: 'STALE_VERSION' });
      expect(await callWebhooks(server, 'updateWebhookEndpoint', { webhookEndpointId, url: `${URL}/2` })).toMatchObject(
        { webhookEndpoint: { version: 2 } },
      );
      expect(await callWebhooks(server, 'updateWebhookEndpoint', { webhookEndpointId, url: null })).toMatchObject({
        code: 'VALIDATION_FAILED',
        path: ['url'],
      });
      expect(
        await callWebhooks(server, 'updateWebhookEndpoint', {
          webhookEndpointId,
          variables: { of: other.institution.id },
        }),
      ).toMatchObject({ code: 'VALIDATION_FAILED' });
    });

    it('disables and enables', async () => {
      const { endpoint } = await createEndpoint(server, { url: URL, institutionId });
      const set = (isEnabled: boolean) =>
        callWebhooks(server, 'updateWebhookEndpoint', { webhookEndpointId: endpoint.id, isEnabled });
      expect(await set(true)).toMatchObject({ webhookEndpoint: { state: 'ENABLED', version: 1 } });
      expect(await set(false)).toMatchObject({
        webhookEndpoint: { state: 'DISABLED', disabledReason: 'REQUESTED', version: 2 },
      });
      expect(
        await callWebhooks(server, 'redeliverWebhooks', {
          webhookEndpointId: endpoint.id,
          webhookDeliveryIds: ['whd_01kdvdna01f46vxnpk0mde9nce'],
        }),
      ).toMatchObject({ code: 'NOT_FOUND' });
      server.now += 1_000;
      expect(await set(true)).toMatchObject({
        webhookEndpoint: { state: 'ENABLED', disabledReason: null, enabledAt: new Date(server.now).toISOString() },
      });
    });
  });

  it('deletes an endpoint', async () => {
    const { endpoint } = await createEndpoint(server, { url: URL, institutionId });
    const webhookEndpointId = endpoint.id;
    expect(
      await callWebhooks(server, 'deleteWebhookEndpoint', { webhookEndpointId, expectedVersion: 2 }),
    ).toMatchObject({ code: 'STALE_VERSION' });
    server.viewer = { role: 'ADMIN', institutionId };
    const input = { webhookEndpointId, idempotencyKey: `delete ${webhookEndpointId}` };
    expect(await callWebhooks(server, 'deleteWebhookEndpoint', input)).toMatchObject({
      deletedWebhookEndpointId: webhookEndpointId,
      replayed: false,
    });
    expect(await callWebhooks(server, 'deleteWebhookEndpoint', input)).toMatchObject({
      deletedWebhookEndpointId: webhookEndpointId,
      replayed: true,
    });
    expect(await endpointOf(server, webhookEndpointId)).toBeNull();
    server.viewer = { role: 'ROOT' };
    for (const mutation of ['deleteWebhookEndpoint', 'updateWebhookEndpoint', 'rotateWebhookSecret'])
      expect(await callWebhooks(server, mutation, { webhookEndpointId })).toMatchObject({
        code: 'NOT_FOUND',
        path: ['webhookEndpointId'],
      });
  });

  it('rotates the secret', async () => {
    const { secret, endpoint } = await createEndpoint(server, { url: URL, institutionId });
    const rotated = await callWebhooks(server, 'rotateWebhookSecret', { webhookEndpointId: endpoint.id });
    expect(rotated.secret).toMatch(/^whsec_/);
    expect(rotated.secret).not.toBe(secret);
    expect(rotated.webhookEndpoint?.previousSecretExpiresAt).toBe(new Date(server.now + 86_400_000).toISOString());
    const long = { webhookEndpointId: endpoint.id, overlapSeconds: 604_801 };
    expect(await callWebhooks(server, 'rotateWebhookSecret', long)).toMatchObject({
      code: 'VALIDATION_FAILED',
      path: ['overlapSeconds'],
    });
  });

  it('redeliverWebhooks needs exactly one of `after` and `webhookDeliveryIds`', async () => {
    const { endpoint } = await createEndpoint(server, { url: URL, institutionId });
    const webhookEndpointId = endpoint.id;
    const unknown = 'whd_01kdvdna01f46vxnpk0mde9nce';
    for (const more of [{}, { after: unknown, webhookDeliveryIds: [unknown] }, { webhookDeliveryIds: [] }])
      expect(await callWebhooks(server, 'redeliverWebhooks', { webhookEndpointId, ...more })).toMatchObject({
        code: 'VALIDATION_FAILED',
      });
    expect(await callWebhooks(server, 'redeliverWebhooks', { webhookEndpointId, after: unknown })).toMatchObject({
      code: 'NOT_FOUND',
      path: ['after'],
    });
  });

  it('an institution sees and changes only its own endpoints, a read-only API key changes none', async () => {
    const { endpoint } = await createEndpoint(server, { url: URL, institutionId });
    server.viewer = { role: 'ADMIN', institutionId: other.institution.id };
    expect(await endpointOf(server, endpoint.id)).toBeNull();
    expect(
      await callWebhooks(server, 'updateWebhookEndpoint', { webhookEndpointId: endpoint.id, isEnabled: false }),
    ).toMatchObject({ code: 'NOT_FOUND' });
    expect(
      await callWebhooks(server, 'createWebhookEndpoint', { url: URL, document: POSITIONS, institutionId }),
    ).toMatchObject({ code: 'NOT_FOUND' });
    expect(await logOf(server)).toEqual([]);
    server.viewer = { role: 'READ_ONLY', institutionId };
    expect(await endpointOf(server, endpoint.id)).toMatchObject({ id: endpoint.id });
    for (const mutation of ['createWebhookEndpoint', 'rotateWebhookSecret'])
      expect(
        await callWebhooks(
          server,
          mutation,
          mutation === 'createWebhookEndpoint' ? { url: URL, document: POSITIONS } : { webhookEndpointId: endpoint.id },
        ),
      ).toMatchObject({ code: 'FORBIDDEN' });
    server.viewer = { role: 'ROOT' };
  });

  it('re-encrypts all secrets with a new key, after which the previous one is not needed', async () => {
    const store = await open();
    const before = serveWebhooks(store, {}, { webhooks: { key: 'old key', allowPrivate: true } });
    const own = await makeDeal(before);
    const { endpoint } = await createEndpoint(before, { url: URL, institutionId: own.institution.id });
    await callWebhooks(before, 'rotateWebhookSecret', { webhookEndpointId: endpoint.id });
    const read = async () => (await store.read('ALL').webhookEndpoints.byIds([endpoint.id]))[0];
    const old = await read();
    const settings = { ...DEFAULTS, webhookLimits: DEFAULT_WEBHOOK_LIMITS };
    const after = serve(store, { webhooks: { key: 'new key', previousKey: 'old key' }, settings });
    await after.app.cleanUp();
    const resealed = await read();
    expect(resealed?.secret).not.toBe(old?.secret);
    expect(resealed?.previousSecret).not.toBe(old?.previousSecret);
    await after.app.cleanUp();
    expect(await read()).toEqual(resealed);
    await after.app.stop();
  });
});
