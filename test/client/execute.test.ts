import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { expect, it, vi } from 'vitest';
import {
  AgreeToPositionDocument,
  AmendPositionDocument,
  ApplyPositionsDocument,
  CancelPositionDocument,
  ChatMessagesDocument,
  ChatSessionsDocument,
  CreateChatSessionDocument,
  CreatePositionDocument,
  DeleteChatMessageDocument,
  EditChatMessageDocument,
  EscrowGridError,
  ExpirePositionDocument,
  FundPositionDocument,
  PositionDocument,
  type PositionOperation,
  type PositionState,
  PositionsDocument,
  PositionTermsDocument,
  PostChatMessageDocument,
  possibleTypes,
  RefundPositionDocument,
  ReleasePositionDocument,
  type TypedDocument,
  unwrap,
  ViewerDocument,
} from '../../src/client/index.ts';
import { clientWorld, newApiKey, newFundedPosition, recordingFetch, rejectionOf } from './world.ts';

const world = clientWorld();
const amountOf = (positionId: string) => ({ positionId, amount: '25.00' });
/** Returns the sum that was released, and the number of events. */
async function movesOf(id: string): Promise<readonly [released: string | undefined, events: number | undefined]> {
  const { position } = await world().client().execute(PositionDocument, { id });
  return [position?.released.amount, position?.events?.nodes.length];
}

it('executes the documents of positions with typed results, within the limits of production', async () => {
  const { execute } = world().client();
  const { assetId, institution } = world().endpoint.houses[0].deal;
  const { viewer } = await execute(ViewerDocument);
  expect([viewer?.role, viewer?.institution?.id]).toEqual(['ADMIN', institution.id]);

  const id = await newFundedPosition(world());
  const { releasePosition } = await execute(ReleasePositionDocument, { input: amountOf(id) });
  const { position, event, replayed } = unwrap(releasePosition);
  const state: PositionState = position.state;
  expect([state, position.held.amount, event.moved?.amount, replayed]).toEqual([
    'PARTIALLY_RELEASED',
    '75.00',
    '25.00',
    false,
  ]);
  const { cancelPosition } = await execute(CancelPositionDocument, { input: { positionId: id, reason: 'Sold' } });
  expect(unwrap(cancelPosition).position.refunded.formatted).toBe('$75.00');

  const { positions } = await execute(PositionsDocument, { filter: { states: ['CANCELLED'] }, first: 100 });
  expect(positions?.nodes.map((node) => node.id)).toContain(id);

  const create = { assetId, holderReference: 'ben', amount: { amount: '5', currencyCode: 'USD' } };
  const refund: PositionOperation = { transition: { positionId: id, toState: 'FUNDED' } };
  const input = { operations: [{ create }, refund], atomic: false, dryRun: true };
  const { results } = unwrap((await execute(ApplyPositionsDocument, { input })).applyPositions);
  expect(results.map(({ status, error }) => [status, error?.code])).toEqual([
    ['APPLIED', undefined],
    ['REFUSED', 'ILLEGAL_TRANSITION'],
  ]);
  const opened = unwrap((await execute(CreatePositionDocument, { input: create })).createPosition).position;
  const { expirePosition } = await execute(ExpirePositionDocument, { input: { positionId: opened.id } });
  expect(unwrap(expirePosition).position.state).toBe('EXPIRED');
});

it('executes the documents of terms with typed results, within the limits of production', async () => {
  const { execute } = world().client();
  const { assetId } = world().endpoint.houses[0].deal;
  const terms = {
    parties: [
      { role: 'PAYER' as const, reference: 'city' },
      { role: 'PAYEE' as const, reference: 'builder' },
    ],
    milestones: [
      { title: 'Deck', amount: '60' },
      { title: 'Handover', amount: '40' },
    ],
    agreementRequired: true,
  };
  const create = { assetId, holderReference: 'builder', amount: { amount: '100', currencyCode: 'USD' }, terms };
  const created = await execute(CreatePositionDocument, { input: create });
  const positionId = unwrap(created.createPosition).position.id;
  const amended = await execute(AmendPositionDocument, {
    input: { positionId, terms: { ...terms, retainagePercentage: '10' } },
  });
  expect(unwrap(amended.amendPosition).event.move).toBe('AMEND');
  for (const partyReference of ['city', 'builder', 'builder']) {
    const { agreeToPosition } = await execute(AgreeToPositionDocument, {
      input: { positionId, partyReference, termsVersion: 2 },
    });
    unwrap(agreeToPosition);
  }
  unwrap((await execute(FundPositionDocument, { input: { positionId } })).fundPosition);
  const { position } = await execute(PositionTermsDocument, { id: positionId });
  expect(position?.terms).toMatchObject({ version: 2, agreed: true, retainagePercentage: '10', fees: [] });
  const milestoneId = position?.terms?.milestones?.nodes[0]?.id ?? '';
  const released = await execute(ReleasePositionDocument, { input: { positionId, milestoneId, amount: '50' } });
  const refunded = await execute(RefundPositionDocument, { input: { positionId, milestoneId, all: true } });
  expect(unwrap(released.releasePosition).position.retained.amount).toBe('5.00');
  expect(unwrap(refunded.refundPosition)).toMatchObject({
    position: { available: { amount: '40.00' }, refunded: { amount: '10.00' }, fees: { amount: '0.00' } },
    event: { move: 'REFUND', moved: { amount: '10.00' } },
  });
});

it('executes the documents of chat with typed results, within the limits of production', async () => {
  const { execute } = world().client();
  const created = await execute(CreateChatSessionDocument, { input: { ownerReference: 'ann', title: 'Dry dock' } });
  const chatSessionId = unwrap(created.createChatSession).chatSession.id;
  const input = { chatSessionId, authorReference: 'ann', body: 'Steel has arrived.' };
  const posted = unwrap((await execute(PostChatMessageDocument, { input })).postChatMessage);
  const chatMessageId = posted.chatMessage.id;
  const edited = await execute(EditChatMessageDocument, { input: { chatMessageId, body: 'Steel is here.' } });
  expect(unwrap(edited.editChatMessage).chatMessage).toMatchObject({ body: 'Steel is here.', version: 2 });
  const { deleteChatMessage } = await execute(DeleteChatMessageDocument, { input: { chatMessageId } });
  expect(unwrap(deleteChatMessage).chatMessage.body).toBeNull();
  const { chatSessions } = await execute(ChatSessionsDocument, { first: 100 });
  expect(chatSessions?.nodes.map(({ title }) => title)).toContain('Dry dock');
  const { chatSession } = await execute(ChatMessagesDocument, { chatSessionId, last: 100 });
  expect(chatSession?.messages?.nodes.map(({ sequence }) => sequence)).toEqual([1]);
});

it('reports a user error with its code, path and selected fields', async () => {
  const id = await newFundedPosition(world());
  const { releasePosition } = await world()
    .client()
    .execute(ReleasePositionDocument, { input: { positionId: id, amount: '-1' } });
  const error = await rejectionOf((async () => unwrap(releasePosition))());
  expect(error).toBeInstanceOf(EscrowGridError);
  expect(error).toMatchObject({
    code: 'VALIDATION_FAILED',
    details: { __typename: 'ValidationError', issues: [{ path: ['amount'] }] },
  });
});

it('repeats a query after the status 503, whether the response is one of GraphQL or not', async () => {
  const unavailable = [
    new Response('<h1>Bad gateway</h1>', { status: 502 }),
    Response.json({ errors: [{ message: 'Busy.', extensions: { code: 'BUSY' } }] }, { status: 503 }),
  ];
  const { fetch, sent } = recordingFetch((index) => unavailable[index]);
  expect(await world().client({ fetch }).execute(ViewerDocument)).toMatchObject({ viewer: { role: 'ADMIN' } });
  expect(sent).toHaveLength(3);
});

it('gives up after the configured number of retries', async () => {
  const { fetch, sent } = recordingFetch(() => new Response('', { status: 503, headers: { 'retry-after': '0' } }));
  const error = await rejectionOf(world().client({ fetch, retries: 1 }).execute(ViewerDocument));
  expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryAfterMs: 0 });
  expect(sent).toHaveLength(2);
});

it('does not wait longer than maxRetryDelayMs', async () => {
  const { fetch, sent } = recordingFetch(() => new Response('', { status: 429, headers: { 'retry-after': '61' } }));
  const error = await rejectionOf(world().client({ fetch }).execute(ViewerDocument));
  expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryAfterMs: 61_000 });
  expect(sent).toHaveLength(1);
});

it('executes a mutation once if the connection is lost after the commit', async () => {
  const { relay, client } = world();
  const id = await newFundedPosition(world());
  relay.dropsAnswers = true;
  const { fetch, sent } = recordingFetch((index) => {
    if (index === 2) relay.dropsAnswers = false;
  });
  const { releasePosition } = await client({ fetch }).execute(ReleasePositionDocument, { input: amountOf(id) });
  expect(unwrap(releasePosition).replayed).toBe(true);
  expect(await movesOf(id)).toEqual(['25.00', 3]);
  expect(sent).toHaveLength(3);
  expect(new Set(sent.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1);
});

it('executes a mutation once if the server goes away during it and comes back', async () => {
  const { relay, client } = world();
  const id = await newFundedPosition(world());
  const { fetch, sent } = recordingFetch(async (index) => {
    relay.dropsAnswers = index === 0;
    if (index === 1) await relay.away();
    else if (index === 2) await relay.back();
  });
  const { releasePosition } = await client({ fetch }).execute(ReleasePositionDocument, { input: amountOf(id) });
  expect(unwrap(releasePosition).replayed).toBe(true);
  expect(await movesOf(id)).toEqual(['25.00', 3]);
  expect(sent).toHaveLength(3);
});

it('executes a mutation once for two clients that use the same idempotency key', async () => {
  const id = await newFundedPosition(world());
  const options = { idempotencyKey: 'Freigabe für Pier 9 – 第一' };
  const results = await Promise.all(
    [world().client(), world().client()].map(async (client) =>
      unwrap((await client.execute(ReleasePositionDocument, { input: amountOf(id) }, options)).releasePosition),
    ),
  );
  expect(results.map(({ replayed }) => String(replayed)).toSorted()).toEqual(['false', 'true']);
  expect(await movesOf(id)).toEqual(['25.00', 3]);
});

it('repeats a mutation with the idempotency key of its input, and names it in the error', async () => {
  const { relay, client } = world();
  const id = await newFundedPosition(world());
  relay.dropsAnswers = true;
  const { fetch, sent } = recordingFetch();
  const input = { ...amountOf(id), idempotencyKey: 'release-9' };
  const error = await rejectionOf(client({ fetch, retries: 1 }).execute(ReleasePositionDocument, { input }));
  expect(error).toMatchObject({ code: 'NETWORK_ERROR', idempotencyKey: 'release-9' });
  expect(sent.map(({ headers }) => headers.get('idempotency-key'))).toEqual([null, null]);
  relay.dropsAnswers = false;
  const { releasePosition } = await client().execute(ReleasePositionDocument, { input });
  expect(unwrap(releasePosition).replayed).toBe(true);
  expect(await movesOf(id)).toEqual(['25.00', 3]);
});

it.each([
  ['creates a token', 'mutation { createApiKey(input: { label: "a", role: READ_ONLY }) { __typename } }'],
  ['has two fields', 'mutation { a: createAsset(input: $a) { __typename } b: createAsset(input: $b) { __typename } }'],
  ['has a fragment', 'mutation { ...All } fragment All on Mutation { createAsset(input: $a) { __typename } }'],
  ['sets an idempotency key', 'mutation { createAsset(input: { label: "a", idempotencyKey: "k" }) { __typename } }'],
  ['is unknown to the client', 'mutation { payTaxes(input: { idempotency: "key" }) { __typename } }'],
])('sends a mutation that %s only once, without an idempotency key', async (_what, document) => {
  const { fetch, sent } = recordingFetch(() => new Response('', { status: 503 }));
  const error = await rejectionOf(world().client({ fetch }).execute(document));
  expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE', idempotencyKey: undefined });
  expect(sent.map(({ headers }) => headers.get('idempotency-key'))).toEqual([null]);
});

it('reports an API key that is revoked, and continues with its replacement if there is one', async () => {
  const { endpoint, client } = world();
  const { token, revoke } = await newApiKey(client());
  const revoked = client({ key: token });
  expect(await revoked.execute(ViewerDocument)).toMatchObject({ viewer: { role: 'READ_ONLY' } });
  await revoke();
  await vi.waitUntil(async () => rejectionOf(revoked.execute(ViewerDocument)), { timeout: 10_000 });
  const error = await rejectionOf(revoked.execute(ViewerDocument));
  expect(error).toMatchObject({ code: 'UNAUTHENTICATED', requestId: expect.stringMatching(/./) });
  expect((error as Error).message).not.toContain(token);

  const tokens = [token, endpoint.houses[0].admin];
  const { fetch, sent } = recordingFetch();
  const key = async () => tokens.shift() ?? '';
  expect(await client({ key, fetch }).execute(ViewerDocument)).toMatchObject({ viewer: { role: 'ADMIN' } });
  expect(sent).toHaveLength(2);
});

it('rejects with the reason of the signal, during a request and between two', async () => {
  const { relay, client } = world();
  relay.isStalled = true;
  const signal = AbortSignal.timeout(50);
  expect(await rejectionOf(client().execute(ViewerDocument, {}, { signal }))).toBe(signal.reason);
  relay.isStalled = false;
  const waiting = new AbortController();
  const { fetch, sent } = recordingFetch(() => {
    setTimeout(() => waiting.abort(new Error('The page was closed.')));
    return new Response('', { status: 503, headers: { 'retry-after': '50' } });
  });
  const error = await rejectionOf(client({ fetch }).execute(ViewerDocument, {}, { signal: waiting.signal }));
  expect(error).toEqual(new Error('The page was closed.'));
  expect(sent).toHaveLength(1);
  expect(await rejectionOf(client().execute(ViewerDocument, {}, { signal: waiting.signal }))).toBe(
    waiting.signal.reason,
  );
});

it('gives up a request to which no response arrives within timeoutMs', async () => {
  const { relay, client } = world();
  relay.isStalled = true;
  const error = await rejectionOf(client({ timeoutMs: 50, retries: 1 }).execute(ViewerDocument));
  expect(error).toMatchObject({ code: 'NETWORK_ERROR' });
});

/** Returns a fetch that replaces texts in the responses, as a newer server would send them. */
const newerServer =
  (...texts: readonly (readonly [old: string, replacement: string])[]): typeof fetch =>
  async (url, init) => {
    const text = await (await fetch(url, init)).text();
    return new Response(texts.reduce((changed, [old, replacement]) => changed.replaceAll(old, replacement), text));
  };

it('reports a user error of a type and a code that it does not know', async () => {
  const fetch = newerServer(['IllegalTransitionError', 'EmbargoError'], ['ILLEGAL_TRANSITION', 'EMBARGO']);
  const positionId = await newFundedPosition(world());
  const { fundPosition } = await world().client({ fetch }).execute(FundPositionDocument, { input: { positionId } });
  const error = await rejectionOf((async () => unwrap(fundPosition))());
  expect(error).toMatchObject({ code: 'EMBARGO', details: { __typename: 'EmbargoError' } });
});

it('reports a member of a result union from which the document selects nothing', async () => {
  type Funded = { readonly fundPosition: { readonly __typename: 'FundPositionPayload' } };
  const document = `mutation ($id: ID!) { fundPosition(input: { positionId: $id }) {
    __typename ... on FundPositionPayload { replayed } } }` as TypedDocument<Funded, { readonly id: string }>;
  const { fundPosition } = await world()
    .client()
    .execute(document, { id: await newFundedPosition(world()) });
  const error = await rejectionOf((async () => unwrap(fundPosition))());
  expect(error).toMatchObject({ code: 'UNKNOWN_RESULT', message: expect.stringContaining('IllegalTransitionError') });
});

it('returns an enum value that it does not know unchanged', async () => {
  const id = await newFundedPosition(world());
  const fetch = newerServer(['"FUNDED"', '"FROZEN"']);
  const { position } = await world().client({ fetch }).execute(PositionDocument, { id });
  expect(position?.state).toBe('FROZEN');
});

it('executes the documents of code generators in their mode "string", with typed results', async () => {
  /** As @graphql-codegen/client-preset writes it. */
  class TypedDocumentString<T, V> extends String implements DocumentTypeDecoration<T, V> {
    declare readonly __apiType?: NonNullable<DocumentTypeDecoration<T, V>['__apiType']>;
  }
  type Data = { readonly position: { readonly state: 'FUNDED' } };
  const document = new TypedDocumentString<Data, { readonly id: string }>(
    'query ($id: ID!) { position(id: $id) { state } }',
  );
  const { position } = await world()
    .client()
    .execute(document, { id: await newFundedPosition(world()) });
  const state: 'FUNDED' = position.state;
  expect(state).toBe('FUNDED');
});

it('reports a response that is not one of GraphQL', async () => {
  const answers = [new Response('<h1>Not here</h1>', { status: 404 }), new Response('[]'), new Response('{"a": 1}')];
  for (const answer of answers) {
    const { fetch, sent } = recordingFetch(() => answer);
    const error = await rejectionOf(world().client({ fetch }).execute(ViewerDocument));
    expect(error).toMatchObject({ code: 'INVALID_RESPONSE', details: { status: answer.status } });
    expect(sent).toHaveLength(1);
  }
});

it('reports wrong calls', async () => {
  const { client } = world();
  const parsed = parse('{ viewer { role } }');
  // @ts-expect-error: a parsed document must be printed first.
  await expect(client().execute(parsed)).rejects.toMatchObject({ code: 'INVALID_USAGE' });
  // @ts-expect-error: the variables are required.
  await expect(client().execute(PositionDocument)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  await expect(client().execute('subscription { a }')).rejects.toMatchObject({ code: 'INVALID_USAGE' });
  expect(() => unwrap(null)).toThrow(expect.objectContaining({ code: 'INVALID_USAGE' }));
});

it('knows the types of each union and interface', () => {
  expect(possibleTypes['UserError']).toContain('StaleVersionError');
  expect(possibleTypes['FundPositionResult']).toContain('FundPositionPayload');
});
