import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/json.ts';
import { LIMITS } from '../../src/domain/limits.ts';
import { as, call, did, grownBy, type MutationName, opening, sceneOn } from '../support/accounting.ts';
import { makeDeal } from '../support/deal.ts';
import { onBothStores } from '../support/stores.ts';

type Update = Extract<MutationName, `update${string}`>;
const UPDATES: readonly Update[] = ['updateInstitution', 'updateAssetTemplate', 'updateAsset', 'updatePosition'];
const MAX_INT = 2 ** 31 - 1;

/** Returns a JSON object with the given levels of nesting. */
const nested = (levels: number): JsonObject => (levels === 1 ? { a: 'deep' } : { a: nested(levels - 1) });
/** Returns a JSON object of the given number of bytes. */
const sized = (bytes: number): JsonObject => ({ a: 'x'.repeat(bytes - '{"a":""}'.length) });

onBothStores((open) => {
  const scene = sceneOn(open);

  const objectsOf = async (): Promise<{ readonly [M in Update]: object }> => {
    const { server } = scene;
    const deal = await makeDeal(server);
    const { position } = await did(server, 'createPosition', opening(deal));
    return {
      updateInstitution: { institutionId: deal.institution.id },
      updateAssetTemplate: { templateId: deal.templateId },
      updateAsset: { assetId: deal.assetId },
      updatePosition: { positionId: position?.id },
    };
  };
  const change = (mutation: Update): object => {
    if (mutation === 'updatePosition') return { externalReference: 'r' };
    return mutation === 'updateAsset' ? { label: 'l' } : { name: 'n' };
  };
  const answerTo = async (mutation: Update, literal: string): Promise<string | undefined> => {
    const { errors } = await scene.server.ask(
      `mutation { ${mutation}(input: ${literal}) { ... on UserError { message } __typename } }`,
    );
    return errors?.[0]?.extensions?.code;
  };

  it.each(UPDATES)('%s compares any integer as expectedVersion, and rejects other values', async (mutation) => {
    const { server } = scene;
    const named = (await objectsOf())[mutation];
    for (const expectedVersion of [0, -1, 2, MAX_INT, -MAX_INT - 1]) {
      const grown = await grownBy(scene.store, async () => {
        const reply = await call(server, mutation, { ...named, ...change(mutation), expectedVersion });
        expect(reply).toMatchObject({ code: 'STALE_VERSION', expectedVersion, currentVersion: 1 });
      });
      expect(grown).toEqual({ auditEvents: 1 });
    }
    const [[field, id] = ['', '']] = Object.entries(named);
    for (const literal of [`${MAX_INT + 1}`, `${-MAX_INT - 2}`, '1.5', '"1"', 'true', '[1, 2]', '1e400']) {
      const code = await answerTo(mutation, `{ ${field}: "${id}", expectedVersion: ${literal} }`);
      expect([literal, code]).toEqual([literal, 'GRAPHQL_VALIDATION_FAILED']);
    }
    expect(await call(server, mutation, { ...named, ...change(mutation), expectedVersion: null })).toMatchObject({
      replayed: false,
    });
  });

  it.each(UPDATES)('%s with a missing or malformed id changes nothing', async (mutation) => {
    const { server } = scene;
    const [[field] = ['']] = Object.entries((await objectsOf())[mutation]);
    for (const id of ['', ' ', 'x', '\0', '\ud800', '__proto__', 'pos_%', 'z'.repeat(60), 'é'.repeat(5_000)]) {
      const grown = await grownBy(scene.store, async () => {
        const reply = await call(server, mutation, { [field]: id, ...change(mutation) });
        expect(reply).toMatchObject({ code: 'NOT_FOUND', path: [field] });
      });
      expect(grown).toEqual({ auditEvents: 1 });
    }
  });

  it.each(['updateAsset', 'updatePosition'] as const)(
    '%s accepts metadata up to its limits, and rejects more',
    async (name) => {
      const { server } = scene;
      const named = (await objectsOf())[name];
      const answer = async (metadata: JsonObject) => {
        const { code, issues, ...reply } = await call(server, name, { ...named, metadata });
        return code ? `${issues?.[0]?.path.join('.')} ${issues?.[0]?.message}` : reply;
      };
      expect(await answer(nested(LIMITS.jsonDepth))).toMatchObject({ replayed: false });
      expect(await answer(nested(LIMITS.jsonDepth + 1))).toContain('metadata must have at most 10 levels of nesting.');
      expect(await answer(nested(65))).toContain('metadata must have at most 10 levels of nesting.');
      expect(await answer(sized(LIMITS.jsonBytes))).toMatchObject({ replayed: false });
      expect(await answer(sized(LIMITS.jsonBytes + 1))).toContain('metadata must have at most 65536 bytes');
      const proto = JSON.parse('{"__proto__": {"a": "p"}}') as JsonObject;
      expect(await answer(proto)).toContain('metadata must not contain the key "__proto__".');
      const hostile = { constructor: 'c', '': { '': 'e' }, a: { '': { b: 'x' } } };
      expect(await answer(hostile)).toMatchObject({ replayed: false });
      const list = name === 'updateAsset' ? 'assets' : 'positions';
      const found = async (path: string, equals: string) => {
        const { data, errors } = await server.ask<{ list: { totalCount: number } }>(
          `query($path: String!, $equals: String!) { list: ${list}(filter: { metadata: [{ path: $path, equals: $equals }] }) {
          totalCount } }`,
          { path, equals },
        );
        expect(errors).toBeUndefined();
        return data?.list.totalCount;
      };
      const levels = (count: number) => Array.from({ length: count }, () => 'a').join('.');
      for (const [path, equals] of [
        ['constructor', 'c'],
        ['.', 'e'],
        ['a..b', 'x'],
      ] as const) {
        expect([path, await found(path, equals)]).toEqual([path, 1]);
      }
      for (const path of ['', '..', 'a.b', 'a...b', '__proto__', 'toString', levels(65), 'a'.repeat(500_000)]) {
        expect([path, await found(path, 'x')]).toEqual([path, 0]);
      }
      await did(server, name, { ...named, metadata: nested(LIMITS.jsonDepth) });
      expect(await found(levels(LIMITS.jsonDepth), 'deep')).toBe(1);
    },
  );

  it.each(UPDATES)(
    '%s of an object of another institution is NOT_FOUND, and a replay belongs to its own institution',
    async (mutation) => {
      const { server } = scene;
      const theirs = (await objectsOf())[mutation];
      const own = (await objectsOf())[mutation];
      const institutionId = await ownerOf(own);
      const [[field] = ['']] = Object.entries(own);
      await as(server, { role: 'ADMIN', institutionId }, async () => {
        const keyed = { ...change(mutation), idempotencyKey: 'same' };
        const first = await did(server, mutation, { ...own, ...keyed });
        expect(await call(server, mutation, { ...own, ...keyed })).toEqual({ ...first, replayed: true });
        // A used idempotency key is found before the object.
        expect(await call(server, mutation, { ...theirs, ...keyed })).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
        for (const more of [{}, { expectedVersion: 9 }, { idempotencyKey: 'free' }]) {
          const reply = await call(server, mutation, { ...theirs, ...change(mutation), ...more });
          expect(reply).toMatchObject({ code: 'NOT_FOUND', path: [field] });
        }
        expect(await call(server, mutation, { ...own, ...change(mutation), idempotencyKey: 'free' })).toMatchObject({
          replayed: false,
        });
      });
    },
  );

  async function ownerOf(named: object): Promise<string> {
    const [id] = Object.values(named) as string[];
    const { data } = await scene.server.ask<{ node: { id: string; institution?: { id: string } } }>(
      `query($id: ID!) { node(id: $id) { id ... on AssetTemplate { institution { id } } ... on Asset { institution { id } }
        ... on Position { institution { id } } } }`,
      { id },
    );
    return data?.node.institution?.id ?? data?.node.id ?? '';
  }

  describe('a prefix filter', () => {
    const TEXTS = [
      '%',
      '%%',
      '%a',
      '_',
      '_a',
      '\\',
      '\\%',
      '\\\\',
      'a%',
      'a_',
      'a\\',
      'ab',
      'A',
      'Ab',
      'á',
      '*',
      '.',
      "'",
    ];

    it('a prefix filter treats every character literally: no wildcard, no escape, no case folding and no locale', async () => {
      const { server } = scene;
      const deal = await makeDeal(server);
      const institutionId = deal.institution.id;
      for (const label of TEXTS) {
        await did(server, 'createAsset', { templateId: deal.templateId, label });
        await did(server, 'createPosition', opening(deal, { externalReference: label }));
        const config = { currency: 'USD', region: 'US' };
        const template = { code: 'CONSTR_ESCROW', vertical: 'CONSTRUCTION', region: 'US', config };
        await did(server, 'createAssetTemplate', { institutionId, name: label, ...template });
      }
      const document = `query($of: ID!, $prefix: String!) {
        assets(first: 100, filter: { institutionId: $of, labelStartsWith: $prefix }) { nodes { text: label } }
        positions(first: 100, filter: { institutionId: $of, referenceStartsWith: $prefix }) { nodes { text: externalReference } }
        assetTemplates(first: 100, filter: { institutionId: $of, nameStartsWith: $prefix }) { nodes { text: name } } }`;
      for (const prefix of [...TEXTS, '%_', 'a%b', '\\_', '', 'B', 'a\u0301', '['] as const) {
        const { data, errors } = await server.ask<Record<string, { nodes: { text: string }[] }>>(document, {
          of: institutionId,
          prefix,
        });
        expect(errors).toBeUndefined();
        // The template and the asset of the deal have ordinary names.
        const found = Object.values(data ?? {}).map(({ nodes }) =>
          nodes
            .map(({ text }) => text)
            .filter((text) => TEXTS.includes(text))
            .toSorted(),
        );
        const expected = TEXTS.filter((text) => text.startsWith(prefix)).toSorted();
        expect([prefix, ...found]).toEqual([prefix, expected, expected, expected]);
      }
    });

    it.each([201, 65_000, 400_000])('a prefix filter of %i characters finds nothing', async (length) => {
      for (const character of ['x', '\u{10ffff}']) {
        const prefix = character.repeat(length / character.length);
        const { data, errors } = await scene.server.ask(
          `query($prefix: String!) { positions(filter: { referenceStartsWith: $prefix }) { totalCount }
            assets(filter: { labelStartsWith: $prefix }) { totalCount }
            institutions(filter: { nameStartsWith: $prefix }) { totalCount } }`,
          { prefix },
        );
        const none = { totalCount: 0 };
        expect([errors, data]).toEqual([undefined, { positions: none, assets: none, institutions: none }]);
      }
    });
  });
});
