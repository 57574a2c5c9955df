import { afterAll, describe, expect, it } from 'vitest';
import { as, grownBy, sceneOn, UNKNOWN } from '../support/accounting.ts';
import { changes, clientOf, listening, sse } from '../support/live.ts';
import { onBothStores } from '../support/stores.ts';
import { fundContract, milestonesOf, openContract, PARTIES, PAYEE, PAYER, pathsOf, send, sent } from './terms.ts';

const OBSERVER = { role: 'OBSERVER', reference: 'surveyor' } as const;
const CONTRACT = {
  parties: [...PARTIES, OBSERVER],
  milestones: milestonesOf('400', '600'),
  agreementRequired: true,
};
const agreement = (positionId: string, partyReference: string = PAYER.reference, termsVersion = 1): object => ({
  positionId,
  partyReference,
  termsVersion,
});
const CHANGED = `subscription ($id: ID) { positionChanged(positionId: $id) { kind
  position { version } event { move partyReference sequence } } }`;

onBothStores((open) => {
  const scene = sceneOn(open);

  describe('agreeToPosition', () => {
    it('rejects earlier and later versions of the terms, and records nothing', async () => {
      const { server, store, deal } = scene;
      const { positionId } = await openContract(server, deal, CONTRACT);
      await sent(server, 'agreeToPosition', agreement(positionId));
      const amended = await sent(server, 'amendPosition', {
        positionId,
        terms: { ...CONTRACT, retainagePercentage: '5' },
      });
      expect(amended.position.terms).toMatchObject({ version: 2, agreed: false, retainagePercentage: '5' });
      expect(amended.position.terms?.parties.map(({ agreedAt }) => agreedAt)).toEqual([null, null, null]);
      server.now += 60_000;
      for (const termsVersion of [1, 3, 0, -1]) {
        let result: object = {};
        const grown = await grownBy(store, async () => {
          result = await send(server, 'agreeToPosition', agreement(positionId, PAYEE.reference, termsVersion));
        });
        expect(result).toMatchObject({
          code: 'STALE_VERSION',
          path: ['termsVersion'],
          expectedVersion: termsVersion,
          currentVersion: 2,
          message: `The terms have version 2, not ${termsVersion}. Load them again before you retry.`,
        });
        expect(Object.keys(grown).filter((table) => table !== 'auditEvents')).toEqual([]);
      }
    });

    it('is only for payers and payees, before the first funding', async () => {
      const { server, deal } = scene;
      const { positionId } = await openContract(server, deal, CONTRACT);
      for (const reference of [OBSERVER.reference, 'nobody', ' ']) {
        expect(pathsOf(await send(server, 'agreeToPosition', agreement(positionId, reference)))).toEqual([
          'partyReference',
        ]);
      }
      const bare = await openContract(server, deal, undefined);
      expect(await send(server, 'agreeToPosition', agreement(bare.positionId))).toMatchObject({
        code: 'CONFLICT',
        path: null,
      });
      const funded = await fundContract(server, deal, { parties: PARTIES });
      expect(await send(server, 'agreeToPosition', agreement(funded.positionId))).toMatchObject({ code: 'CONFLICT' });
      expect(await send(server, 'agreeToPosition', agreement(UNKNOWN))).toMatchObject({
        code: 'NOT_FOUND',
        path: ['positionId'],
      });
    });

    it('twice returns a null event and writes no change', async () => {
      const { server, store, deal } = scene;
      const { positionId } = await openContract(server, deal, CONTRACT);
      const first = await sent(server, 'agreeToPosition', {
        ...agreement(positionId),
        reason: 'signed',
        metadata: { page: 3 },
      });
      expect(first.event).toMatchObject({
        move: 'AGREE',
        partyReference: PAYER.reference,
        moved: null,
        fromState: 'CREATED',
      });
      server.now += 60_000;
      const again = await sent(server, 'agreeToPosition', agreement(positionId));
      expect(again).toMatchObject({ event: null, ledgerEvent: null, replayed: false, position: { version: 2 } });
      const grown = await grownBy(store, () => sent(server, 'agreeToPosition', agreement(positionId)));
      expect(grown).toEqual({ auditEvents: 1 });
    });

    it('by everyone is required for a funding, in part and in a batch too', async () => {
      const { server, deal } = scene;
      const { positionId } = await openContract(server, deal, CONTRACT);
      await sent(server, 'agreeToPosition', agreement(positionId));
      const missing = 'The agreement of PAYEE span-builders to the terms is missing.';
      const tries = [
        ['fundPosition', {}],
        ['fundPosition', { amount: '1' }],
        ['transitionPosition', { toState: 'FUNDED' }],
      ] as const;
      for (const [name, input] of tries) {
        expect(await send(server, name, { positionId, ...input })).toMatchObject({
          code: 'CONFLICT',
          path: null,
          message: missing,
        });
      }
      const APPLY = `mutation ($input: ApplyPositionsInput!) { applyPositions(input: $input) { ... on ApplyPositionsPayload {
        committed results { status error { code message } } } } }`;
      const { data } = await server.ask(APPLY, { input: { operations: [{ fund: { positionId } }] } });
      expect(data).toEqual({
        applyPositions: {
          committed: false,
          results: [{ status: 'REFUSED', error: { code: 'CONFLICT', message: missing } }],
        },
      });
      await sent(server, 'agreeToPosition', agreement(positionId, PAYEE.reference));
      await sent(server, 'fundPosition', { positionId, amount: '1' });
    });

    it('names the first five parties that are missing', async () => {
      const { server, deal } = scene;
      const payees = Array.from({ length: 7 }, (_each, n) => ({ role: 'PAYEE', reference: `payee-${n}` }));
      const milestones = payees.map(({ reference }) => ({
        title: reference,
        amount: '100',
        payeeReference: reference,
      }));
      const terms = { parties: [PAYER, ...payees], milestones, agreementRequired: true };
      const { positionId } = await openContract(server, deal, terms, '700.00');
      const names = ['PAYER city-works', ...[0, 1, 2, 3].map((n) => `PAYEE payee-${n}`)].join(', ');
      expect((await send(server, 'fundPosition', { positionId })).message).toBe(
        `The agreement of ${names} and 3 more to the terms is missing.`,
      );
    });
  });

  describe('amendPosition', () => {
    it('is not possible once the position is funded, closed or past its expiry', async () => {
      const { server, deal } = scene;
      const terms = { parties: PARTIES };
      const { positionId } = await openContract(server, deal, terms);
      await sent(server, 'fundPosition', { positionId, amount: '1' });
      const { positionId: cancelled } = await openContract(server, deal, terms);
      await sent(server, 'cancelPosition', { positionId: cancelled });
      const { positionId: late } = await openContract(server, deal, terms);
      await sent(server, 'amendPosition', { positionId: late, expiresAt: new Date(server.now + 1_000).toISOString() });
      server.now += 1_000;
      for (const id of [positionId, cancelled, late]) {
        expect(await send(server, 'amendPosition', { positionId: id, terms })).toMatchObject({
          code: 'CONFLICT',
          path: null,
        });
        expect(await send(server, 'amendPosition', { positionId: id, expiresAt: null })).toMatchObject({
          code: 'CONFLICT',
        });
        expect(
          await send(server, 'agreeToPosition', agreement(id, PAYER.reference, id === late ? 2 : 1)),
        ).toMatchObject({ code: 'CONFLICT' });
      }
    });

    it('replaces the terms as a whole, with new milestones, and a changed expiry clears the agreements too', async () => {
      const { server, deal } = scene;
      const { positionId, milestoneIds } = await openContract(server, deal, CONTRACT);
      await sent(server, 'agreeToPosition', agreement(positionId));
      const expiresAt = new Date(server.now + 86_400_000).toISOString();
      const later = await sent(server, 'amendPosition', {
        positionId,
        expiresAt,
        reason: 'delay',
        metadata: { by: 'city' },
      });
      expect(later.event).toMatchObject({ move: 'AMEND', ledgerEvent: { kind: 'POSITION_CHANGED', postings: [] } });
      expect(later.position).toMatchObject({
        expiresAt,
        terms: { version: 2, agreed: false, agreementRequired: true },
      });
      const nodes = later.position.terms?.milestones.nodes ?? [];
      expect(nodes.map(({ amount }) => amount.amount)).toEqual(['400.00', '600.00']);
      expect(milestoneIds).not.toContain(nodes[0]?.id);
      const bare = await sent(server, 'amendPosition', { positionId, terms: { parties: PARTIES } });
      expect(bare.position.terms).toMatchObject({
        version: 3,
        agreed: false,
        agreementRequired: false,
        fees: [],
        milestones: { totalCount: 0 },
      });
      const { data } = await server.ask('query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Milestone { state } } }', {
        ids: [...milestoneIds, nodes[0]?.id],
      });
      expect(data).toEqual({ nodes: [{ state: 'REPLACED' }, { state: 'REPLACED' }, { state: 'REPLACED' }] });
    });

    it('gives terms to a position without any, or only another expiry', async () => {
      const { server, deal } = scene;
      const { positionId } = await openContract(server, deal, undefined);
      const expiresAt = new Date(server.now + 86_400_000).toISOString();
      expect((await sent(server, 'amendPosition', { positionId, expiresAt })).position).toMatchObject({
        expiresAt,
        terms: null,
        version: 2,
      });
      const amended = await sent(server, 'amendPosition', { positionId, terms: { parties: PARTIES }, expiresAt: null });
      expect(amended.position).toMatchObject({ expiresAt: null, terms: { version: 1 } });
    });
  });

  it('the order of refusals is version, transition, conflict, then amounts and milestones', async () => {
    const { server, deal } = scene;
    const { positionId } = await openContract(server, deal, CONTRACT);
    const bad = { positionId, amount: '5000' };
    expect(await send(server, 'fundPosition', { ...bad, expectedVersion: 9 })).toMatchObject({
      code: 'STALE_VERSION',
      path: ['expectedVersion'],
    });
    expect(await send(server, 'fundPosition', bad)).toMatchObject({ code: 'CONFLICT' });
    expect(await send(server, 'refundPosition', { ...bad, expectedVersion: 9 })).toMatchObject({
      code: 'STALE_VERSION',
    });
    expect(await send(server, 'refundPosition', { ...bad, milestoneId: 'x' })).toMatchObject({ code: 'CONFLICT' });
    expect(await send(server, 'releasePosition', { ...bad, milestoneId: 'x' })).toMatchObject({
      code: 'ILLEGAL_TRANSITION',
    });
    const terms = { ...CONTRACT, milestones: milestonesOf('1') };
    expect(await send(server, 'amendPosition', { positionId, terms, expectedVersion: 9 })).toMatchObject({
      code: 'STALE_VERSION',
    });
    for (const { reference } of PARTIES) await sent(server, 'agreeToPosition', agreement(positionId, reference));
    expect(pathsOf(await send(server, 'fundPosition', bad))).toEqual(['amount']);
    await sent(server, 'fundPosition', { positionId });
    expect(await send(server, 'amendPosition', { positionId, terms })).toMatchObject({ code: 'CONFLICT' });
  });

  describe('with an idempotency key', () => {
    it('refundPosition, amendPosition and agreeToPosition return the first result again', async () => {
      const { server, store, deal } = scene;
      const { positionId } = await openContract(server, deal, CONTRACT);
      const repeat = async (name: string, input: object, other: object): Promise<void> => {
        const keyed = { ...input, idempotencyKey: `key of ${name}` };
        const first = await sent(server, name, keyed);
        const grown = await grownBy(store, async () => {
          expect(await sent(server, name, keyed)).toEqual({ ...first, replayed: true });
        });
        expect(grown).toEqual({});
        server.now += 60_000;
        expect(await send(server, name, { ...keyed, ...other })).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
      };
      await repeat(
        'amendPosition',
        { positionId, terms: CONTRACT },
        { terms: { ...CONTRACT, retainagePercentage: '0' } },
      );
      await repeat('agreeToPosition', agreement(positionId, PAYER.reference, 2), { partyReference: PAYEE.reference });
      await sent(server, 'agreeToPosition', agreement(positionId, PAYEE.reference, 2));
      const { position } = await sent(server, 'fundPosition', { positionId });
      const milestoneId = position.terms?.milestones.nodes[0]?.id;
      await repeat('refundPosition', { positionId, milestoneId, amount: '5.0' }, { amount: '6' });
      const spelled = { positionId, milestoneId, amount: '5.00', idempotencyKey: 'key of refundPosition' };
      expect(await sent(server, 'refundPosition', spelled)).toMatchObject({
        replayed: true,
        event: { moved: { amount: '5.00' } },
      });
    });

    it('a repeated agreement is replayed with its null event, and a conflict as a conflict', async () => {
      const { server, deal } = scene;
      const { positionId } = await openContract(server, deal, CONTRACT);
      await sent(server, 'agreeToPosition', agreement(positionId));
      const keyed = { ...agreement(positionId), idempotencyKey: 'repeated' };
      for (const replayed of [false, true]) {
        expect(await sent(server, 'agreeToPosition', keyed)).toMatchObject({
          event: null,
          ledgerEvent: null,
          replayed,
        });
      }
      const refund = { positionId, all: true, idempotencyKey: 'too early' };
      expect(await send(server, 'refundPosition', refund)).toMatchObject({ code: 'CONFLICT' });
      await sent(server, 'agreeToPosition', agreement(positionId, PAYEE.reference));
      await sent(server, 'fundPosition', { positionId });
      expect(await send(server, 'refundPosition', refund)).toMatchObject({ code: 'CONFLICT' });
    });
  });

  it('a read-only API key and another institution can change nothing', async () => {
    const { server, deal, other } = scene;
    const { positionId } = await openContract(server, deal, CONTRACT);
    const tries = [
      ['amendPosition', { positionId, terms: { parties: PARTIES } }],
      ['agreeToPosition', agreement(positionId)],
      ['refundPosition', { positionId, all: true }],
    ] as const;
    for (const [name, input] of tries) {
      await as(server, { role: 'READ_ONLY', institutionId: deal.institution.id }, async () => {
        expect(await send(server, name, input)).toMatchObject({ code: 'FORBIDDEN' });
      });
      await as(server, { role: 'ADMIN', institutionId: other.institution.id }, async () => {
        expect(await send(server, name, input)).toMatchObject({ code: 'NOT_FOUND', path: ['positionId'] });
      });
    }
  });

  it('subscribers receive agreements, amendments, partial fundings and refunds with their events', async () => {
    const { server, deal } = scene;
    const { positionId } = await openContract(server, deal, CONTRACT);
    const ends: (() => Promise<void>)[] = [];
    const client = clientOf(sse, await listening(server, (end) => ends.push(end)));
    afterAll(() => Promise.all(ends.map((end) => end())));
    const received = client.ask(CHANGED, { id: positionId });
    expect(await changes(received, 1)).toMatchObject([{ kind: 'CAUGHT_UP' }]);
    await sent(server, 'amendPosition', { positionId, terms: CONTRACT });
    for (const { reference } of PARTIES) await sent(server, 'agreeToPosition', agreement(positionId, reference, 2));
    await sent(server, 'agreeToPosition', agreement(positionId, PAYER.reference, 2));
    await sent(server, 'fundPosition', { positionId, amount: '500' });
    await sent(server, 'refundPosition', { positionId, all: true });
    const seen = await changes(received, 5);
    expect(seen.map(({ event }) => event)).toEqual([
      { move: 'AMEND', partyReference: null, sequence: 2 },
      { move: 'AGREE', partyReference: PAYER.reference, sequence: 3 },
      { move: 'AGREE', partyReference: PAYEE.reference, sequence: 4 },
      { move: 'FUND', partyReference: null, sequence: 5 },
      { move: 'REFUND', partyReference: null, sequence: 6 },
    ]);
  });
});
