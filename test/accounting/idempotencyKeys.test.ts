import { describe, expect, it } from 'vitest';
import { UNBOUNDED_FAILED_ATTEMPTS } from '../../src/commands/failedAttempts.ts';
import { createStoredLedger } from '../../src/commands/ledger.ts';
import { createIds } from '../../src/ids.ts';
import { deleteExpiredIdempotencyRecords } from '../../src/jobs/deleteExpiredIdempotencyRecords.ts';
import { DEFAULTS } from '../../src/settings.ts';
import { call, countsOf, DOCUMENTS, did, grownBy, opening, sceneOn, times } from '../support/accounting.ts';
import { errorOf } from '../support/answers.ts';
import { fundedPosition } from '../support/deal.ts';
import { serve } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

const DAY_MS = 86_400_000;
const KEEP_MS = 30 * DAY_MS;

onBothStores((open) => {
  const scene = sceneOn(open);

  describe('the header Idempotency-Key', () => {
    const key = (text: string) => ({ 'idempotency-key': text });

    it('the Idempotency-Key header is equivalent to the argument of the mutation', async () => {
      const { server, deal } = scene;
      const input = opening(deal);
      const first = await call(server, 'createPosition', input, key('h'));
      expect(first.replayed).toBe(false);
      expect(await call(server, 'createPosition', { ...input, idempotencyKey: 'h' })).toEqual({
        ...first,
        replayed: true,
      });
      expect(await call(server, 'createPosition', { ...input, idempotencyKey: 'h' }, key('h'))).toMatchObject({
        replayed: true,
      });
      expect(await call(server, 'createPosition', { ...input, idempotencyKey: null }, key('h'))).toMatchObject({
        replayed: true,
      });
      expect(await call(server, 'createPosition', { ...input, holderReference: 'x' }, key('h'))).toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
      });
    });

    it('the Idempotency-Key header has the length limit of the argument', async () => {
      const { server, deal } = scene;
      for (const text of ['', 'a'.repeat(256)]) {
        const reply = await call(server, 'createPosition', opening(deal), key(text));
        expect(reply).toMatchObject({ code: 'VALIDATION_FAILED', path: ['idempotencyKey'] });
      }
      expect(await call(server, 'createPosition', opening(deal), key('a'.repeat(255)))).toMatchObject({
        replayed: false,
      });
    });

    it('the Idempotency-Key header is rejected with a different argument or several mutations, and nothing is executed', async () => {
      const { server, store, deal } = scene;
      const one = 'createPosition(input: $input) { __typename }';
      const document = (fields: string) =>
        `mutation ($input: CreatePositionInput!) { ${fields} } fragment Two on Mutation { x: ${one} y: ${one} }`;
      const grown = await grownBy(store, async () => {
        for (const idempotencyKey of ['b', '']) {
          const input = opening(deal, { idempotencyKey });
          const answer = await server.ask(DOCUMENTS.createPosition, { input }, key('a'));
          expect(answer.errors).toMatchObject([
            { extensions: { code: 'BAD_USER_INPUT' }, message: expect.stringContaining('Idempotency-Key') as string },
          ]);
        }
        for (const fields of [`a: ${one} b: ${one}`, '...Two', `... { a: ${one} } ...Two`]) {
          const text = fields.includes('Two')
            ? document(fields)
            : `mutation ($input: CreatePositionInput!) { ${fields} }`;
          const answer = await server.ask(text, { input: opening(deal) }, key('a'));
          expect(answer.errors).toMatchObject([
            { extensions: { code: 'BAD_USER_INPUT' }, message: expect.stringContaining('Idempotency-Key') as string },
          ]);
        }
      });
      expect(grown).toEqual({});
    });

    it('the Idempotency-Key header works with one mutation in a fragment, with __typename, and with one of several operations', async () => {
      const { server, deal } = scene;
      const input = opening(deal);
      const once = `mutation A($input: CreatePositionInput!) { __typename ... on Mutation { ...One } }
        fragment One on Mutation { createPosition(input: $input) { ... on CreatePositionPayload { replayed } } }`;
      for (const replayed of [false, true]) {
        expect((await server.ask(once, { input }, key('one'))).data).toEqual({
          __typename: 'Mutation',
          createPosition: { replayed },
        });
      }
    });

    it('the Idempotency-Key header is ignored for queries', async () => {
      const { server } = scene;
      const answer = await server.ask('{ a: lifecycle { state } b: lifecycle { state } }', {}, key(''));
      expect([answer.errors, answer.status]).toEqual([undefined, 200]);
    });
  });

  it('an idempotency key argument that is not a string is rejected before anything is executed', async () => {
    const { code } = await errorOf(scene.server, DOCUMENTS.createPosition, {
      input: opening(scene.deal, { idempotencyKey: 5 }),
    });
    expect(code).toBe('BAD_USER_INPUT');
  });

  describe('the retention of idempotency keys', () => {
    it('an idempotency key is stored for 30 days, and counts until the clean-up has removed it', async () => {
      const { server, deal } = scene;
      const said = opening(deal, { idempotencyKey: 'kept' });
      const first = await did(server, 'createPosition', said);
      server.now += KEEP_MS;
      await server.app.cleanUp();
      expect(await call(server, 'createPosition', said)).toEqual({ ...first, replayed: true });
      server.now += 1;
      expect(await call(server, 'createPosition', said)).toEqual({ ...first, replayed: true });
      await server.app.cleanUp();
      const anew = await call(server, 'createPosition', { ...said, holderReference: 'another' });
      expect(anew).toMatchObject({ replayed: false, position: { holderReference: 'another' } });
      expect(anew.position?.id).not.toBe(first.position?.id);
      // After that the idempotency key belongs to the new input.
      expect(await call(server, 'createPosition', said)).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
      server.now += KEEP_MS;
      await server.app.cleanUp();
      expect(await call(server, 'createPosition', { ...said, holderReference: 'another' })).toEqual({
        ...anew,
        replayed: true,
      });
    });

    it('the idempotency key of a user error is stored for the same time, and then the call is executed again', async () => {
      const { server, deal } = scene;
      const { id: positionId } = await fundedPosition(server, deal);
      const said = { positionId, idempotencyKey: 'no' };
      const first = await call(server, 'fundPosition', said);
      await did(server, 'cancelPosition', { positionId });
      server.now += KEEP_MS + 1;
      expect(await call(server, 'fundPosition', said)).toEqual(first);
      await server.app.cleanUp();
      const anew = await call(server, 'fundPosition', said);
      expect([first, anew]).toMatchObject([{ from: 'FUNDED' }, { from: 'CANCELLED' }]);
      expect(await call(server, 'fundPosition', said)).toEqual(anew);
    });

    it('the retention of idempotency keys is configurable', async () => {
      const brief = serve(scene.store, { clock: () => scene.server.now, settings: { idempotencyRetentionMs: 1_000 } });
      const said = opening(scene.deal, { idempotencyKey: 'brief' });
      await did(brief, 'createPosition', said);
      scene.server.now += 1_000;
      await brief.app.cleanUp();
      expect(await call(brief, 'createPosition', said)).toMatchObject({ replayed: true });
      scene.server.now += 1;
      await brief.app.cleanUp();
      expect(await call(brief, 'createPosition', said)).toMatchObject({ replayed: false });
    });

    it('expired idempotency keys are deleted, in any number, and the others remain', async () => {
      const { server, store, deal } = scene;
      const newId = createIds(() => server.now);
      const own = { viewer: { role: 'ROOT' }, requestId: null, clock: () => server.now, newId } as const;
      const given = {
        ...DEFAULTS,
        newToken: () => '',
        failedAttempts: UNBOUNDED_FAILED_ATTEMPTS,
      };
      const context = { ...own, ...given, store, ledger: createStoredLedger(newId) };
      server.now += 2 * KEEP_MS;
      await deleteExpiredIdempotencyRecords(context, server.now - KEEP_MS);
      expect((await countsOf(store)).idempotencyRecords).toBe(0);
      const label = (index: number) => ({ templateId: deal.templateId, label: 'a', idempotencyKey: `${index}` });
      // Enough records for more than one batch.
      await store.transact('ALL', async (tx) => {
        for (const id of times(1_100, () => newId('idem'))) {
          const { id: institutionId } = deal.institution;
          const record = { key: id, requestHash: '', answer: {}, version: 1, createdAt: server.now };
          tx.idempotencyRecords.insert({ id, institutionId, mutation: 'createAsset', ...record });
        }
      });
      server.now += 1;
      const late = await did(server, 'createAsset', label(1));
      server.now += KEEP_MS;
      expect(
        await Promise.all([
          deleteExpiredIdempotencyRecords(context, server.now - KEEP_MS),
          deleteExpiredIdempotencyRecords(context, server.now - KEEP_MS),
        ]),
      ).toEqual(expect.arrayContaining([expect.any(Number)]));
      expect((await countsOf(store)).idempotencyRecords).toBe(1);
      server.now -= 1;
      expect(await call(server, 'createAsset', label(1))).toEqual({ ...late, replayed: true });
    });
  });
});
