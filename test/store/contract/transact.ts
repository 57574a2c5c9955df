import { describe, expect, it } from 'vitest';
import { StaleVersionError, UserError } from '../../../src/domain/userErrors.ts';
import type { Writers } from '../../../src/store/store.ts';
import type { GetStore } from '../rows.ts';
import {
  aDeal,
  anAsset,
  anEvent,
  aPosition,
  aTemplate,
  type Deal,
  funded,
  insertAll,
  keep,
  keepDeal,
  nextId,
  only,
  pageOf,
} from '../rows.ts';

const writers = 50;

export function transacts(store: GetStore): void {
  const positionsOf = async ({ institution }: Deal) =>
    (await pageOf(store().read(only(institution)).positions, {})).rows;

  it('a store below its limit accepts new objects', async () => {
    const check = store().transact('ALL', async (tx) => tx.checkCapacity(1_000));
    await expect(check).resolves.toBeUndefined();
  });

  it('a transaction returns the result of its work after all writes are visible', async () => {
    const { institution, template, asset } = aDeal();
    const position = aPosition(asset);
    const event = anEvent(position);
    const answer = await store().transact('ALL', async (tx) => {
      // The order of writes does not matter, because they are sent together.
      insertAll(tx, { lifecycleEvents: [event], positions: [position] });
      insertAll(tx, { assets: [asset], assetTemplates: [template], institutions: [institution] });
      return 'done';
    });
    expect(answer).toBe('done');
    const read = store().read(only(institution));
    expect(await read.lifecycleEvents.byIds([event.id])).toEqual([event]);
    expect(await read.positions.byIds([position.id])).toEqual([position]);
    expect(await read.institutions.byIds([institution.id])).toEqual([institution]);
  });

  it('writes are invisible until the end, even to reads of the transaction', async () => {
    const deal = await keepDeal(store(), ({ asset }) => [aPosition(asset)] as const);
    const [before] = deal.positions;
    const added = aPosition(deal.asset);
    await store().transact('ALL', async (tx) => {
      tx.positions.insert(added);
      tx.positions.replace(funded(before));
      expect(await tx.positions.byIds([added.id, before.id])).toEqual([undefined, before]);
      expect(await tx.positions.lock([added.id, before.id])).toEqual([undefined, before]);
      expect(await positionsOf(deal)).toEqual([before]);
    });
    expect(await positionsOf(deal)).toEqual([funded(before), added]);
  });

  it('a transaction that writes nothing, or does nothing at all, succeeds', async () => {
    expect(await store().transact('ALL', async () => 1)).toBe(1);
    expect(await store().transact('ALL', async (tx) => tx.positions.byIds([nextId('pos')]))).toEqual([undefined]);
  });

  describe('atomicity', () => {
    it('nothing is written if the work throws, before or after its writes', async () => {
      const deal = await keepDeal(store(), ({ asset }) => [aPosition(asset)] as const);
      const [before] = deal.positions;
      const thrown = new Error('simulated failure');
      const work = store().transact('ALL', async (tx) => {
        await tx.positions.lock([before.id]);
        tx.positions.replace(funded(before));
        tx.positions.insert(aPosition(deal.asset));
        throw thrown;
      });
      await expect(work).rejects.toBe(thrown);
      expect(await positionsOf(deal)).toEqual([before]);
      // The row is unlocked, and the store continues to work.
      await store().transact('ALL', async (tx) => tx.positions.replace(funded(before)));
      expect(await positionsOf(deal)).toEqual([funded(before)]);
    });

    it.each<[string, (tx: Writers, deal: Deal, theirs: Deal) => void]>([
      ['an existing id', (tx, { asset }) => tx.assets.insert({ ...anAsset(aTemplateOf(asset)), id: asset.id })],
      [
        'a repeated id',
        (tx, { asset }) => {
          const position = aPosition(asset);
          insertAll(tx, { positions: [position, position] });
        },
      ],
      [
        'a row replaced twice',
        (tx, { asset }) => {
          tx.assets.replace({ ...asset, version: 2 });
          tx.assets.replace({ ...asset, version: 2 });
        },
      ],
      [
        'a new template as an asset',
        (tx, { asset, institution }) => {
          const template = aTemplate(institution);
          tx.assetTemplates.insert(template);
          tx.positions.insert({ ...aPosition(asset), assetId: template.id });
        },
      ],
      ['an unknown asset', (tx, { asset }) => tx.positions.insert(aPosition({ ...asset, id: nextId('ast') }))],
      [
        'a template as an asset',
        (tx, { asset, template }) => tx.positions.insert({ ...aPosition(asset), assetId: template.id }),
      ],
      ['an unknown institution', (tx) => tx.assetTemplates.insert(aTemplate({ ...aDeal().institution }))],
      [
        'an asset of another institution',
        (tx, { asset }, theirs) => tx.positions.insert({ ...aPosition(asset), assetId: theirs.asset.id }),
      ],
      [
        'a template of another institution',
        (tx, { asset }, theirs) => tx.positions.insert({ ...aPosition(asset), templateId: theirs.template.id }),
      ],
      [
        'a template of another institution for an asset',
        (tx, { template }, theirs) => tx.assets.insert({ ...anAsset(template), templateId: theirs.template.id }),
      ],
      [
        'a position of another institution for an event',
        (tx, { institution }, theirs) =>
          tx.lifecycleEvents.insert({ ...anEvent(aPosition(theirs.asset)), institutionId: institution.id }),
      ],
    ])('nothing is written if a constraint is violated: %s', async (_name, breach) => {
      const theirs = await keepDeal(store(), () => []);
      const deal = await keepDeal(store(), ({ asset }) => [aPosition(asset)] as const);
      const [before] = deal.positions;
      const work = store().transact('ALL', async (tx) => {
        tx.positions.insert(aPosition(deal.asset));
        tx.positions.replace(funded(before));
        tx.assets.insert(anAsset(deal.template));
        breach(tx, deal, theirs);
      });
      await expect(work).rejects.toThrow(Error);
      await expect(work).rejects.not.toBeInstanceOf(UserError); // No client can cause it, so it is an internal error.
      expect(await positionsOf(deal)).toEqual([before]);
      expect(
        await store()
          .read(only(deal.institution))
          .assets.counts([{ where: {} }]),
      ).toEqual([1]);
    });
  });

  describe('versions', () => {
    it.each([
      ['too low', 2, 3],
      ['the current one', 3, 3],
      ['too high', 5, 3],
    ])(
      'a replacement at a version that is %s is rejected with the current version and writes nothing',
      async (_name, version, current) => {
        const deal = await keepDeal(
          store(),
          ({ asset }) => [aPosition(asset, { version: 3 }), aPosition(asset)] as const,
        );
        const [before, other] = deal.positions;
        const work = store().transact('ALL', async (tx) => {
          tx.positions.insert(aPosition(deal.asset));
          tx.positions.replace(funded(other));
          tx.positions.replace({ ...funded(before), version });
          tx.lifecycleEvents.insert(anEvent({ ...before, sequence: 2 }));
        });
        await expect(work).rejects.toThrow(StaleVersionError);
        await expect(work).rejects.toMatchObject({
          expectedVersion: version - 1,
          currentVersion: current,
          code: 'STALE_VERSION',
        });
        expect(await positionsOf(deal)).toEqual([before, other]);
        const parent = { field: 'positionId', id: before.id } as const;
        expect(
          await store()
            .read('ALL')
            .lifecycleEvents.counts([{ parent, where: {} }]),
        ).toEqual([0]);
      },
    );

    it('an unknown row has version 0', async () => {
      const deal = await keepDeal(store(), () => []);
      const work = store().transact('ALL', async (tx) => tx.positions.replace(funded(aPosition(deal.asset))));
      await expect(work).rejects.toMatchObject({ expectedVersion: 1, currentVersion: 0 });
      expect(await positionsOf(deal)).toEqual([]);
    });

    it('predecessor mistake 15: one of two concurrent replacements without a lock is rejected', async () => {
      const deal = await keepDeal(store(), ({ asset }) => [aPosition(asset)] as const);
      const [{ id }] = deal.positions;
      const change = async (state: 'CANCELLED' | 'EXPIRED') => {
        const [read] = await store().read('ALL').positions.byIds([id]);
        if (!read) throw new Error('The row is gone.');
        return { ...read, state, version: read.version + 1 };
      };
      const changes = await Promise.all([change('CANCELLED'), change('EXPIRED')]);
      const ends = await Promise.allSettled(
        changes.map((after) => store().transact('ALL', async (tx) => tx.positions.replace(after))),
      );
      expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      const refused = ends.find((end) => end.status === 'rejected');
      expect(refused?.reason).toMatchObject({ code: 'STALE_VERSION', expectedVersion: 1, currentVersion: 2 });
      const won = changes[ends.findIndex(({ status }) => status === 'fulfilled')];
      expect(await positionsOf(deal)).toEqual([won]);
    });

    it('institutions, templates and assets are replaced by version as well', async () => {
      const deal = await keepDeal(store(), () => []);
      const institution = {
        ...deal.institution,
        name: 'Pier Bank',
        regions: ['SG', 'US'],
        version: 2,
        updatedAt: 1,
      } as const;
      const template = { ...deal.template, name: 'New', config: { b: 1, a: [] }, version: 2 };
      const asset = { ...deal.asset, label: 'Pier 10', metadata: { z: null }, version: 2 };
      await store().transact(only(institution), async (tx) => {
        tx.institutions.replace(institution);
        tx.assetTemplates.replace(template);
        tx.assets.replace(asset);
      });
      const read = store().read('ALL');
      expect(await read.institutions.byIds([institution.id])).toEqual([institution]);
      expect(await read.assetTemplates.byIds([template.id])).toEqual([template]);
      expect(await read.assets.byIds([asset.id])).toEqual([asset]);
      const byLabel = {
        parent: { field: 'templateId', id: template.id },
        where: { label: { in: ['Pier 10'] } },
      } as const;
      expect(await read.assets.counts([byLabel, { ...byLabel, where: { label: { in: ['Pier 9'] } } }])).toEqual([1, 0]);
      const where = (region: 'SG' | 'US') => ({ name: { in: ['Pier Bank'] }, regions: { in: [region] } }) as const;
      expect(await read.institutions.counts([{ where: where('SG') }, { where: where('US') }])).toEqual([1, 1]);
      await expect(store().transact('ALL', async (tx) => tx.institutions.replace(institution))).rejects.toThrow(
        StaleVersionError,
      );
    });
  });

  describe('concurrent transactions', () => {
    it(`predecessor mistake 15: ${writers} concurrent transactions that lock, read and write one row lose nothing`, async () => {
      const { positions } = await keepDeal(store(), ({ asset }) => [aPosition(asset)] as const);
      const [{ id }] = positions;
      const seen = await Promise.all(
        Array.from({ length: writers }, () =>
          store().transact('ALL', async (tx) => {
            const [before] = await tx.positions.lock([id]);
            if (!before) throw new Error('The row is gone.');
            const after = { ...before, version: before.version + 1, sequence: before.sequence + 1 };
            tx.positions.replace(after);
            tx.lifecycleEvents.insert(anEvent(after));
            return after.sequence;
          }),
        ),
      );
      expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: writers }, (_one, index) => index + 2));
      expect(await store().read('ALL').positions.byIds([id])).toMatchObject([
        { version: writers + 1, sequence: writers + 1 },
      ]);
      const parent = { field: 'positionId', id } as const;
      expect(
        await store()
          .read('ALL')
          .lifecycleEvents.counts([{ parent, where: {} }]),
      ).toEqual([writers]);
    });

    it('transactions that lock the same rows in opposite orders all succeed', async () => {
      const { positions } = await keepDeal(store(), ({ asset }) => [
        aPosition(asset),
        aPosition(asset),
        aPosition(asset),
      ]);
      const ids = positions.map(({ id }) => id);
      await Promise.all(
        Array.from({ length: 20 }, (_one, index) =>
          store().transact('ALL', async (tx) => {
            const rows = await tx.positions.lock(index % 2 === 0 ? ids : ids.toReversed());
            for (const row of rows) if (row) tx.positions.replace({ ...row, version: row.version + 1 });
          }),
        ),
      );
      const after = await store().read('ALL').positions.byIds(ids);
      expect(after.map((row) => row?.version)).toEqual([21, 21, 21]);
    });

    it('reads do not wait for locks', async () => {
      const { positions } = await keepDeal(store(), ({ asset }) => [aPosition(asset)] as const);
      const [before] = positions;
      await store().transact('ALL', async (tx) => {
        await tx.positions.lock([before.id]);
        tx.positions.replace(funded(before));
        expect(await store().read('ALL').positions.byIds([before.id])).toEqual([before]);
      });
    });
  });

  it('many rows fit in one transaction', async () => {
    const deal = await keepDeal(store(), () => []);
    const positions = Array.from({ length: 1_000 }, () => aPosition(deal.asset));
    await keep(store(), { positions, lifecycleEvents: positions.map((row) => anEvent(row)) });
    await store().transact(only(deal.institution), async (tx) => {
      for (const row of await tx.positions.lock(positions.map(({ id }) => id)))
        if (row) tx.positions.replace(funded(row));
    });
    const where = { state: { in: ['FUNDED'] } } as const;
    expect(
      await store()
        .read(only(deal.institution))
        .positions.counts([{ where }, { where: {} }]),
    ).toEqual([1_000, 1_000]);
  });
}

const aTemplateOf = ({
  institutionId,
  templateId,
}: {
  readonly institutionId: string;
  readonly templateId: string;
}) => ({
  ...aTemplate(aDeal().institution),
  institutionId,
  id: templateId,
});
