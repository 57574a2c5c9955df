import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/domain/json.ts';
import { EARLIEST, LATEST } from '../../../src/domain/time.ts';
import type { GetStore } from '../rows.ts';
import { aDeal, anEvent, aPosition, currency, funded, keep, keepDeal, keyOf, only, pageOf, START } from '../rows.ts';

/** Changes a value at every depth. A frozen value throws, and a copy does not matter; both are allowed. */
function vandalise(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    vandalise(inner);
    Reflect.set(value, key, 'changed');
  }
  Reflect.set(value, 'added', true);
}

const metadata = (): JsonObject => ({ a: { b: [1, { c: 'kept' }] }, list: ['kept'] });

export function keepsValues(store: GetStore): void {
  describe('isolation of stored values', () => {
    const made = async () => {
      const { institution, template, asset } = aDeal({ regions: ['US', 'SG'] });
      const position = aPosition(asset, { metadata: metadata() });
      const rows = () => ({
        institutions: [structuredClone(institution)],
        assetTemplates: [structuredClone({ ...template, config: metadata() })],
        assets: [structuredClone({ ...asset, metadata: metadata() })],
        positions: [structuredClone(position)],
        lifecycleEvents: [
          structuredClone({ ...anEvent(position), id: `evt_${position.id.slice(4)}`, metadata: metadata() }),
        ],
      });
      const given = rows();
      await keep(store(), given);
      const read = async () => {
        const readers = store().read(only(institution));
        return {
          institutions: await readers.institutions.byIds([institution.id]),
          assetTemplates: await readers.assetTemplates.byIds([template.id]),
          assets: await readers.assets.byIds([asset.id]),
          positions: (await pageOf(readers.positions, {})).rows,
          lifecycleEvents: (
            await pageOf(readers.lifecycleEvents, {
              parent: { field: 'positionId', id: position.id },
              order: { by: ['sequence'], direction: 'ASC' },
            })
          ).rows,
        };
      };
      return { given, expected: rows(), read, scope: only(institution), position };
    };

    it('changing an inserted row at any depth does not change the stored row', async () => {
      const { given, expected, read } = await made();
      vandalise(given);
      expect(await read()).toEqual(expected);
    });

    it('changing a read row at any depth does not change the stored row', async () => {
      const { expected, read } = await made();
      vandalise(await read());
      expect(await read()).toEqual(expected);
    });

    it('changing a row that a transaction read or replaced does not change the stored row', async () => {
      const { expected, read, scope, position } = await made();
      const after = structuredClone(funded(position));
      await store().transact(scope, async (tx) => {
        vandalise(await tx.positions.lock([position.id]));
        vandalise(await tx.positions.byIds([position.id]));
        tx.positions.replace(after);
      });
      vandalise(after);
      expect(await read()).toEqual({ ...expected, positions: [funded(position)] });
    });
  });

  it.each<[string, JsonObject]>([
    ['keys in their order', { z: 1, a: 2, m: { y: 1, b: 2 }, é: 3, A: 4 }],
    ['an empty object', {}],
    ['all kinds of values', { t: true, f: false, n: null, s: '', list: [1, 'a', null, [], {}], o: {} }],
    ['numbers', { big: 1e300, small: 5e-324, int: 9007199254740991, neg: -1.5 }],
    ['texts of all kinds', { quotes: '\'"\\', breaks: 'a\n\tb\r', emoji: '\u{1f600}', braces: '{},()', u: '\u2028' }],
    ['keys of all kinds', { '': 1, 'a b': 2, '"': 3, '\\': 4, '\u{1f600}': 5, constructor: 6, toString: 7 }],
  ])('JSON is returned as it was stored: %s', async (_name, json) => {
    const { positions } = await keepDeal(store(), ({ asset }) => [aPosition(asset, { metadata: json })] as const);
    const [row] = await store().read('ALL').positions.byIds([positions[0].id]);
    expect(JSON.stringify(row?.metadata)).toBe(JSON.stringify(json));
    expect(row?.metadata).toEqual(json);
  });

  it.each([
    ' ',
    "O'Neill; drop table positions",
    '"{}\\,',
    '\u{1f600}é\uffff',
    'tab\tline\nend',
    'null',
    '🏗'.repeat(200),
  ])('text is returned as it was stored: %j', async (text) => {
    const { institution, positions } = await keepDeal(
      store(),
      ({ asset }) => [aPosition(asset, { holderReference: text, externalReference: text })] as const,
    );
    const where = { holderReference: { in: [text] }, externalReference: { in: [text] } };
    expect((await pageOf(store().read(only(institution)).positions, { where })).rows).toEqual(positions);
  });

  it.each([
    ['the year 1', EARLIEST],
    ['a millisecond later', EARLIEST + 1],
    ['the year 99', Date.parse('0099-12-31T23:59:59.999Z')],
    ['before 1970', -1],
    ['1970', 0],
    ['a leap day', Date.parse('2024-02-29T23:59:59.001Z')],
    ['the year 9999', LATEST],
  ])('a time is stored to the millisecond: %s', async (_name, instant) => {
    const { institution, positions } = await keepDeal(
      store(),
      ({ asset }) =>
        [aPosition(asset, { createdAt: instant, updatedAt: instant, expiresAt: instant }), aPosition(asset)] as const,
    );
    const [odd] = positions;
    const { positions: reader } = store().read(only(institution));
    expect(await reader.byIds([odd.id])).toEqual([odd]);
    for (const field of ['createdAt', 'updatedAt', 'expiresAt'] as const) {
      const where = { [field]: { range: { gte: instant, lte: instant } } };
      const page = await pageOf(reader, { where, order: { by: [field], direction: 'ASC' } });
      expect(page.rows).toEqual([odd]);
      const order = { by: [field], direction: 'DESC' } as const;
      const behind = await pageOf(reader, { order, after: keyOf(odd, [field]) });
      const before = await pageOf(reader, { order, before: keyOf(odd, [field]) });
      expect([...behind.rows, ...before.rows]).toEqual([positions[1]]);
    }
  });

  it('amounts of 28 digits are stored, ordered and compared exactly', async () => {
    const most = 10n ** 28n - 1n;
    const { institution, positions } = await keepDeal(store(), ({ asset }) =>
      [most, most - 1n, 2n ** 63n, 2n ** 63n - 1n, 1n].map((amount, index) =>
        aPosition(asset, {
          currency: currency('CLF'),
          amount,
          state: 'RELEASED',
          released: amount,
          createdAt: START + index,
        }),
      ),
    );
    const { positions: reader } = store().read(only(institution));
    const order = { by: ['magnitude'], direction: 'DESC' } as const;
    const all = await pageOf(reader, { order });
    expect(all.rows).toEqual(positions);
    const [first] = positions;
    if (!first) throw new Error('There is no row.');
    expect((await pageOf(reader, { order, after: keyOf(first, ['magnitude']) })).rows).toEqual(positions.slice(1));
    const where = { magnitude: { range: { gte: 2n ** 63n, lt: most } } };
    expect((await pageOf(reader, { where, order })).rows).toEqual(positions.slice(1, 3));
    const [event] = [anEvent(first, { moved: most, reason: 'all' })];
    await keep(store(), { lifecycleEvents: [event] });
    expect(await store().read('ALL').lifecycleEvents.byIds([event.id])).toEqual([event]);
  });

  it('null and empty values are distinguished', async () => {
    const { positions } = await keepDeal(store(), ({ asset }) => [
      aPosition(asset, { externalReference: '' }),
      aPosition(asset, { externalReference: null }),
    ]);
    const found = await store()
      .read('ALL')
      .positions.byIds(positions.map(({ id }) => id));
    expect(found).toEqual(positions);
    expect(found.map((row) => row && Object.keys(row).toSorted())).toEqual(
      positions.map((row) => Object.keys(row).toSorted()),
    );
  });
}
