import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../src/domain/json.ts';
import { LIMITS } from '../../src/domain/limits.ts';
import { metadataTerm, metadataTerms } from '../../src/domain/metadataTerms.ts';
import { COUNTS } from '../counts.ts';
import { did, opening, sceneOn, times } from '../support/accounting.ts';
import { errorOf } from '../support/answers.ts';
import { checked } from '../support/random.ts';
import { onBothStores } from '../support/stores.ts';

type Conditions = readonly { readonly path: string; readonly equals: string }[];
const is = (path: string, equals: string): Conditions => [{ path, equals }];

const METADATA = {
  flat: { a: 'x', n: 5, yes: true, none: null },
  text: { a: 'X', n: '5', yes: 'true' },
  nested: { a: { b: 'x', c: { d: 'deep' } }, n: 12.5 },
  dotted: { 'a.b': 'x', '': 'empty', 'x y': 'space', '\u{1f600}': 'smile' },
  lists: { tags: ['p', 'q', ['r']], items: [{ sku: 's1', qty: 2 }, { sku: 's2' }] },
  hostile: { a: "'; drop table positions; --", b: '%', c: '=', 'd=e': 'f', d: 'e=f' },
  empty: {},
} as const satisfies { readonly [name: string]: JsonObject };
type Name = keyof typeof METADATA;

onBothStores((open) => {
  const scene = sceneOn(open);
  const ids: { positions: Record<string, string>; assets: Record<string, string> } = { positions: {}, assets: {} };

  beforeAll(async () => {
    const { server, deal, other } = scene;
    for (const [name, metadata] of Object.entries(METADATA)) {
      server.now += 1;
      const { position } = await did(server, 'createPosition', opening(deal, { metadata }));
      ids.positions[position?.id ?? ''] = name;
      const reply: object = await did(server, 'createAsset', { templateId: deal.templateId, label: name, metadata });
      ids.assets[(reply as { asset: { id: string } }).asset.id] = name;
      await did(server, 'createPosition', opening(other, { metadata }));
    }
  });

  const found = async (list: 'positions' | 'assets', metadata: Conditions, filter: object = {}): Promise<string[]> => {
    const type = list === 'positions' ? 'PositionFilter' : 'AssetFilter';
    const { data, errors } = await scene.server.ask<{
      list: { totalCount: number; nodes: { id: string }[] };
    }>(`query($filter: ${type}) { list: ${list}(first: 100, filter: $filter) { totalCount nodes { id } } }`, {
      filter: { institutionId: scene.deal.institution.id, metadata, ...filter },
    });
    expect(errors).toBeUndefined();
    expect(data?.list.totalCount).toBe(data?.list.nodes.length);
    return (data?.list.nodes ?? []).map(({ id }) => ids[list][id] ?? id).toSorted();
  };

  describe.each(['positions', 'assets'] as const)('the metadata filter of %s', (list) => {
    it.each<readonly [string, Conditions, readonly Name[]]>([
      ['a string', is('a', 'x'), ['flat']],
      ['a string in another case', is('a', 'X'), ['text']],
      ['a part of a string', is('a', ''), []],
      ['a number, and the string of its JSON', is('n', '5'), ['flat', 'text']],
      ['a fraction', is('n', '12.5'), ['nested']],
      ['a number with more digits', is('n', '5.0'), []],
      ['a boolean', is('yes', 'true'), ['flat', 'text']],
      ['null', is('none', 'null'), []],
      ['an object', is('a', '[object Object]'), []],
      ['a path, nested or as a key with a dot', is('a.b', 'x'), ['dotted', 'nested']],
      ['a deeper path', is('a.c.d', 'deep'), ['nested']],
      ['a path beyond a value', is('a.b.x', 'x'), []],
      ['an empty key', is('', 'empty'), ['dotted']],
      ['a key with a space', is('x y', 'space'), ['dotted']],
      ['a key beyond the BMP', is('\u{1f600}', 'smile'), ['dotted']],
      ['an item of a list', is('tags', 'q'), ['lists']],
      ['an item of a list in a list', is('tags', 'r'), ['lists']],
      ['a member of an item', is('items.sku', 's2'), ['lists']],
      ['an index', is('tags.0', 'p'), []],
      ['a quote', is('a', "'; drop table positions; --"), ['hostile']],
      ['a wildcard character', is('b', '%'), ['hostile']],
      ['an equals sign in the value', is('d', 'e=f'), ['hostile']],
      ['an equals sign in the key', is('d=e', 'f'), ['hostile']],
      ['NUL', is('a', '\0'), []],
      ['an unpaired surrogate', is('a', '\ud800'), []],
      ['__proto__', is('__proto__', 'x'), []],
      ['two values of one object', [...is('a', 'x'), ...is('n', '5')], ['flat']],
      ['two values of two objects', [...is('a', 'x'), ...is('n', '12.5')], []],
      ['two items of one list', [...is('tags', 'p'), ...is('tags', 'q')], ['lists']],
      ['a repeated condition', [...is('a', 'x'), ...is('a', 'x')], ['flat']],
      ['no condition', [], Object.keys(METADATA) as Name[]],
    ])('the metadata filter returns exactly the matching objects for %s', async (_what, conditions, names) => {
      const own = list === 'assets' && conditions.length === 0 ? [...names, scene.deal.assetId] : names;
      expect(await found(list, conditions)).toEqual([...own].toSorted());
    });

    it('the metadata filter is combined with other filters by AND', async () => {
      const filter = list === 'positions' ? { states: ['FUNDED'] } : { label: 'text' };
      expect(await found(list, is('n', '5'), filter)).toEqual(list === 'positions' ? [] : ['text']);
    });

    it('the metadata filter has at most 10 conditions', async () => {
      const { code, message } = await errorOf(
        scene.server,
        `query($of: [MetadataCondition!]) { ${list}(filter: { metadata: $of }) { totalCount } }`,
        { of: times(11, () => is('a', 'x')[0]) },
      );
      expect([code, message]).toEqual(['BAD_USER_INPUT', '`filter.metadata` must have at most 10 values; it has 11.']);
    });
  });

  it('the metadata filter finds nothing of another institution', async () => {
    scene.server.viewer = { role: 'READ_ONLY', institutionId: scene.deal.institution.id };
    expect(await found('positions', is('a', 'x'))).toEqual(['flat']);
    expect(await found('positions', is('a', 'x'), { institutionId: scene.other.institution.id })).toEqual([]);
    scene.server.viewer = { role: 'ROOT' };
  });

  it('the metadata filter applies to positionTotals, of all positions and of an asset', async () => {
    const document = `query($filter: PositionFilter, $asset: ID!) {
      positionTotals(filter: $filter) { count } asset(id: $asset) { positionTotals(filter: $filter) { count } } }`;
    const { data } = await scene.server.ask(document, {
      filter: { metadata: is('n', '5') },
      asset: scene.deal.assetId,
    });
    expect(data).toEqual({ positionTotals: [{ count: 4 }], asset: { positionTotals: [{ count: 2 }] } });
  });

  it('the metadata filter reflects updatePosition and updateAsset, and moves do not affect it', async () => {
    const { server, deal } = scene;
    const { position } = await did(server, 'createPosition', opening(deal, { metadata: { step: '1', keep: 'k' } }));
    const positionId = position?.id ?? '';
    await did(server, 'updatePosition', { positionId, metadata: { step: '2', keep: 'k' } });
    await did(server, 'fundPosition', { positionId });
    expect(await found('positions', is('step', '1'))).toEqual([]);
    expect(await found('positions', [...is('step', '2'), ...is('keep', 'k')])).toEqual([positionId]);
    await did(server, 'updatePosition', { positionId, metadata: {} });
    expect(await found('positions', is('keep', 'k'))).toEqual([]);
    await did(server, 'updateAsset', { assetId: deal.assetId, metadata: { step: '3' } });
    expect(await found('assets', is('step', '3'))).toEqual([deal.assetId]);
    await did(server, 'updateAsset', { assetId: deal.assetId, metadata: {} });
    expect(await found('assets', is('step', '3'))).toEqual([]);
  });

  it(`the metadata filter finds the first ${LIMITS.metadataTerms} values of an object, and no later one`, async () => {
    const { server, deal } = scene;
    const metadata = Object.fromEntries(times(LIMITS.metadataTerms + 1, (index) => [`k${index}`, 'many']));
    await did(server, 'createPosition', opening(deal, { metadata }));
    expect(await found('positions', is(`k${LIMITS.metadataTerms - 1}`, 'many'))).toHaveLength(1);
    expect(await found('positions', is(`k${LIMITS.metadataTerms}`, 'many'))).toEqual([]);
  });

  it('positions that match a metadata filter are paged in order', async () => {
    const { server, deal } = scene;
    const created: string[] = [];
    for (const _one of times(7, () => 0)) {
      server.now += 1;
      const { position } = await did(server, 'createPosition', opening(deal, { metadata: { page: 'yes' } }));
      created.push(position?.id ?? '');
    }
    const seen: string[] = [];
    for (let after: string | null = null, more = true; more; ) {
      const document = `query($after: String) { positions(first: 3, after: $after, filter: { metadata: [{ path: "page", equals: "yes" }] }) {
        nodes { id } pageInfo { hasNextPage endCursor } } }`;
      type Data = { positions: { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } };
      const { data }: { data?: Data | null } = await server.ask<Data>(document, { after });
      seen.push(...(data?.positions.nodes.map(({ id }) => id) ?? []));
      after = data?.positions.pageInfo.endCursor ?? null;
      more = data?.positions.pageInfo.hasNextPage ?? false;
    }
    expect(seen).toEqual(created.toReversed());
  });
});

it('every scalar of a random object is found at its path, and nothing else is a term', () =>
  checked(
    COUNTS.jsonCases,
    fc.property(fc.dictionary(fc.string({ minLength: 1, maxLength: 3 }), fc.jsonValue({ maxDepth: 3 })), (metadata) => {
      const expected = new Set(leavesOf(metadata as JsonObject, []).slice(0, LIMITS.metadataTerms));
      expect(new Set(metadataTerms(metadata as JsonObject))).toEqual(expected);
    }),
  ));

/** Computes the terms of a value independently. */
function leavesOf(value: JsonValue, keys: readonly string[]): readonly string[] {
  if (value === null) return [];
  if (Array.isArray(value)) return (value as readonly JsonValue[]).flatMap((item) => leavesOf(item, keys));
  if (typeof value === 'object')
    return Object.keys(value).flatMap((key) => leavesOf((value as JsonObject)[key] ?? null, [...keys, key]));
  return [metadataTerm(keys.join('.'), String(typeof value === 'number' ? JSON.stringify(value) : value))];
}
