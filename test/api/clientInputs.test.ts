import { beforeAll, describe, expect, it } from 'vitest';
import { type Deal, makeDeal } from '../support/deal.ts';
import { type Answer, serve, type TestServer } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

/** Requests of real clients that once caused an internal error or changed data. */
onBothStores((open) => {
  let server: TestServer;
  let deal: Deal;
  beforeAll(async () => {
    server = serve(await open());
    deal = await makeDeal(server);
  });

  /** Sends a request with the given text as its body. */
  const send = async (body: string): Promise<{ data?: Record<string, unknown>; errors?: unknown }> => {
    const headers = { 'content-type': 'application/json' };
    const response = await server.app.fetch(new Request('http://localhost/graphql', { method: 'POST', headers, body }));
    return (await response.json()) as { data?: Record<string, unknown> };
  };

  describe('null for a variable where the schema has a default', () => {
    const position = 'positions(first: 1) { nodes { amount { formatted(locale: $l) } } }';
    it.each([
      ['b', 'query ($b: Boolean) { chatSessions(filter: {includeDeleted: $b}) { totalCount } }'],
      [
        'b',
        'query ($b: Boolean) { ...f } fragment f on Query { chatSessions(filter: {includeDeleted: $b}) { totalCount } }',
      ],
      ['b', 'query ($b: Boolean = null) { chatSessions(filter: {includeDeleted: $b}) { totalCount } }'],
      ['l', `query ($l: String) { ${position} }`],
      ['a', 'mutation ($a: Boolean) { applyPositions(input: {atomic: $a, operations: []}) { __typename } }'],
      ['a', 'mutation ($a: Boolean) { applyPositions(input: {dryRun: $a, operations: []}) { __typename } }'],
      ['b', 'query ($b: Boolean = true) { viewer { role @include(if: $b) } }'],
    ])('null for the variable $%s is BAD_USER_INPUT and the message names it: %s', async (name, query) => {
      const { errors, data } = await server.ask(query, { [name]: null });
      expect(errors).toMatchObject([
        {
          message: expect.stringContaining(`"$${name}"`) as unknown,
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ]);
      expect(data).toBeUndefined();
      expect(server.faults).toEqual([]);
    });

    it('null is accepted where null is allowed, and an omitted variable uses the default', async () => {
      const query =
        'query ($b: Boolean, $i: ID) { chatSessions(filter: {includeDeleted: $b, institutionId: $i}) { totalCount } }';
      expect((await server.ask(query, { i: null })).errors).toBeUndefined();
    });
  });

  it.each([
    'subscription { positionChanged @skip(if: true) { kind } }',
    'subscription ($x: Boolean!) { positionChanged @include(if: $x) { kind } }',
    'subscription { ... @skip(if: true) { positionChanged { kind } } }',
    'subscription { ...f } fragment f on Subscription { positionChanged @skip(if: false) { kind } }',
    'subscription { ...f @include(if: true) } fragment f on Subscription { positionChanged { kind } }',
  ])('@skip and @include at the root of a subscription fail validation: %s', async (query) => {
    const { errors } = await server.ask(query, { x: true });
    expect(errors).toMatchObject([
      {
        message: expect.stringContaining('@skip or @include') as unknown,
        extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
      },
    ]);
    expect(server.faults).toEqual([]);
  });

  it.each([{ c: null }, {}])(
    'variables %j for a field of a oneOf input are rejected by name before anything is written',
    async (variables) => {
      const count = async () =>
        (await server.ask<{ assets: { totalCount: number } }>('{ assets { totalCount } }')).data?.assets.totalCount;
      const before = await count();
      const document = `mutation ($c: CreatePositionInput, $t: ID!) {
      one: createAsset(input: {templateId: $t, label: "A"}) { __typename }
      two: applyPositions(input: {operations: [{create: $c}]}) { __typename } }`;
      const { data, errors } = await server.ask(document, { ...variables, t: deal.templateId });
      expect(data ?? undefined).toBeUndefined();
      expect(errors).toMatchObject([
        { message: expect.stringContaining('"$c"') as unknown, extensions: { code: 'BAD_USER_INPUT' } },
      ]);
      expect(await count()).toBe(before);
      expect(server.faults).toEqual([]);
    },
  );

  describe('metadata', () => {
    const CREATE = `mutation ($template: ID!, $p: ChatPriority, $t: DateTime, $n: Int, $j: JSONObject = {d: 1}, $l: [ChatPriority!]) {
      createAsset(input: {templateId: $template, label: "A", metadata: {p: $p, nested: [{t: $t, n: $n}], j: $j, l: $l}}) {
        ... on CreateAssetPayload { asset { metadata } } ... on UserError { message } } }`;
    const metadataOf = (data: unknown) =>
      (data as { createAsset: { asset?: { metadata: unknown }; message?: string } }).createAsset;

    it('metadata receives a variable within a literal as the client sent it', async () => {
      const variables = { template: deal.templateId, p: 'URGENT', t: '2026-01-01T01:00:00+01:00', n: 7, l: ['LOW'] };
      const { data, errors } = await server.ask(CREATE, { ...variables, j: { a: [null, true, 1.5, 'x'] } });
      expect(errors).toBeUndefined();
      expect(metadataOf(data).asset?.metadata).toEqual({
        p: 'URGENT',
        nested: [{ t: '2026-01-01T01:00:00+01:00', n: 7 }],
        j: { a: [null, true, 1.5, 'x'] },
        l: ['LOW'],
      });
      const left = await server.ask(CREATE, { template: deal.templateId });
      expect(metadataOf(left.data).asset?.metadata).toEqual({
        p: null,
        nested: [{ t: null, n: null }],
        j: { d: 1 },
        l: null,
      });
    });

    const WHOLE = `mutation ($template: ID!, $m: JSONObject!) { createAsset(input: {templateId: $template, label: "A", metadata: $m}) {
      ... on CreateAssetPayload { asset { metadata } } ... on ValidationError { message issues { path } } } }`;
    it.each(['9007199254740993', '-9007199254740992', '0.1000000000000000055', '1e400', '123456789012345678901'])(
      'metadata with the number %s is rejected instead of rounded',
      async (number) => {
        const variables = `{"template": "${deal.templateId}", "m": {"text": "\\"1e400 \\\\", "n": [${number}]}}`;
        const { data } = await send(`{"query": ${JSON.stringify(WHOLE)}, "variables": ${variables}}`);
        expect(data?.['createAsset']).toMatchObject({ issues: [{ path: ['metadata'] }] });
        const literal = await server.ask(WHOLE.replace('$m}', `{n: [${number}]}}`).replace(', $m: JSONObject!', ''), {
          template: deal.templateId,
        });
        expect(literal.data?.['createAsset']).toMatchObject({ issues: [{ path: ['metadata'] }] });
      },
    );

    it('metadata keeps numbers that a float represents exactly, and strings that look like other numbers', async () => {
      const metadata = { n: [0.1, 1e21, -1.5, 9007199254740991, 0], text: '9007199254740993 "1e400" \\' };
      const variables = JSON.stringify({ template: deal.templateId, m: metadata });
      const { data } = await send(`{"query": ${JSON.stringify(WHOLE)}, "variables": ${variables}}`);
      expect(metadataOf(data).asset?.metadata).toEqual(metadata);
    });
  });

  it('time bounds finer than a millisecond keep their meaning', async () => {
    const ms = 500;
    server.now = Date.parse(`2026-06-01T00:00:00.${ms}Z`);
    await server.ask(`mutation ($t: ID!) { createAsset(input: {templateId: $t, label: "at 500 ms"}) { __typename } }`, {
      t: deal.templateId,
    });
    const count = async (bounds: string): Promise<unknown> => {
      const query = `{ assets(filter: {createdAt: {gte: "2026-06-01T00:00:00Z", ${bounds}}}) { totalCount } }`;
      return (await server.ask<{ assets: { totalCount: number } }>(query)).data?.assets.totalCount;
    };
    const at = (fraction: string) => `"2026-06-01T00:00:00.${fraction}Z"`;
    expect(await count(`lt: ${at('500')}`)).toBe(0);
    expect(await count(`lt: ${at('5001')}`)).toBe(1);
    expect(await count(`lt: ${at('500000001')}`)).toBe(1);
    expect(await count(`lte: ${at('4999')}`)).toBe(0);
    expect(await count(`lte: ${at('5009')}`)).toBe(1);
    expect(await count(`gt: ${at('4999')}`)).toBe(1);
    expect(await count(`gt: ${at('5001')}`)).toBe(0);
    expect(await count(`lt: ${at('501')}, gt: ${at('4990')}`)).toBe(1);
    const sub = `{ assets(filter: {createdAt: {gte: ${at('5001')}}}) { totalCount } }`;
    expect((await server.ask(sub)).data).toEqual({ assets: { totalCount: 0 } });
  });

  it('every returned cursor is accepted, also for a title of 200 emoji', async () => {
    const CREATE = 'mutation ($i: CreateChatSessionInput!) { createChatSession(input: $i) { __typename } }';
    for (const title of ['😀'.repeat(200), '"'.repeat(200), '\\'.repeat(199), '東'.repeat(200)]) {
      const input = { institutionId: deal.institution.id, ownerReference: 'o', title };
      expect((await server.ask(CREATE, { i: input })).data).toMatchObject({
        createChatSession: { __typename: 'CreateChatSessionPayload' },
      });
    }
    const page = `query ($after: String) { chatSessions(first: 1, after: $after, orderBy: {field: TITLE, direction: ASC}) {
      nodes { title } pageInfo { endCursor hasNextPage } } }`;
    type Sessions = {
      chatSessions: {
        nodes: readonly { title: string }[];
        pageInfo: { endCursor: string; hasNextPage: boolean };
      };
    };
    const titles = new Set<string>();
    for (let after: string | null | undefined = null; after !== undefined; ) {
      const answer: Answer<Sessions> = await server.ask<Sessions>(page, { after });
      expect(answer.errors).toBeUndefined();
      const sessions: Sessions['chatSessions'] | undefined = answer.data?.chatSessions;
      for (const { title } of sessions?.nodes ?? []) titles.add(title);
      after = sessions?.pageInfo.hasNextPage ? sessions.pageInfo.endCursor : undefined;
    }
    expect(titles.size).toBe(4);
  });
});
