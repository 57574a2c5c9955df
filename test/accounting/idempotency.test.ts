import { expect, it } from 'vitest';
import { as, call, did, grownBy, MUTATIONS, opening, type Reply, sceneOn } from '../support/accounting.ts';
import { type Deal, makeDeal } from '../support/deal.ts';
import { onBothStores } from '../support/stores.ts';
import { equivalentInputsOn } from './equivalentInputs.ts';

onBothStores((open) => {
  const scene = sceneOn(open);
  const equivalentInputs = equivalentInputsOn(scene);

  it.each(MUTATIONS)('%s with an equivalent input replays the first payload and writes nothing', async (mutation) => {
    const { server, store } = scene;
    const { input, same } = equivalentInputs[mutation];
    const idempotencyKey = `key of ${mutation}`;
    const first = await did(server, mutation, { ...input, idempotencyKey });
    expect(first.replayed).toBe(false);
    server.now += 1_000;
    const grown = await grownBy(store, async () => {
      for (const patch of [{}, ...same]) {
        const reply = await call(server, mutation, { ...input, ...patch, idempotencyKey });
        expect(reply).toEqual({ ...first, replayed: true });
      }
    });
    expect(grown).toEqual({});
  });

  it.each(MUTATIONS)(
    '%s with another input is an IdempotencyConflictError and writes only an audit event',
    async (mutation) => {
      const { server, store } = scene;
      // Each call gets its own minute, so that failed attempts are recorded and not only counted.
      server.now += 60_000;
      const { input, other } = equivalentInputs[mutation];
      const idempotencyKey = `key of ${mutation}`;
      for (const patch of other) {
        let reply: Reply | undefined;
        const grown = await grownBy(store, async () => {
          reply = await call(server, mutation, { ...input, ...patch, idempotencyKey });
        });
        expect(reply).toMatchObject({
          __typename: 'IdempotencyConflictError',
          path: ['idempotencyKey'],
          idempotencyKey,
        });
        expect(grown).toEqual({ auditEvents: 1 });
      }
      expect(await call(server, mutation, { ...input, idempotencyKey })).toMatchObject({ replayed: true });
    },
  );

  it.each(MUTATIONS)(
    '%s rejects idempotency keys of 0 or 256 characters or with forbidden characters, and accepts 255',
    async (mutation) => {
      const { server, store } = scene;
      // Each call gets its own minute, so that failed attempts are recorded and not only counted.
      server.now += 60_000;
      const { input } = equivalentInputs[mutation];
      const grown = await grownBy(store, async () => {
        for (const idempotencyKey of ['', ' ', 'a'.repeat(256), '🔑'.repeat(256), '\u0000', 'a\u0007', '\ud83d']) {
          const reply = await call(server, mutation, { ...input, idempotencyKey });
          expect(reply).toMatchObject({ code: 'VALIDATION_FAILED', path: ['idempotencyKey'] });
        }
      });
      expect(grown).toEqual({ auditEvents: 7 });
      for (const idempotencyKey of ['🔑'.repeat(255), 'a'.repeat(255), 'k', '\t\n"\\é']) {
        const first = await call(server, mutation, { ...input, idempotencyKey });
        expect(first.path?.[0]).not.toBe('idempotencyKey');
      }
    },
  );

  it.each(MUTATIONS)('%s without an idempotency key, or with null, replays nothing', async (mutation) => {
    const { input } = equivalentInputs[mutation];
    for (const idempotencyKey of [undefined, null]) {
      const reply = await call(scene.server, mutation, { ...input, idempotencyKey });
      expect(reply.replayed ?? false).toBe(false);
    }
  });

  it('an idempotency key belongs to one institution and one mutation', async () => {
    const { server, deal, other } = scene;
    const idempotencyKey = 'shared';
    const labelled = ({ templateId }: Deal) => ({ templateId, label: 'a', idempotencyKey });
    const mine = await did(server, 'createAsset', labelled(deal));
    const theirs = await did(server, 'createAsset', labelled(other));
    const position = await did(server, 'createPosition', opening(deal, { idempotencyKey }));
    const positionId = position.position?.id;
    const funded = await did(server, 'fundPosition', { positionId, idempotencyKey });
    const released = await did(server, 'releasePosition', { positionId, all: true, idempotencyKey });
    const bank = await did(server, 'createInstitution', { name: 'Bank', regions: ['US'], idempotencyKey });
    const all = [mine, theirs, position, funded, released, bank];
    expect(all.map(({ replayed }) => replayed)).toEqual(all.map(() => false));
    // The scope is the same for root and for an API key of the institution.
    await as(server, { role: 'ADMIN', institutionId: deal.institution.id }, async () => {
      expect(await call(server, 'createAsset', labelled(deal))).toEqual({ ...mine, replayed: true });
      expect(await call(server, 'createAsset', labelled(other))).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    });
  });

  it('a replay returns objects in their current state, with the events of the first call', async () => {
    const { server, deal } = scene;
    const said = opening(deal, { idempotencyKey: 'now' });
    const first = await did(server, 'createPosition', said);
    const positionId = first.position?.id;
    await did(server, 'fundPosition', { positionId });
    await did(server, 'releasePosition', { positionId, amount: '1.25' });
    const again = await call(server, 'createPosition', said);
    expect(again).toMatchObject({
      replayed: true,
      position: { state: 'PARTIALLY_RELEASED', version: 3, held: { amount: '98.75' } },
    });
    expect([again.event, again.ledgerEvent]).toEqual([first.event, first.ledgerEvent]);
    const { id: institutionId } = (await makeDeal(server)).institution;
    const policy = { institutionId, region: 'US', idempotencyKey: 'now' };
    const set = await did(server, 'setPolicy', policy);
    await did(server, 'setPolicy', { institutionId, region: 'US', allowedCurrencies: ['USD'] });
    expect(await call(server, 'setPolicy', policy)).toMatchObject({
      replayed: true,
      policy: { version: 2, allowedCurrencies: ['USD'] },
    });
    await did(server, 'deletePolicy', { institutionId, region: 'US' });
    // A deleted object is returned as it was created.
    expect(await call(server, 'setPolicy', policy)).toEqual({ ...set, replayed: true });
  });
});
