import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorOf, mustBeClean } from '../support/answers.ts';
import { type Deal, fundedPosition, makeDeal, openPosition } from '../support/deal.ts';
import { serve, type TestServer } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import {
  AssetDocument,
  AssetIdsDocument,
  AssetPositionIdsDocument,
  AssetTemplateDocument,
  FormattedAmountDocument,
  InstitutionDocument,
  InstitutionIdsDocument,
  NodeDocument,
  NodesDocument,
  PositionDocument,
  PositionEventIdsDocument,
  PositionIdsDocument,
  PositionTotalsDocument,
  TemplateIdsDocument,
} from './documents/graphql.ts';

const ODD_TEXTS = ['', 'x', '\u0000', 'a\u0000b', '\ud800', '\udc00', "';--", '%', '__proto__', 'a'.repeat(500_000)];
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const FORGED = [
  ...ODD_TEXTS,
  'bm90IGpzb24',
  '====',
  base64(null),
  base64({}),
  base64([]),
  base64(['12345678', 1, 'pos_00000000000000000000000000']),
  base64('a'.repeat(2_000)),
];

onBothStores((open) => {
  let server: TestServer;
  let deal: Deal;
  let position: string;
  beforeAll(async () => {
    server = serve(await open());
    deal = await makeDeal(server);
    position = (await fundedPosition(server, deal)).id;
    await openPosition(server, deal);
  });

  it('unknown and malformed ids return null', async () => {
    const odd = [...ODD_TEXTS, 'pos_00000000000000000000000000', position.toUpperCase(), `${position} `];
    for (const id of [...odd, deal.institution.id, deal.templateId, deal.assetId, position]) {
      const others = [
        [InstitutionDocument, 'inst'],
        [AssetTemplateDocument, 'tmpl'],
        [AssetDocument, 'ast'],
        [PositionDocument, 'pos'],
        [NodeDocument, 'inst tmpl ast pos'],
      ] as const;
      for (const [document, own] of others) {
        if (!odd.includes(id) && own.includes(id.split('_', 1)[0] ?? '')) continue;
        const answer = await server.ask(document, { id });
        mustBeClean(server, answer);
        expect(Object.values(answer.data ?? {})).toEqual([null]);
      }
    }
    const { nodes } = await server.run(NodesDocument, { ids: [...odd.slice(0, 9), position, position] });
    expect(nodes.map((node) => node?.id)).toEqual([...Array.from({ length: 9 }), position, position]);
  });

  it('nodes accepts 100 ids and rejects 101', async () => {
    const ids = Array.from({ length: 100 }, () => position);
    expect((await server.run(NodesDocument, { ids })).nodes).toHaveLength(100);
    const { code, message, answer } = await errorOf(server, NodesDocument, { ids: [...ids, 'x'] });
    expect([code, message]).toEqual(['BAD_USER_INPUT', '`ids` must have at most 100 values; it has 101.']);
    expect(answer.errors?.[0]?.path).toEqual(['nodes']);
    expect((await server.run(NodesDocument, { ids: [] })).nodes).toEqual([]);
  });

  it('texts that no object can have match nothing in filters', async () => {
    for (const text of ODD_TEXTS) {
      const queries: readonly (readonly [TypedDocumentNode<unknown, never>, object])[] = [
        [InstitutionIdsDocument, { name: text }],
        [TemplateIdsDocument, { codes: [text] }],
        [TemplateIdsDocument, { institutionId: text, codes: [text, 'CONSTR_ESCROW'] }],
        [AssetIdsDocument, { label: text }],
        [AssetIdsDocument, { templateIds: [text, '\u0000'] }],
        [PositionIdsDocument, { holderReference: text }],
        [PositionIdsDocument, { externalReference: text }],
        [PositionIdsDocument, { institutionId: text }],
        [PositionIdsDocument, { assetIds: [text], templateIds: [text, 'x'] }],
      ];
      for (const [document, filter] of queries) {
        const answer = await server.ask<{ list: { totalCount: number; nodes: unknown[] } }>(document, { filter });
        mustBeClean(server, answer);
        expect(answer.data?.list).toMatchObject({ totalCount: 0, nodes: [] });
      }
      expect((await server.run(PositionTotalsDocument, { filter: { holderReference: text } })).positionTotals).toEqual(
        [],
      );
    }
  });

  it.each<readonly [string, TypedDocumentNode<unknown, never>, object, RegExp]>([
    ['101 codes', TemplateIdsDocument, { codes: Array(101).fill('x') }, /^`filter.codes` must have at most 100 values/],
    ['101 verticals', TemplateIdsDocument, { verticals: Array(101).fill('CONSTRUCTION') }, /^`filter.verticals`/],
    ['101 regions', InstitutionIdsDocument, { regions: Array(101).fill('US') }, /^`filter.regions`/],
    ['101 templates', AssetIdsDocument, { templateIds: Array(101).fill('x') }, /^`filter.templateIds`/],
    ['101 assets', PositionIdsDocument, { assetIds: Array(101).fill('x') }, /^`filter.assetIds`/],
    ['101 states', PositionIdsDocument, { states: Array(101).fill('CREATED') }, /^`filter.states`/],
    [
      'an unknown currency',
      PositionIdsDocument,
      { currencyCode: 'XXX' },
      /^`filter.currencyCode` must be an ISO 4217 currency code/,
    ],
    ['a currency with NUL', PositionIdsDocument, { currencyCode: 'US\u0000' }, /^`filter.currencyCode` must be/],
    ['an amount below zero', PositionIdsDocument, { amount: { gte: '-1' } }, /^`filter.amount.gte` must be a plain/],
    [
      'an amount of 25 digits',
      PositionIdsDocument,
      { amount: { lt: '1'.repeat(25) } },
      /^`filter.amount.lt` must have at most 24/,
    ],
    [
      'an amount of 5 decimals',
      PositionIdsDocument,
      { amount: { gt: '0.00001' } },
      /^`filter.amount.gt` must have at most 4/,
    ],
  ])('a filter with %s is BAD_USER_INPUT', async (_what, document, filter, sentence) => {
    const { code, message, answer } = await errorOf(server, document, { filter });
    expect([code, message]).toEqual(['BAD_USER_INPUT', expect.stringMatching(sentence)]);
    expect(answer.data).toEqual({ list: null });
  });

  it('a filter accepts 100 values, the largest amounts and the earliest and latest times', async () => {
    const filter = {
      assetIds: [deal.assetId, ...Array.from({ length: 99 }, (_each, index) => `ast_${index}`)],
      amount: { gte: '0', lte: '9'.repeat(24), lt: `${'9'.repeat(24)}.9999` },
      createdAt: { gt: '0001-01-01T00:00:00Z', lt: '9999-12-31T23:59:59.999Z' },
    };
    expect((await server.run(PositionIdsDocument, { filter })).list?.totalCount).toBe(2);
  });

  describe('cursors', () => {
    it('forged cursors are BAD_USER_INPUT and name their argument', async () => {
      for (const argument of ['after', 'before']) {
        for (const cursor of FORGED) {
          const { code, message, answer } = await errorOf(server, PositionIdsDocument, { [argument]: cursor });
          expect([code, message]).toEqual([
            'BAD_USER_INPUT',
            expect.stringMatching(new RegExp(`^\`${argument}\` is not a`)),
          ]);
          expect(answer.data).toEqual({ list: null });
        }
      }
    });

    it('a cursor of the right list with invalid values is rejected', async () => {
      const orderBy = { field: 'AMOUNT', direction: 'ASC' } as const;
      const { list } = await server.run(PositionIdsDocument, { orderBy, first: 1 });
      const [mark, amount, id] = JSON.parse(
        Buffer.from(list?.pageInfo.endCursor ?? '', 'base64url').toString(),
      ) as string[];
      const again = base64([mark, amount, id]);
      expect((await server.run(PositionIdsDocument, { orderBy, after: again })).list?.nodes).toHaveLength(1);
      const huge = '9'.repeat(29);
      const values = [huge, '-1', '1.5', 'x', '', null, 1, 2 ** 53, 1e300, [], {}, true, '1'.repeat(900)];
      const ids = ['', 'x', null, 5, '\u0000', `${id}\u0000`, [], 'ast_0', deal.assetId.slice(0, -1)];
      const forged = [
        ...values.map((value) => [mark, value, id]),
        ...ids.map((value) => [mark, amount, value]),
        [mark],
        [mark, amount],
        [mark, amount, id, id],
      ];
      for (const parts of forged) {
        const { code } = await errorOf(server, PositionIdsDocument, { orderBy, after: base64(parts) });
        expect([parts, code]).toEqual([parts, 'BAD_USER_INPUT']);
      }
    });

    it('a cursor of another list, order or filter is rejected', async () => {
      const newest = (await server.run(PositionIdsDocument, { first: 1 })).list?.pageInfo.endCursor;
      const event = (await server.run(PositionEventIdsDocument, { id: position, first: 1 })).parent?.list?.pageInfo
        .endCursor;
      const asset = (await server.run(AssetIdsDocument, { first: 1 })).list?.pageInfo.endCursor;
      const wrong: readonly (readonly [TypedDocumentNode<unknown, never>, object])[] = [
        [PositionIdsDocument, { after: asset }],
        [PositionIdsDocument, { after: event }],
        [AssetIdsDocument, { after: newest }],
        [PositionEventIdsDocument, { id: position, before: newest }],
        [PositionIdsDocument, { before: newest, orderBy: { field: 'CREATED_AT', direction: 'ASC' } }],
        [PositionIdsDocument, { after: newest, orderBy: { field: 'UPDATED_AT', direction: 'DESC' } }],
        [PositionIdsDocument, { after: newest, filter: { states: ['FUNDED'] } }],
        [PositionIdsDocument, { after: newest, filter: { institutionId: deal.institution.id } }],
        [AssetPositionIdsDocument, { id: deal.assetId, after: newest, filter: { currencyCode: 'USD' } }],
      ];
      for (const [document, variables] of wrong) {
        expect(await errorOf(server, document, variables)).toMatchObject({ code: 'BAD_USER_INPUT' });
      }
      expect((await server.run(PositionIdsDocument, { after: newest ?? '', filter: {} })).list?.nodes).toHaveLength(1);
    });
  });

  it('an unknown locale falls back to en', async () => {
    for (const locale of ['', 'x', 'xx-XX', '\u0000', '\ud800', '__proto__', 'a'.repeat(100_000)]) {
      const answer = await server.ask(FormattedAmountDocument, { id: position, locale });
      mustBeClean(server, answer);
      expect(answer.data).toEqual({ position: { amount: { formatted: '$100.00' } } });
    }
  });
});
