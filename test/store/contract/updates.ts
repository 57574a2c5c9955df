import { describe, expect, it } from 'vitest';
import type { ApiKey } from '../../../src/domain/apiKey.ts';
import type { Institution } from '../../../src/domain/institution.ts';
import { metadataTerm } from '../../../src/domain/metadataTerms.ts';
import type { Position } from '../../../src/domain/position.ts';
import { AlreadyExistsError } from '../../../src/store/errors.ts';
import { allEntities } from '../../tenants/allEntities.ts';
import {
  aDeal,
  anInstitution,
  aPosition,
  funded,
  type GetStore,
  keep,
  keepDeal,
  only,
  pageOf,
  START,
} from '../rows.ts';

/** Unique references, metadata terms and updates of selected fields. */
export function keepsUpdates(store: GetStore): void {
  const unique = (uniqueReference: string): Partial<Position> => ({
    externalReference: uniqueReference,
    uniqueReference,
  });

  it('the prefix of an API key is unique within its institution, and the oldest of several institutions is found', async () => {
    const [mine, theirs] = [anInstitution(), anInstitution()];
    const keyOf = (institution: Institution, createdAt: number): ApiKey => {
      const [key] = allEntities(institution).apiKeys;
      return { ...(key as ApiKey), prefix: 'eg_same', createdAt };
    };
    const [first, second] = [keyOf(theirs, START), keyOf(mine, START + 1)];
    const insert = (key: ApiKey) => store().transact('ALL', async (tx) => tx.apiKeys.insert(key));
    await keep(store(), { institutions: [mine, theirs] });
    await insert(second);
    await insert(first);
    await expect(insert(keyOf(mine, START))).rejects.toBeInstanceOf(AlreadyExistsError);
    const found = await pageOf(store().read('ALL').apiKeys, { where: { prefix: { in: ['eg_same'] } }, limit: 1 });
    expect(found.rows).toEqual([first]);
    const own = await pageOf(store().read(only(mine)).apiKeys, { where: { prefix: { in: ['eg_same'] } } });
    expect(own.rows).toEqual([second]);
  });

  describe('a unique reference', () => {
    it('a duplicate unique reference is rejected with AlreadyExistsError at the commit, on insert and replace, and nothing is written', async () => {
      const { asset, positions } = await keepDeal(
        store(),
        (deal) => [aPosition(deal.asset, unique('a')), aPosition(deal.asset, unique('b'))] as const,
      );
      const [first, second] = positions;
      const writes: readonly (() => Promise<unknown>)[] = [
        () => store().transact('ALL', async (tx) => tx.positions.insert(aPosition(asset, unique('a')))),
        () => store().transact('ALL', async (tx) => tx.positions.replace({ ...second, ...unique('a'), version: 2 })),
        () =>
          store().transact('ALL', async (tx) => {
            tx.positions.insert(aPosition(asset, unique('c')));
            tx.positions.insert(aPosition(asset, unique('c')));
          }),
      ];
      for (const write of writes) await expect(write()).rejects.toBeInstanceOf(AlreadyExistsError);
      expect(await store().read('ALL').positions.byIds([first.id, second.id])).toEqual(positions);
      expect(
        await store()
          .read({ institutionId: asset.institutionId })
          .positions.counts([{ where: {} }]),
      ).toEqual([2]);
    });

    it('a unique reference is available to other institutions, to rows without one, and after the row has another', async () => {
      const other = aDeal();
      await keep(store(), {
        institutions: [other.institution],
        assetTemplates: [other.template],
        assets: [other.asset],
      });
      const { asset, positions } = await keepDeal(store(), (deal) => [aPosition(deal.asset, unique('x'))] as const);
      const [first] = positions;
      await store().transact('ALL', async (tx) => {
        tx.positions.insert(aPosition(other.asset, unique('x')));
        tx.positions.insert(aPosition(asset, { externalReference: 'x' }));
        tx.positions.insert(aPosition(asset, { externalReference: 'x' }));
        tx.positions.replace({ ...first, ...unique('y'), version: 2 });
      });
      await store().transact('ALL', async (tx) => tx.positions.insert(aPosition(asset, unique('x'))));
      await store().transact('ALL', async (tx) =>
        tx.positions.replace(funded({ ...first, ...unique('y'), version: 2 })),
      );
      const { institutionId } = asset;
      const { positions: read } = store().read({ institutionId });
      expect(await read.counts([{ where: { uniqueReference: { in: ['x', 'y'] } } }])).toEqual([2]);
    });
  });

  describe('the terms of metadata', () => {
    const found = async (of: Position, ...terms: string[]): Promise<number> => {
      const { positions } = store().read({ institutionId: of.institutionId });
      const { rows } = await pageOf(positions, { terms });
      expect(await positions.counts([{ where: {}, terms }])).toEqual([rows.length]);
      return rows.length;
    };
    const a1 = metadataTerm('a', '1');
    const b2 = metadataTerm('b', '2');

    it('metadata terms follow replacements of all fields and of the metadata only, and no others', async () => {
      const { positions } = await keepDeal(
        store(),
        (deal) =>
          [aPosition(deal.asset, { metadata: { a: 1 } }), aPosition(deal.asset, { metadata: { a: 1, b: 2 } })] as const,
      );
      const [first] = positions;
      expect([await found(first, a1), await found(first, a1, b2), await found(first, b2)]).toEqual([2, 1, 1]);
      const replace = (row: Position, ...changed: (keyof Position)[]) =>
        store().transact('ALL', async (tx) => tx.positions.replace(row, changed));
      await replace({ ...funded(first), metadata: { b: 2 } });
      expect([await found(first, a1), await found(first, b2)]).toEqual([1, 2]);
      await replace({ ...first, metadata: { a: 1, b: 2 }, version: 3 }, 'metadata');
      expect([await found(first, a1), await found(first, b2), await found(first, a1, b2)]).toEqual([2, 2, 2]);
      await replace({ ...first, metadata: { a: 1, b: 2 }, updatedAt: 5, version: 4 }, 'updatedAt');
      expect(await found(first, a1, b2)).toBe(2);
      await replace({ ...first, metadata: {}, version: 5 }, 'metadata');
      expect([await found(first, a1), await found(first, b2)]).toEqual([1, 1]);
    });

    it('metadata terms are not written by a transaction that fails', async () => {
      const { positions } = await keepDeal(store(), (deal) => [aPosition(deal.asset, { metadata: { a: 1 } })] as const);
      const [first] = positions;
      const work = store().transact('ALL', async (tx) =>
        tx.positions.replace({ ...first, metadata: { b: 2 }, version: 7 }),
      );
      await expect(work).rejects.toMatchObject({ code: 'STALE_VERSION' });
      expect([await found(first, a1), await found(first, b2)]).toEqual([1, 0]);
    });
  });
}
