import { expect, it } from 'vitest';
import { call, did, grownBy, opening, sceneOn } from '../support/accounting.ts';
import { onBothStores } from '../support/stores.ts';

const HOUR_MS = 3_600_000;

onBothStores((open) => {
  const scene = sceneOn(open);

  it('a creation retried after the position has expired replays the first result', async () => {
    const { server, store, deal } = scene;
    const expiresAt = new Date(server.now + HOUR_MS).toISOString();
    const one = opening(deal, { expiresAt, idempotencyKey: 'late' });
    const batch = { operations: [{ create: opening(deal, { expiresAt }) }], idempotencyKey: 'late' };
    const first = await did(server, 'createPosition', one);
    const many = await did(server, 'applyPositions', batch);
    server.now += HOUR_MS;
    const grown = await grownBy(store, async () => {
      const again = await call(server, 'createPosition', one);
      expect([again.replayed, again.event]).toEqual([true, first.event]);
      const manyAgain = await call(server, 'applyPositions', batch);
      expect([manyAgain.replayed, manyAgain.results?.[0]?.event]).toEqual([true, many.results?.[0]?.event]);
      expect(await call(server, 'createPosition', { ...one, holderReference: 'x' })).toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
      });
    });
    expect(grown).toEqual({ auditEvents: 1 });
    const { idempotencyKey: _late, ...keyless } = one as { readonly idempotencyKey: string };
    expect(await call(server, 'createPosition', keyless)).toMatchObject({
      code: 'VALIDATION_FAILED',
      path: ['expiresAt'],
      issues: [{ path: ['expiresAt'], message: 'must be in the future.' }],
    });
    const { results } = await call(server, 'applyPositions', { operations: batch.operations });
    const path = ['operations', '0', 'create', 'expiresAt'];
    expect(results).toMatchObject([
      { status: 'REFUSED', error: { code: 'VALIDATION_FAILED', path, issues: [{ path }] } },
    ]);
  });
});
