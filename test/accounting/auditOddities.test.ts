import { describe, expect, it } from 'vitest';
import { createStoredLedger } from '../../src/commands/ledger.ts';
import { createIds } from '../../src/ids.ts';
import { countsOf, did, grownBy, LONG_LISTS, opening, sceneOn, trailOf } from '../support/accounting.ts';
import { openPosition } from '../support/deal.ts';
import { serve } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };
/** Returns metadata with the given levels of nesting. */
const deep = (levels: number): object => (levels === 1 ? {} : { a: deep(levels - 1) });
const omitted = { omitted: expect.any(String) as string };

onBothStores((open) => {
  const scene = sceneOn(open, LONG_LISTS);

  describe('an attempt with values that cannot be stored', () => {
    const cases: readonly (readonly [string, 'createAsset' | 'createPosition' | 'setPolicy', object, object])[] = [
      ['a text of 900 KB', 'createAsset', { label: 'a'.repeat(900_000) }, { label: { omitted: '900000 characters' } }],
      [
        'NUL',
        'createAsset',
        { label: 'a\u0000' },
        { label: { omitted: expect.stringContaining('control') as string } },
      ],
      ['an unpaired surrogate', 'createAsset', { label: '\ud800' }, { label: omitted }],
      ['metadata 11 deep', 'createAsset', { label: 'a', metadata: deep(11) }, { label: 'a', metadata: omitted }],
      [
        'metadata of 500 KB',
        'createAsset',
        { label: 'a', metadata: { a: 'a'.repeat(500_000) } },
        { metadata: omitted },
      ],
      [
        'an idempotency key with NUL',
        'createAsset',
        { label: 'a', idempotencyKey: '\u0000' },
        { idempotencyKey: omitted },
      ],
      ['an id with NUL', 'createAsset', { label: 'a', templateId: '\u0000' }, { templateId: omitted }],
      [
        '10,000 limits',
        'setPolicy',
        { region: 'US', limits: Array.from({ length: 10_000 }, () => ({ currencyCode: 'USD' })) },
        {},
      ],
      [
        'NUL in an amount',
        'createPosition',
        { amount: { amount: '\u0000', currencyCode: 'USD' } },
        { amount: omitted },
      ],
    ];
    it.each(cases)(
      'an attempt with values that cannot be stored writes an audit event without them: %s',
      async (_what, mutation, patch, payload) => {
        const { server, store } = scene;
        const { templateId, institution } = scene.deal;
        const base = {
          createAsset: { templateId },
          createPosition: opening(scene.deal),
          setPolicy: { institutionId: institution.id },
        };
        const document = `mutation ($input: ${mutation.replace(/^./, (letter) => letter.toUpperCase())}Input!) { ${mutation}(input: $input) { __typename } }`;
        let requestId: string | null | undefined;
        const grown = await grownBy(store, async () => {
          const answer = await server.ask(document, { input: { ...base[mutation], ...patch } });
          expect(answer.errors).toBeUndefined();
          ({ requestId } = answer);
        });
        expect(grown).toEqual({ auditEvents: 1 });
        const [event] = await trailOf(server, { requestId: requestId ?? '' });
        expect(event).toMatchObject({ outcome: 'FAILURE', payload });
        expect(JSON.stringify(event?.payload).length).toBeLessThan(66_000);
      },
    );
  });

  it('an attempt with metadata as deep as a request allows writes an audit event', async () => {
    const { server, store, deal } = scene;
    const metadata = `${'{"a":'.repeat(4_900)}{}${'}'.repeat(4_900)}`;
    const query = 'mutation ($input: CreateAssetInput!) { createAsset(input: $input) { __typename } }';
    const body = `{"query":"${query}","variables":{"input":{"templateId":"${deal.templateId}","label":"a","metadata":${metadata}}}}`;
    const request = new Request('http://localhost/graphql', { method: 'POST', headers: JSON_HEADERS, body });
    const grown = await grownBy(store, async () => {
      const response = await server.app.fetch(request);
      expect(await response.json()).toEqual({ data: { createAsset: { __typename: 'ValidationError' } } });
    });
    expect(grown).toEqual({ auditEvents: 1 });
  });

  it.each<readonly [string, RequestInit & { readonly query?: string }]>([
    ['invalid JSON', { body: '{' }],
    ['a document that does not parse', { body: '{"query":"mutation {"}' }],
    ['an unknown mutation', { body: '{"query":"mutation { dropEverything { __typename } }"}' }],
    [
      'an input of the wrong type',
      { body: '{"query":"mutation { createAsset(input: { label: 1 }) { __typename } }"}' },
    ],
    [
      'variables of the wrong type',
      {
        body: '{"query":"mutation ($i: CreateAssetInput!) { createAsset(input: $i) { __typename } }","variables":{"i":{}}}',
      },
    ],
    ['a query', { body: '{"query":"{ auditEvents { nodes { id } } ledgerEvents { nodes { id } } }"}' }],
    ['a query that fails', { body: '{"query":"{ auditEvents(first: 101) { nodes { id } } }"}' }],
  ])('a request with %s runs no mutation and writes no audit event', async (_what, init) => {
    const { server, store } = scene;
    const grown = await grownBy(store, () =>
      server.app.fetch(new Request('http://localhost/graphql', { method: 'POST', headers: JSON_HEADERS, ...init })),
    );
    expect(grown).toEqual({});
  });

  it('predecessor mistake 4: position, ledger and audit were committed separately; now nothing is stored when the ledger fails', async () => {
    const { store, deal } = scene;
    const down = (): never => {
      throw new Error('the ledger is down');
    };
    const kept = createStoredLedger(createIds(Date.now));
    const position = await openPosition(scene.server, deal);
    const broken = serve(store, {
      ledger: { entryOf: (event) => (event.fromState === null ? kept.entryOf(event) : down()) },
    });
    const mute = serve(store, { ledger: { entryOf: down } });
    const before = await countsOf(store);
    for (const [server, document, input] of [
      [broken, 'fundPosition(input: $input)', { positionId: position.id, idempotencyKey: 'k' }],
      [mute, 'createPosition(input: $input)', opening(deal, { idempotencyKey: 'k' })],
      [
        broken,
        'applyPositions(input: $input)',
        { operations: [{ transition: { positionId: position.id, toState: 'FUNDED' } }] },
      ],
    ] as const) {
      const type = `${document.split('(')[0]?.replace(/^./, (letter) => letter.toUpperCase())}Input!`;
      const answer = await server.ask(`mutation ($input: ${type}) { ${document} { __typename } }`, { input });
      expect(answer.errors?.map(({ extensions }) => extensions?.code)).toEqual(['INTERNAL_SERVER_ERROR']);
      expect(answer.text).not.toContain('ledger is down');
      expect(server.faults).toHaveLength(server === broken && document.startsWith('apply') ? 2 : 1);
      expect(await countsOf(store)).toEqual(before);
    }
    const { position: funded } = await did(scene.server, 'fundPosition', {
      positionId: position.id,
      idempotencyKey: 'k',
    });
    expect([funded?.state, funded?.version]).toEqual(['FUNDED', 2]);
  });
});
