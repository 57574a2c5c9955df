import { type GraphQLInputType, isEnumType, isInputObjectType, isListType, isNonNullType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { AUDIT_ACTIONS, type AuditEvent, type MutationName } from '../../src/domain/auditEvent.ts';
import { jsonBytes } from '../../src/domain/json.ts';
import { LIMITS } from '../../src/domain/limits.ts';
import { schema } from '../../src/schema/index.ts';
import { FAILURES_PER_API_KEY, FAILURES_PER_INSTITUTION } from '../../src/server/access/failedAttempts.ts';
import type { Store } from '../../src/store/store.ts';
import { as, call, countsOf, did, grownBy, sceneOn, times, UNKNOWN } from '../support/accounting.ts';
import { auditLogOf, occurrencesOf } from '../support/auditLog.ts';
import { makeDeal, openPosition } from '../support/deal.ts';
import { serve, type TestServer } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

const MINUTE_MS = 60_000;
const KEY = 'key_0000000000000000000000000';
/** Metadata of 60 kB, within the limit of an input. */
const METADATA = { text: 'x'.repeat(LIMITS.jsonBytes - 5_000) };

onBothStores((open) => {
  const scene = sceneOn(open);

  /** Returns a server on the store of the scene, and a new institution whose API key makes attempts. */
  const setUp = async (store: Store = scene.store) => {
    const server = serve(store);
    const deal = await makeDeal(server);
    const { id: institutionId } = deal.institution;
    server.now += 10 * MINUTE_MS;
    const viewer = (number = 0) => ({ role: 'ADMIN', institutionId, apiKeyId: `${KEY}${number}` }) as const;
    server.viewer = viewer();
    const flush = async (): Promise<readonly AuditEvent[]> => {
      server.now += MINUTE_MS;
      await server.app.flushCounters();
      return (await auditLogOf(store, institutionId)).events;
    };
    return { server, deal, institutionId, viewer, flush };
  };
  const refuse = (server: TestServer, count: number, input: object = {}) =>
    Promise.all(times(count, () => call(server, 'fundPosition', { positionId: UNKNOWN, ...input })));
  const { events: most } = FAILURES_PER_API_KEY;

  it('failed attempts of an API key are recorded up to its budget, then counted by action and code', async () => {
    const { server, institutionId, flush } = await setUp();
    const grown = await grownBy(scene.store, () => refuse(server, most + 5));
    expect(grown).toEqual({ auditEvents: most });
    await call(server, 'createAsset', { templateId: UNKNOWN, label: 'x' });
    await call(server, 'createAsset', { templateId: UNKNOWN, label: '' });
    await call(server, 'createAsset', { templateId: UNKNOWN, label: '' });
    const first = server.now;
    const events = await flush();
    const counted = events.filter(({ payload }) => payload?.['occurrences'] !== undefined);
    expect(events).toHaveLength(most + 3);
    expect(
      counted.map(({ action, errorCode, payload }) => `${action} ${errorCode} ${JSON.stringify(payload)}`).toSorted(),
    ).toEqual([
      'ASSET_CREATED NOT_FOUND {"occurrences":1}',
      'ASSET_CREATED VALIDATION_FAILED {"occurrences":2}',
      'POSITION_FUNDED NOT_FOUND {"occurrences":5}',
    ]);
    expect(counted[0]).toMatchObject({
      institutionId,
      actorKind: 'API_KEY',
      apiKeyId: `${KEY}0`,
      outcome: 'FAILURE',
      requestId: null,
      createdAt: first,
    });
    // The next minute has its own budget.
    expect(await grownBy(scene.store, () => refuse(server, 1))).toEqual({ auditEvents: 1 });
  });

  it('an attempt that is only counted and fails validation does not access the store', async () => {
    let transactions = 0;
    const watched: Store = {
      ...scene.store,
      transact: (...work) => {
        transactions += 1;
        return scene.store.transact(...work);
      },
    };
    const { server } = await setUp(watched);
    const invalid = () => call(server, 'createAsset', { templateId: UNKNOWN, label: '' });
    await Promise.all(times(most, invalid));
    transactions = 0;
    expect((await invalid()).code).toBe('VALIDATION_FAILED');
    expect(transactions).toBe(0);
  });

  it('failed attempts of the root key are bounded', async () => {
    const { server } = await setUp();
    server.viewer = { role: 'ROOT' };
    server.now += 10 * MINUTE_MS;
    expect(await grownBy(scene.store, () => refuse(server, most + 5))).toEqual({ auditEvents: most });
  });

  it('failed attempts of all API keys of an institution are bounded, without affecting other institutions', async () => {
    const { server, viewer, flush } = await setUp();
    const keys = FAILURES_PER_INSTITUTION.events / most + 2;
    const grown = await grownBy(scene.store, async () => {
      for (const number of times(keys, (index) => index)) {
        server.viewer = viewer(number);
        await refuse(server, most);
      }
    });
    expect(grown).toEqual({ auditEvents: FAILURES_PER_INSTITUTION.events });
    const other = { role: 'ADMIN', institutionId: scene.other.institution.id } as const;
    expect(await grownBy(scene.store, () => as(server, other, () => refuse(server, 1)))).toEqual({ auditEvents: 1 });
    expect(occurrencesOf(await flush())).toBe(keys * most);
  });

  it('every success is recorded, however many attempts failed', async () => {
    const { server, deal } = await setUp();
    await refuse(server, most + 1);
    const created = () => did(server, 'createAsset', { templateId: deal.templateId, label: 'x' });
    expect(await grownBy(scene.store, () => Promise.all(times(5, created)))).toEqual({ assets: 5, auditEvents: 5 });
  });

  it('the idempotency record of a user error that is only counted is stored and replayed', async () => {
    const { server, deal } = await setUp();
    const { id: positionId } = await openPosition(server, deal);
    await refuse(server, most);
    const release = () => call(server, 'releasePosition', { positionId, all: true, idempotencyKey: 'once' });
    expect(await grownBy(scene.store, release)).toEqual({ idempotencyRecords: 1 });
    await did(server, 'fundPosition', { positionId });
    const grown = await grownBy(scene.store, async () => {
      expect((await release()).code).toBe('ILLEGAL_TRANSITION');
    });
    expect(grown).toEqual({});
  });

  it('a failed batch is counted, and its idempotency record is stored', async () => {
    const { server, deal, flush } = await setUp();
    const { id: positionId } = await openPosition(server, deal);
    const operations = [{ transition: { positionId, toState: 'RELEASED' } }];
    const batch = (idempotencyKey: string) => call(server, 'applyPositions', { operations, idempotencyKey });
    expect(await grownBy(scene.store, () => batch('a'))).toEqual({ auditEvents: 1, idempotencyRecords: 1 });
    await refuse(server, most - 1);
    expect(await grownBy(scene.store, () => batch('b'))).toEqual({ idempotencyRecords: 1 });
    const counted = (await flush()).filter(({ payload }) => payload?.['occurrences'] !== undefined);
    expect(counted).toMatchObject([
      { action: 'POSITIONS_APPLIED', errorCode: 'ILLEGAL_TRANSITION', payload: { occurrences: 1 } },
    ]);
  });

  it.each([
    ['VALIDATION_FAILED', { templateId: UNKNOWN, label: '' }],
    ['NOT_FOUND', { templateId: UNKNOWN, label: 'x' }],
  ])(
    'the stored bytes of %s attempts with 60 kB of metadata are bounded; further attempts keep size and field names',
    async (code, input) => {
      const { server, institutionId } = await setUp();
      const sent = { ...input, metadata: METADATA };
      const replies = await Promise.all(times(most, () => call(server, 'createAsset', sent)));
      expect(new Set(replies.map((reply) => reply.code))).toEqual(new Set([code]));
      const { events, bytes } = await auditLogOf(scene.store, institutionId);
      const whole = Math.floor(FAILURES_PER_API_KEY.bytes / jsonBytes(sent));
      expect(events.filter(({ payload }) => payload?.['metadata'] !== undefined)).toHaveLength(whole);
      const summary = { omitted: `${jsonBytes(sent)} bytes`, fields: ['templateId', 'label', 'metadata'] };
      expect(events.filter(({ payload }) => payload?.['omitted'] !== undefined).map(({ payload }) => payload)).toEqual(
        times(most - whole, () => summary),
      );
      expect(bytes).toBeLessThan(FAILURES_PER_API_KEY.bytes + most * 1_000);
    },
  );

  it('counts that could not be written are kept, and written later exactly once', async () => {
    let isAway = false;
    const failing: Store = {
      ...scene.store,
      transact: (...work) => (isAway ? Promise.reject(new Error('away')) : scene.store.transact(...work)),
    };
    const { server, institutionId, flush } = await setUp(failing);
    await refuse(server, most);
    const invalid = () => call(server, 'createAsset', { templateId: UNKNOWN, label: '' });
    await Promise.all(times(7, invalid));
    isAway = true;
    await expect(flush()).rejects.toThrow('away');
    isAway = false;
    expect(occurrencesOf(await flush())).toBe(most + 7);
    expect(occurrencesOf(await flush())).toBe(most + 7);
    // Counts that are still pending are written before the server stops.
    await refuse(server, most + 3);
    await server.app.stop();
    expect(occurrencesOf((await auditLogOf(scene.store, institutionId)).events)).toBe(2 * most + 7 + 3);
  });

  it('each server has its own budget of failed attempts', async () => {
    const { server, viewer } = await setUp();
    const other = serve(scene.store);
    other.viewer = viewer();
    const grown = await grownBy(scene.store, () => Promise.all([refuse(server, most + 1), refuse(other, most + 1)]));
    expect(grown).toEqual({ auditEvents: 2 * most });
  });

  describe('a forbidden attempt', () => {
    const CANARY = 'canary';
    const fields = schema.getMutationType()?.getFields() ?? {};

    /** Returns a value of the type with every field set, where each text contains the canary. */
    const valueOf = (type: GraphQLInputType): unknown => {
      if (isNonNullType(type)) return valueOf(type.ofType);
      if (isListType(type)) return [valueOf(type.ofType)];
      if (isEnumType(type)) return type.getValues()[0]?.name;
      if (isInputObjectType(type)) {
        const members = Object.values(type.getFields()).slice(0, type.isOneOf ? 1 : undefined);
        return Object.fromEntries(members.map((field) => [field.name, valueOf(field.type)]));
      }
      const values: Readonly<Record<string, unknown>> = {
        Int: 1,
        Boolean: true,
        DateTime: '2030-01-01T00:00:00.000Z',
        CurrencyCode: 'USD',
        JSONObject: { [CANARY]: CANARY },
      };
      return values[type.name] ?? CANARY;
    };

    it.each(Object.keys(AUDIT_ACTIONS) as MutationName[])(
      'a forbidden attempt of %s records the field names of its input, and no value',
      async (mutation) => {
        const { server, institutionId } = await setUp();
        server.viewer = { role: 'READ_ONLY', institutionId };
        const type = fields[mutation]?.args[0]?.type;
        if (!type) throw new Error(`${mutation} has no input.`);
        const input = valueOf(type) as object;
        const query = `mutation ($input: ${String(type)}) { ${mutation}(input: $input) { ... on UserError { code } } }`;
        const { auditEvents: _more, ...before } = await countsOf(scene.store);
        const { data, text } = await server.ask<Record<string, object>>(query, { input });
        expect([data?.[mutation], text]).toEqual([{ code: 'FORBIDDEN' }, expect.any(String)]);
        const { events } = await auditLogOf(scene.store, institutionId);
        expect(events.map(({ errorCode }) => errorCode)).toEqual(['FORBIDDEN']);
        expect(JSON.stringify(events[0]?.payload)).not.toContain(CANARY);
        const named = (events[0]?.payload?.['fields'] ?? []) as readonly string[];
        expect(named.toSorted()).toEqual(Object.keys(input).toSorted());
        expect(await countsOf(scene.store)).toMatchObject(before);
      },
    );
  });
});
