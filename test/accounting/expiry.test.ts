import { expect, it } from 'vitest';
import { PositionLedgerDocument } from '../api/documents/graphql.ts';
import { call, did, grownBy, type MutationName, opening, sceneOn, trailOf } from '../support/accounting.ts';
import { onBothStores } from '../support/stores.ts';

const HOUR_MS = 3_600_000;
const at = (instant: number) => new Date(instant).toISOString();

onBothStores((open) => {
  const scene = sceneOn(open);
  const openUntil = async (expiresAt: number): Promise<string> =>
    (await did(scene.server, 'createPosition', opening(scene.deal, { expiresAt: at(expiresAt) }))).position
      ?.id as string;
  const stateOf = async (id: string) => (await scene.server.run(PositionLedgerDocument, { id, first: 100 })).position;

  it('the sweep expires due positions, with their events, postings and audit events, as the system', async () => {
    const { server, store } = scene;
    const hour = server.now + HOUR_MS;
    const agreed = await openUntil(hour);
    const funded = await openUntil(hour);
    await did(server, 'fundPosition', { positionId: funded });
    const part = await openUntil(hour);
    await did(server, 'fundPosition', { positionId: part });
    await did(server, 'releasePosition', { positionId: part, amount: '30.00' });
    const ended = await openUntil(hour);
    await did(server, 'cancelPosition', { positionId: ended });
    const later = await openUntil(hour + 1);
    const never = (await did(server, 'createPosition', opening(scene.deal))).position?.id as string;

    server.now = hour - 1;
    expect(await server.app.expireDue()).toBe(0);
    server.now = hour;
    const grown = await grownBy(store, async () => expect(await server.app.expireDue()).toBe(3));
    expect(grown).toEqual({ lifecycleEvents: 3, ledgerEvents: 3, postings: 4, auditEvents: 3 });
    expect(await server.app.expireDue()).toBe(0);

    const money = (position: Awaited<ReturnType<typeof stateOf>>) => [
      position?.state,
      position?.held.amount,
      position?.released.amount,
      position?.refunded.amount,
      position?.version,
    ];
    expect(money(await stateOf(agreed))).toEqual(['EXPIRED', '0.00', '0.00', '0.00', 2]);
    expect(money(await stateOf(funded))).toEqual(['EXPIRED', '0.00', '0.00', '100.00', 3]);
    expect(money(await stateOf(part))).toEqual(['EXPIRED', '0.00', '30.00', '70.00', 4]);
    expect([(await stateOf(ended))?.state, (await stateOf(later))?.state, (await stateOf(never))?.state]).toEqual([
      'CANCELLED',
      'CREATED',
      'CREATED',
    ]);
    const last = (await stateOf(part))?.events?.nodes.at(-1);
    expect(last).toMatchObject({
      sequence: 4,
      fromState: 'PARTIALLY_RELEASED',
      toState: 'EXPIRED',
      moved: { amount: '70.00' },
      reason: null,
      actor: { kind: 'SYSTEM' },
      createdAt: at(hour),
      ledgerEvent: {
        postings: [
          { accountKind: 'ESCROW', amount: { amount: '-70.00' } },
          { accountKind: 'PAYER', amount: { amount: '70.00' } },
        ],
      },
    });
    const [audit, ...others] = await trailOf(server, { resourceId: part, actions: ['POSITION_EXPIRED'] });
    expect([audit, others]).toMatchObject([
      {
        outcome: 'SUCCESS',
        actor: { kind: 'SYSTEM' },
        institution: { id: scene.deal.institution.id },
        resourceType: 'Position',
        requestId: null,
      },
      [],
    ]);
    server.now = hour + 1;
    expect(await server.app.expireDue()).toBe(1);
  });

  it.each<readonly [MutationName, object]>([
    ['fundPosition', {}],
    ['cancelPosition', {}],
    ['releasePosition', { all: true }],
    ['releasePosition', { amount: '1' }],
    ['transitionPosition', { toState: 'FUNDED' }],
    ['transitionPosition', { toState: 'RELEASED' }],
  ])(
    'from the expiry on, %s %j is rejected even before the sweep, and only EXPIRED is allowed',
    async (mutation, input) => {
      const { server } = scene;
      const hour = server.now + HOUR_MS;
      const ids = [await openUntil(hour), await openUntil(hour)];
      await did(server, 'fundPosition', { positionId: ids[1] });
      server.now = hour;
      for (const [n, from] of ['CREATED', 'FUNDED'].entries()) {
        const positionId = ids[n] as string;
        const refused = await call(server, mutation, { positionId, ...input });
        expect(refused).toMatchObject({ __typename: 'IllegalTransitionError', from, allowedTransitions: ['EXPIRED'] });
        // Reads return the stored state.
        expect(await stateOf(positionId)).toMatchObject({ state: from, allowedTransitions: ['EXPIRED'] });
        const { results } = await call(server, 'applyPositions', {
          operations: [{ transition: { positionId, toState: 'CANCELLED' } }],
        });
        expect(results).toMatchObject([{ error: { code: 'ILLEGAL_TRANSITION', allowedTransitions: ['EXPIRED'] } }]);
      }
      expect(await did(server, 'expirePosition', { positionId: ids[0] })).toMatchObject({
        position: { state: 'EXPIRED' },
      });
      expect(await server.app.expireDue()).toBe(1);
    },
  );

  it('a position can be expired by a call at any time, with or without an expiry', async () => {
    const { server } = scene;
    const without = (await did(server, 'createPosition', opening(scene.deal))).position?.id;
    const ahead = await openUntil(server.now + HOUR_MS);
    const first = await did(server, 'expirePosition', { positionId: without });
    const second = await did(server, 'transitionPosition', { positionId: ahead, toState: 'EXPIRED' });
    expect([first.position?.state, second.position?.state]).toEqual(['EXPIRED', 'EXPIRED']);
    expect(first.event).toMatchObject({ actor: { kind: 'ROOT' } });
  });
});
