import { beforeAll, describe, expect, it } from 'vitest';
import { did, opening, sceneOn } from '../support/accounting.ts';
import { errorOf } from '../support/answers.ts';
import { makeDeal } from '../support/deal.ts';
import type { Answer } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

/** External references in the order of their code points. */
const REFERENCES = [
  'A',
  'A-1',
  'A-10',
  'A-2',
  'a',
  'a\u{10ffff}',
  'a\u{10ffff}b',
  'é',
  '\ud7ffx',
  '\ue000',
  '\u{1f600}',
  '\u{10ffff}',
];

onBothStores((open) => {
  const scene = sceneOn(open);
  let institutionId: string;

  beforeAll(async () => {
    const deal = await makeDeal(scene.server);
    institutionId = deal.institution.id;
    for (const [index, externalReference] of [...REFERENCES, null].entries()) {
      scene.server.now += 1;
      const patch = { externalReference, holderReference: `holder ${index % 3}` };
      await did(scene.server, 'createPosition', opening(deal, patch));
    }
    for (const label of ['Pier 9', 'Pier 10', 'pier 9', 'Quay', 'Pier 9', '\u{1f600}']) {
      scene.server.now += 1;
      await did(scene.server, 'createAsset', { templateId: deal.templateId, label });
    }
    await did(scene.server, 'updateAssetTemplate', { templateId: deal.templateId, name: 'Zeta' });
    scene.server.now += 1;
    for (const name of ['Alpha', 'Alpine', 'beta']) {
      const config = { currency: 'USD', region: 'US' };
      const input = { institutionId, code: 'CONSTR_ESCROW', name, vertical: 'CONSTRUCTION', region: 'US', config };
      await did(scene.server, 'createAssetTemplate', input);
    }
  });

  const list = async (name: string, type: string, shown: string, filter: object, orderBy?: object) => {
    const { data, errors } = await scene.server.ask<Record<string, { nodes: Record<string, string | null>[] }>>(
      `query($filter: ${type}Filter, $orderBy: ${type}Order) { ${name}(first: 100, filter: $filter, orderBy: $orderBy) {
        totalCount nodes { ${shown} } } }`,
      { filter, ...(orderBy && { orderBy }) },
    );
    expect(errors).toBeUndefined();
    return data?.[name]?.nodes.map((node) => node[shown]);
  };
  const references = async (filter: object): Promise<readonly (string | null | undefined)[]> =>
    ((await list('positions', 'Position', 'externalReference', { institutionId, ...filter })) ?? []).toReversed();

  describe('the filter referenceStartsWith', () => {
    it.each([
      ['A', ['A', 'A-1', 'A-10', 'A-2']],
      ['A-1', ['A-1', 'A-10']],
      ['A-10', ['A-10']],
      ['A-100', []],
      ['B', []],
      ['a', ['a', 'a\u{10ffff}', 'a\u{10ffff}b']],
      ['a\u{10ffff}', ['a\u{10ffff}', 'a\u{10ffff}b']],
      ['\ud7ff', ['\ud7ffx']],
      ['\ue000', ['\ue000']],
      ['\u{1f600}', ['\u{1f600}']],
      ['\u{10ffff}', ['\u{10ffff}']],
      ['\u{10ffff}\u{10ffff}', []],
      ['', REFERENCES],
      ['%', []],
      ['_', []],
      ['A\0', []],
      ['\ud83d', []],
      ['x'.repeat(5_000), []],
    ])('referenceStartsWith %j finds the references that begin with it', async (prefix, found) => {
      expect(await references({ referenceStartsWith: prefix })).toEqual(found);
    });

    it('referenceStartsWith is combined with externalReference by AND', async () => {
      expect(await references({ referenceStartsWith: 'A', externalReference: 'A-1' })).toEqual(['A-1']);
      expect(await references({ referenceStartsWith: 'A-1', externalReference: 'A' })).toEqual([]);
      expect(await references({ referenceStartsWith: null, externalReference: 'A' })).toEqual(['A']);
    });
  });

  describe('the filter holderReferences', () => {
    it.each([
      [['holder 0', 'holder 1'], 9],
      [['holder 2'], 4],
      [['holder 2', 'holder 2', 'nobody'], 4],
      [[], 0],
      [['nobody', '\0'], 0],
    ])('holderReferences %j finds %i positions', async (holderReferences, count) => {
      expect(await references({ holderReferences })).toHaveLength(count);
    });

    it('holderReferences is combined with holderReference by AND', async () => {
      expect(
        await references({ holderReferences: ['holder 0', 'holder 1'], holderReference: 'holder 1' }),
      ).toHaveLength(4);
      expect(await references({ holderReferences: ['holder 0'], holderReference: 'holder 1' })).toEqual([]);
    });

    it('holderReferences has at most 100 values', async () => {
      const { code, message } = await errorOf(
        scene.server,
        'query($of: [String!]) { positions(filter: { holderReferences: $of }) { totalCount } }',
        { of: Array.from({ length: 101 }, (_one, index) => `h${index}`) },
      );
      expect([code, message]).toEqual([
        'BAD_USER_INPUT',
        '`filter.holderReferences` must have at most 100 values; it has 101.',
      ]);
    });
  });

  const ASC = (field: string) => ({ field, direction: 'ASC' });
  const DESC = (field: string) => ({ field, direction: 'DESC' });

  it('assets are filtered by labelStartsWith and ordered by label', async () => {
    const labels = (filter: object, orderBy?: object) =>
      list('assets', 'Asset', 'label', { institutionId, ...filter }, orderBy);
    const byLabel = ['Pier 10', 'Pier 9', 'Pier 9', 'Pier 9', 'Quay', 'pier 9', '\u{1f600}'];
    expect(await labels({}, ASC('LABEL'))).toEqual(byLabel);
    expect(await labels({}, DESC('LABEL'))).toEqual(byLabel.toReversed());
    expect(await labels({ labelStartsWith: 'Pier' }, ASC('LABEL'))).toEqual(byLabel.slice(0, 4));
    expect(await labels({ labelStartsWith: 'Pier 9' })).toEqual(['Pier 9', 'Pier 9', 'Pier 9']);
    expect(await labels({ labelStartsWith: 'Pier', label: 'Pier 10' })).toEqual(['Pier 10']);
    expect(await labels({ labelStartsWith: 'Quay', label: 'Pier 10' })).toEqual([]);
    expect(await labels({}, ASC('CREATED_AT'))).toEqual((await labels({}))?.toReversed());
  });

  it('asset templates are filtered by nameStartsWith and ordered by name', async () => {
    const names = (filter: object, orderBy?: object) =>
      list('assetTemplates', 'AssetTemplate', 'name', { institutionId, ...filter }, orderBy);
    expect(await names({}, ASC('NAME'))).toEqual(['Alpha', 'Alpine', 'Zeta', 'beta']);
    expect(await names({}, DESC('NAME'))).toEqual(['beta', 'Zeta', 'Alpine', 'Alpha']);
    expect(await names({ nameStartsWith: 'Alp' }, ASC('NAME'))).toEqual(['Alpha', 'Alpine']);
    expect(await names({ nameStartsWith: 'alp' })).toEqual([]);
    expect((await names({}, ASC('UPDATED_AT')))?.[0]).toBe('Zeta');
    expect((await names({}, ASC('CREATED_AT')))?.[0]).toBe('Zeta');
  });

  it('institutions are filtered by nameStartsWith and ordered by name', async () => {
    const { server } = scene;
    for (const name of ['Bank x', 'Bank X', 'Bank y'])
      await did(server, 'createInstitution', { name, regions: ['US'] });
    const names = (filter: object, orderBy?: object) => list('institutions', 'Institution', 'name', filter, orderBy);
    expect(await names({ nameStartsWith: 'Bank ' }, ASC('NAME'))).toEqual(['Bank X', 'Bank x', 'Bank y']);
    expect(await names({ nameStartsWith: 'Bank ', name: 'Bank y' })).toEqual(['Bank y']);
    server.now += 1;
    await did(server, 'updateInstitution', { institutionId, name: 'Bank z' });
    expect((await names({}, DESC('UPDATED_AT')))?.[0]).toBe('Bank z');
    expect((await names({}, DESC('CREATED_AT')))?.[0]).not.toBe('Bank z');
  });

  it.each([
    ['assets', 'Asset', 'LABEL'],
    ['assetTemplates', 'AssetTemplate', 'NAME'],
    ['institutions', 'Institution', 'NAME'],
  ])('%s are read page by page in every order, forward and backward', async (name, type, text) => {
    for (const field of ['CREATED_AT', 'UPDATED_AT', text]) {
      const all = await list(name, type, 'id', {}, ASC(field));
      for (const [size, cursor, end] of [
        ['first', 'after', 'endCursor'],
        ['last', 'before', 'startCursor'],
      ] as const) {
        const seen: string[] = [];
        for (let at: string | null = null, more = true; more; ) {
          const document = `query($at: String) { ${name}(${size}: 2, ${cursor}: $at, orderBy: { field: ${field}, direction: ASC }) {
            nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
          const answer: Answer<Record<string, Page>> = await scene.server.ask(document, { at });
          const pages = answer.data as Record<string, Page>;
          const { nodes, pageInfo }: Page = pages[name] as Page;
          const ids = nodes.map(({ id }) => id);
          if (size === 'first') seen.push(...ids);
          else seen.unshift(...ids);
          at = pageInfo[end];
          more = size === 'first' ? pageInfo.hasNextPage : pageInfo.hasPreviousPage;
        }
        expect([field, size, seen]).toEqual([field, size, all]);
      }
    }
  });

  it('a cursor of one order is rejected in another', async () => {
    const page = (orderBy: string, after: string) =>
      `{ assets(first: 1, orderBy: ${orderBy} ${after}) { pageInfo { endCursor } } }`;
    const { data } = await scene.server.ask<{ assets: { pageInfo: { endCursor: string } } }>(
      page('{ field: LABEL, direction: ASC }', ''),
    );
    const after = `, after: "${data?.assets.pageInfo.endCursor}"`;
    for (const order of ['{ field: LABEL, direction: DESC }', '{ field: UPDATED_AT, direction: ASC }']) {
      expect((await errorOf(scene.server, page(order, after))).code).toBe('BAD_USER_INPUT');
    }
  });
});

interface Page {
  readonly nodes: readonly { readonly id: string }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}
