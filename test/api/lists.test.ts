import { beforeAll, describe, expect, it } from 'vitest';
import { mustBeClean } from '../support/answers.ts';
import { type Deal, done, makeDeal, openPosition } from '../support/deal.ts';
import { idsOf, type ListDocument, pageIn, pageOf, walk } from '../support/lists.ts';
import { START, serve, type TestServer } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import {
  AssetIdsDocument,
  AssetPositionIdsDocument,
  CreateAssetDocument,
  FundPositionDocument,
  InstitutionAssetIdsDocument,
  InstitutionIdsDocument,
  InstitutionPositionIdsDocument,
  InstitutionTemplateIdsDocument,
  PositionEventIdsDocument,
  PositionIdsDocument,
  ReleasePositionDocument,
  TemplateAssetIdsDocument,
  TemplateIdsDocument,
} from './documents/graphql.ts';

const NOT_A_CURSOR =
  '`after` is not a cursor of this list. Send a cursor that the list returned with the same parent, filter and order.';

const ROWS = 23;

interface World {
  readonly deal: Deal;
  readonly position: string;
  /** The ids of each type in order of creation. */
  readonly institutions: readonly string[];
  readonly templates: readonly string[];
  readonly assets: readonly string[];
  readonly positions: readonly string[];
}

/** Every list, the id of its parent, and its ids in order. */
const LISTS: readonly (readonly [
  name: string,
  document: ListDocument,
  parent: (world: World) => string | undefined,
  ids: (world: World) => readonly string[],
])[] = [
  ['institutions', InstitutionIdsDocument, () => undefined, ({ institutions }) => institutions.toReversed()],
  ['assetTemplates', TemplateIdsDocument, () => undefined, ({ templates }) => templates.toReversed()],
  ['assets', AssetIdsDocument, () => undefined, ({ assets }) => assets.toReversed()],
  ['positions', PositionIdsDocument, () => undefined, ({ positions }) => positions.toReversed()],
  [
    'Institution.assetTemplates',
    InstitutionTemplateIdsDocument,
    ({ deal }) => deal.institution.id,
    ({ templates }) => templates.slice(0, 1),
  ],
  [
    'Institution.assets',
    InstitutionAssetIdsDocument,
    ({ deal }) => deal.institution.id,
    ({ assets }) => assets.slice(0, -ROWS + 1).toReversed(),
  ],
  [
    'Institution.positions',
    InstitutionPositionIdsDocument,
    ({ deal }) => deal.institution.id,
    ({ positions }) => positions.toReversed(),
  ],
  [
    'AssetTemplate.assets',
    TemplateAssetIdsDocument,
    ({ deal }) => deal.templateId,
    ({ assets }) => assets.slice(0, -ROWS + 1).toReversed(),
  ],
  ['Asset.positions', AssetPositionIdsDocument, ({ deal }) => deal.assetId, ({ positions }) => positions.toReversed()],
];

onBothStores((open) => {
  let server: TestServer;
  let world: World;
  beforeAll(async () => {
    server = serve(await open());
    const first = await makeDeal(server);
    const assets = [first.assetId];
    for (let index = 1; index < ROWS; index += 1) {
      // Three objects share each creation time, so that ids decide between them.
      server.now = START + Math.floor(index / 3);
      const { createAsset } = await server.run(CreateAssetDocument, {
        input: { templateId: first.templateId, label: `Pier ${index}` },
      });
      assets.push(done(createAsset, 'CreateAssetPayload').asset.id);
    }
    const deals = [first];
    for (let index = 1; index < ROWS; index += 1) deals.push(await makeDeal(server));
    assets.push(...deals.slice(1).map(({ assetId }) => assetId));
    const positions = [];
    for (let index = 0; index < ROWS; index += 1) {
      server.now = START + Math.floor(index / 3);
      positions.push((await openPosition(server, first)).id);
    }
    const [position = ''] = positions;
    await server.run(FundPositionDocument, { input: { positionId: position } });
    for (let index = 2; index < ROWS; index += 1) {
      await server.run(ReleasePositionDocument, { input: { positionId: position, amount: '0.01' } });
    }
    const [institutions, templates] = [
      deals.map(({ institution }) => institution.id),
      deals.map((each) => each.templateId),
    ];
    world = { deal: first, position, institutions, templates, assets, positions };
  });

  describe.each(LISTS)('%s', (_name, document, parent, idsIn) => {
    const variables = (): object => ({ id: parent(world) });

    it('a page has 20 items by default and at most 100', async () => {
      const ids = idsIn(world);
      const page = await pageOf(server, document, variables());
      expect(idsOf(page)).toEqual(ids.slice(0, 20));
      expect(page.totalCount).toBe(ids.length);
      expect(page.pageInfo).toMatchObject({ hasNextPage: ids.length > 20, hasPreviousPage: false });
      expect(idsOf(await pageOf(server, document, { ...variables(), first: 100 }))).toEqual(ids.slice(0, 100));
      expect(idsOf(await pageOf(server, document, { ...variables(), last: 100 }))).toEqual(ids.slice(-100));
      expect(idsOf(await pageOf(server, document, { ...variables(), last: 3 }))).toEqual(ids.slice(-3));
    });

    it.each([1, 4, 22, 23, 24, 100])('pages of %d return each item once, forward and backward', async (size) => {
      const ids = idsIn(world);
      expect(await walk(server, document, variables(), size, false)).toEqual(ids);
      expect(await walk(server, document, variables(), size, true)).toEqual(ids);
    });

    it('a page can be limited by `after` and `before` together', async () => {
      const all = await pageOf(server, document, { ...variables(), first: 100 });
      const [after, before] = [all.edges.at(0)?.cursor, all.edges.at(-1)?.cursor];
      const inner = idsOf(all).slice(1, -1);
      const cut = { ...variables(), after, before };
      expect(idsOf(await pageOf(server, document, { ...cut, first: 100 }))).toEqual(inner);
      expect(idsOf(await pageOf(server, document, { ...cut, last: 2 }))).toEqual(inner.slice(-2));
      const behind = await pageOf(server, document, { ...variables(), after: before });
      expect(behind).toMatchObject({ nodes: [], pageInfo: { hasNextPage: false, startCursor: null, endCursor: null } });
    });

    it('a page of 0 items is empty and has the total count', async () => {
      const some = idsIn(world).length > 0;
      const none = await pageOf(server, document, { ...variables(), first: 0 });
      expect(none).toMatchObject({ nodes: [], totalCount: idsIn(world).length, pageInfo: { hasNextPage: some } });
      const last = await pageOf(server, document, { ...variables(), last: 0 });
      expect(last).toMatchObject({ nodes: [], pageInfo: { hasPreviousPage: some, hasNextPage: false } });
    });

    it.each([
      [{ first: 101 }, '`first` must be from 0 to 100; it is 101.'],
      [{ last: 101 }, '`last` must be from 0 to 100; it is 101.'],
      [{ first: -1 }, '`first` must be from 0 to 100; it is -1.'],
      [{ last: -2147483648 }, '`last` must be from 0 to 100; it is -2147483648.'],
      [{ first: 1, last: 1 }, '`first` and `last` are not allowed together. Send only one of them.'],
      [{ after: 'x' }, NOT_A_CURSOR],
    ])('arguments %j are rejected and the field is null', async (args, message) => {
      const answer = await server.ask(document, { ...variables(), ...args });
      mustBeClean(server, answer);
      expect(answer.errors).toMatchObject([{ message, extensions: { code: 'BAD_USER_INPUT' } }]);
      expect(answer.errors?.[0]?.path?.at(-1)).toBe('list');
      expect([answer.status, pageIn(answer)]).toEqual([200, null]);
    });
  });

  it('the events of a position are oldest first, and `last` returns the newest', async () => {
    const id = world.position;
    const { parent } = await server.run(PositionEventIdsDocument, { id, last: 3 });
    expect(parent?.list?.nodes.map(({ sequence }) => sequence)).toEqual(
      [ROWS - 1, ROWS, ROWS + 1].map((each) => each - 1),
    );
    const all = idsOf(await pageOf(server, PositionEventIdsDocument, { id, first: 100 }));
    for (const size of [1, 5, 22, 100]) {
      expect(await walk(server, PositionEventIdsDocument, { id }, size, false)).toEqual(all);
      expect(await walk(server, PositionEventIdsDocument, { id }, size, true)).toEqual(all);
    }
  });

  it('an invalid list leaves other fields of the response intact', async () => {
    const document = '{ good: assets { totalCount } bad: positions(first: 101) { totalCount } lifecycle { state } }';
    const { data, errors } = await server.ask(document);
    expect(data).toMatchObject({ good: { totalCount: world.assets.length }, bad: null });
    expect(errors).toMatchObject([{ path: ['bad'], extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  it('paging is stable while items are inserted', async () => {
    const ids = world.positions.toReversed();
    const insert = () => openPosition(server, world.deal, { holderReference: 'later' });
    expect(await walk(server, PositionIdsDocument, {}, 5, false, insert)).toEqual(ids);
    const { list } = await server.run(PositionIdsDocument, { first: 100 });
    expect(list?.nodes.slice(-ids.length).map(({ id }) => id)).toEqual(ids);
    expect(list?.totalCount).toBe(ids.length + 4);
  });
});
