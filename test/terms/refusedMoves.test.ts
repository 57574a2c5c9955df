import { describe, expect, it } from 'vitest';
import { as, sceneOn, UNKNOWN } from '../support/accounting.ts';
import { makeDeal } from '../support/deal.ts';
import { onBothStores } from '../support/stores.ts';
import {
  amountsOf,
  fundContract,
  milestonesOf,
  openContract,
  PARTIES,
  pathsOf,
  postingsOf,
  send,
  sent,
} from './terms.ts';

const CONTRACT = { parties: PARTIES, milestones: milestonesOf('400', '350', '250'), retainagePercentage: '10' };
const fees = (...all: readonly object[]): object => ({ fees: all.map((fee, n) => ({ name: `Fee ${n}`, ...fee })) });

onBothStores((open) => {
  const scene = sceneOn(open);

  describe('funding', () => {
    it('more than is due is rejected with the amount due, and a part of it can follow', async () => {
      const { server, deal } = scene;
      const { positionId } = await openContract(server, deal, CONTRACT);
      const over = await send(server, 'fundPosition', { positionId, amount: '1000.01' });
      expect(over.issues).toEqual([{ path: ['amount'], message: 'must be at most the amount due, 1000.00 USD.' }]);
      await sent(server, 'fundPosition', { positionId, amount: '999.99' });
      const { position } = await sent(server, 'fundPosition', { positionId, amount: '0.01' });
      expect(position).toMatchObject({ state: 'FUNDED', fundedAt: expect.any(String) });
      expect(await send(server, 'fundPosition', { positionId, amount: '0.01' })).toMatchObject({
        code: 'ILLEGAL_TRANSITION',
        from: 'FUNDED',
        to: 'FUNDED',
      });
    });

    it.each(['0', '-1', '0.001', '1e2'])('an amount of %s is rejected', async (amount) => {
      const { server, deal } = scene;
      const { positionId } = await openContract(server, deal, CONTRACT);
      expect(pathsOf(await send(server, 'fundPosition', { positionId, amount }))).toEqual(['amount']);
    });

    it('refunds do not increase the amount due', async () => {
      const { server, deal } = scene;
      const { positionId } = await openContract(server, deal, { parties: PARTIES });
      await sent(server, 'fundPosition', { positionId, amount: '600.00' });
      const refunded = await sent(server, 'refundPosition', { positionId, amount: '100.00' });
      expect(refunded.position).toMatchObject({
        state: 'PARTIALLY_FUNDED',
        allowedTransitions: ['FUNDED', 'CANCELLED', 'EXPIRED'],
      });
      const over = await send(server, 'fundPosition', { positionId, amount: '400.01' });
      expect(over.issues?.[0]?.message).toBe('must be at most the amount due, 400.00 USD.');
      const { position } = await sent(server, 'fundPosition', { positionId });
      expect(amountsOf(position)).toMatchObject({ funded: '1000.00', held: '900.00', refunded: '100.00' });
    });

    it('PARTIALLY_FUNDED is no target of transitionPosition, and nothing is released from it', async () => {
      const { server, deal } = scene;
      const { positionId, milestoneIds } = await openContract(server, deal, CONTRACT);
      expect(await send(server, 'transitionPosition', { positionId, toState: 'PARTIALLY_FUNDED' })).toMatchObject({
        code: 'ILLEGAL_TRANSITION',
        allowedTransitions: ['FUNDED', 'CANCELLED', 'EXPIRED'],
      });
      await sent(server, 'fundPosition', { positionId, amount: '999.99' });
      const [milestoneId] = milestoneIds;
      const early = await send(server, 'releasePosition', { positionId, milestoneId, amount: '1' });
      expect(early).toMatchObject({ code: 'ILLEGAL_TRANSITION', from: 'PARTIALLY_FUNDED', to: 'PARTIALLY_RELEASED' });
      expect(await send(server, 'releasePosition', { positionId, all: true })).toMatchObject({
        code: 'ILLEGAL_TRANSITION',
        to: 'RELEASED',
      });
    });
  });

  describe('milestones', () => {
    it('a release or refund of a position with milestones names one, unless it is of everything', async () => {
      const { server, deal } = scene;
      const { positionId } = await fundContract(server, deal, CONTRACT);
      for (const name of ['releasePosition', 'refundPosition']) {
        expect(pathsOf(await send(server, name, { positionId, amount: '5' }))).toEqual(['milestoneId']);
      }
      const toState = 'PARTIALLY_RELEASED';
      expect(pathsOf(await send(server, 'transitionPosition', { positionId, toState, amount: '5' }))).toEqual([
        'toState',
      ]);
    });

    it('a milestone is released once, and never beyond its remainder', async () => {
      const { server, deal } = scene;
      const { positionId, milestoneIds } = await fundContract(server, deal, CONTRACT);
      const [milestoneId] = milestoneIds;
      const over = await send(server, 'releasePosition', { positionId, milestoneId, amount: '400.01' });
      expect(over.issues).toEqual([
        { path: ['amount'], message: 'must be at most what is left of the milestone, 400.00 USD.' },
      ]);
      await sent(server, 'releasePosition', { positionId, milestoneId, amount: '100' });
      await sent(server, 'refundPosition', { positionId, milestoneId, amount: '50' });
      expect(pathsOf(await send(server, 'refundPosition', { positionId, milestoneId, amount: '250.01' }))).toEqual([
        'amount',
      ]);
      const rest = await sent(server, 'releasePosition', { positionId, milestoneId, all: true });
      expect(rest.position.terms?.milestones.nodes[0]).toMatchObject({
        earned: { amount: '350.00' },
        refunded: { amount: '50.00' },
        state: 'CLOSED',
      });
      for (const name of ['releasePosition', 'refundPosition']) {
        const message = 'must be the id of an open milestone; this one is closed.';
        const again = await send(server, name, { positionId, milestoneId, all: true });
        expect(again.issues).toEqual([{ path: ['milestoneId'], message }]);
      }
    });

    it('a milestone of another position, another institution or earlier terms is not found', async () => {
      const { server, deal } = scene;
      const foreign = await makeDeal(server);
      const { positionId, milestoneIds: earlier } = await openContract(server, deal, CONTRACT);
      await sent(server, 'amendPosition', { positionId, terms: CONTRACT });
      await sent(server, 'fundPosition', { positionId });
      const other = await fundContract(server, deal, CONTRACT);
      const others = await fundContract(server, foreign, CONTRACT);
      const undivided = await fundContract(server, deal, { parties: PARTIES });
      await as(server, { role: 'ADMIN', institutionId: deal.institution.id }, async () => {
        const ids = [other.milestoneIds[0], others.milestoneIds[0], earlier[0], UNKNOWN, 'nonsense', ''];
        for (const milestoneId of ids) {
          const message = 'must be the id of a milestone of the position.';
          const result = await send(server, 'releasePosition', { positionId, milestoneId, all: true });
          expect(result.issues).toEqual([{ path: ['milestoneId'], message }]);
          expect(pathsOf(await send(server, 'refundPosition', { positionId, milestoneId, amount: '1' }))).toEqual([
            'milestoneId',
          ]);
        }
        const input = { positionId: undivided.positionId, milestoneId: other.milestoneIds[0], all: true };
        expect(pathsOf(await send(server, 'releasePosition', input))).toEqual(['milestoneId']);
      });
    });
  });

  describe('refunds', () => {
    it('take only what is available, never what is retained', async () => {
      const { server, deal } = scene;
      const { positionId } = await fundContract(server, deal, { parties: PARTIES, retainagePercentage: '10' });
      await sent(server, 'releasePosition', { positionId, amount: '400' });
      const over = await send(server, 'refundPosition', { positionId, amount: '600.01' });
      expect(over).toMatchObject({
        code: 'INSUFFICIENT_FUNDS',
        held: { amount: '640.00' },
        available: { amount: '600.00' },
        requested: { amount: '600.01' },
      });
      const rest = await sent(server, 'refundPosition', { positionId, all: true });
      expect(rest.position).toMatchObject({
        state: 'PARTIALLY_RELEASED',
        held: { amount: '40.00' },
        available: { amount: '0.00' },
      });
      expect(await send(server, 'refundPosition', { positionId, amount: '1' })).toMatchObject({ code: 'CONFLICT' });
      expect(await send(server, 'releasePosition', { positionId, amount: '1' })).toMatchObject({
        code: 'INSUFFICIENT_FUNDS',
      });
      const last = await sent(server, 'releasePosition', { positionId, all: true });
      expect(postingsOf(last.event)).toEqual(['RETAINAGE -40.00', 'PAYEE 40.00']);
      expect(last.position.state).toBe('RELEASED');
    });

    it('need money in escrow and an open position', async () => {
      const { server, deal } = scene;
      const { positionId } = await openContract(server, deal, CONTRACT);
      expect(await send(server, 'refundPosition', { positionId, all: true })).toMatchObject({
        code: 'CONFLICT',
        message: 'Nothing is available for a refund.',
      });
      await sent(server, 'fundPosition', { positionId, amount: '500' });
      const refunded = await sent(server, 'refundPosition', { positionId, all: true });
      expect(refunded.position).toMatchObject({ state: 'CANCELLED', closedAt: expect.any(String) });
      expect(refunded.position.terms?.milestones.nodes.map((each) => [each.refunded.amount, each.state])).toEqual([
        ['400.00', 'CLOSED'],
        ['100.00', 'CLOSED'],
        ['0.00', 'CLOSED'],
      ]);
      expect(await send(server, 'refundPosition', { positionId, all: true })).toMatchObject({
        code: 'ILLEGAL_TRANSITION',
        from: 'CANCELLED',
        to: 'CANCELLED',
      });
    });

    it.each([{}, { amount: '5', all: true }, { all: false }])(
      'need exactly one of amount and all: %j',
      async (input) => {
        const { server, deal } = scene;
        const { positionId } = await fundContract(server, deal, undefined);
        expect(pathsOf(await send(server, 'refundPosition', { positionId, ...input }))).toEqual(['amount']);
      },
    );

    it('work on a position without terms, whose amounts stay as they were', async () => {
      const { server, deal } = scene;
      const { positionId } = await fundContract(server, deal, undefined, '100.00');
      const { position, event } = await sent(server, 'refundPosition', {
        positionId,
        amount: '40',
        paymentReference: 'SEPA-7',
      });
      expect(position).toMatchObject({ state: 'FUNDED', terms: null });
      expect(event).toMatchObject({ move: 'REFUND', paymentReference: 'SEPA-7', moved: { amount: '40.00' } });
      expect(amountsOf(position)).toEqual({
        funded: '100.00',
        held: '60.00',
        available: '60.00',
        retained: '0.00',
        released: '0.00',
        refunded: '40.00',
        fees: '0.00',
      });
    });
  });

  describe('retainage at the end', () => {
    it('prevents a cancellation and goes to the payee at expiry', async () => {
      const { server, deal } = scene;
      const { positionId, milestoneIds } = await fundContract(server, deal, CONTRACT);
      const [milestoneId] = milestoneIds;
      await sent(server, 'releasePosition', { positionId, milestoneId, all: true });
      for (const [name, input] of [
        ['cancelPosition', {}],
        ['transitionPosition', { toState: 'CANCELLED' }],
      ] as const) {
        expect(await send(server, name, { positionId, ...input })).toMatchObject({ code: 'CONFLICT', path: null });
      }
      const { position, event } = await sent(server, 'expirePosition', { positionId });
      expect(event).toMatchObject({ move: 'EXPIRE', moved: { amount: '640.00' }, retained: { amount: '-40.00' } });
      expect(postingsOf(event)).toEqual(['ESCROW -600.00', 'PAYER 600.00', 'RETAINAGE -40.00', 'PAYEE 40.00']);
      expect(amountsOf(position)).toMatchObject({ held: '0.00', released: '400.00', refunded: '600.00' });
    });

    it('goes to the payee when the position expires by itself', async () => {
      const { server, deal } = scene;
      const { positionId, milestoneIds } = await fundContract(server, deal, CONTRACT);
      const { positionId: unfunded } = await openContract(server, deal, CONTRACT);
      const expiresAt = new Date(server.now + 1_000).toISOString();
      await sent(server, 'amendPosition', { positionId: unfunded, expiresAt });
      const { positionId: due, milestoneIds: parts } = await openContract(server, deal, CONTRACT);
      await sent(server, 'amendPosition', { positionId: due, expiresAt, terms: CONTRACT });
      const { position } = await sent(server, 'fundPosition', { positionId: due });
      const milestoneId = position.terms?.milestones.nodes[0]?.id;
      expect(parts).not.toContain(milestoneId);
      await sent(server, 'releasePosition', { positionId: due, milestoneId, amount: '100' });
      server.now += 1_000;
      expect(await send(server, 'refundPosition', { positionId: due, all: true })).toMatchObject({
        code: 'ILLEGAL_TRANSITION',
        to: 'CANCELLED',
        allowedTransitions: ['EXPIRED'],
      });
      expect(await server.app.expireDue()).toBe(2);
      const QUERY =
        'query ($id: ID!) { position(id: $id) { state released { amount } refunded { amount } retained { amount } } }';
      const { data } = await server.ask(QUERY, { id: due });
      expect(data).toEqual({
        position: {
          state: 'EXPIRED',
          released: { amount: '100.00' },
          refunded: { amount: '900.00' },
          retained: { amount: '0.00' },
        },
      });
      await sent(server, 'releasePosition', { positionId, milestoneId: milestoneIds[0], all: true });
    });
  });

  describe('small amounts', () => {
    it('a fee that is larger than a release takes all of it and the rest from the next', async () => {
      const { server, deal } = scene;
      const { positionId } = await fundContract(
        server,
        deal,
        { parties: PARTIES, ...fees({ bearer: 'PAYEE', fixed: '30' }) },
        '100.00',
      );
      const seen = [];
      for (const amount of ['10', '15', '25']) {
        const { event } = await sent(server, 'releasePosition', { positionId, amount });
        seen.push([event?.moved?.amount ?? null, event?.fee?.amount ?? null, ...postingsOf(event)]);
      }
      expect(seen).toEqual([
        [null, '10.00', 'ESCROW -10.00', 'FEE 10.00'],
        [null, '15.00', 'ESCROW -15.00', 'FEE 15.00'],
        ['20.00', '5.00', 'ESCROW -25.00', 'PAYEE 20.00', 'FEE 5.00'],
      ]);
    });

    it('one cent with three fees is rounded once', async () => {
      const { server, deal } = scene;
      const terms = {
        parties: PARTIES,
        ...fees(
          { bearer: 'PAYEE', percentage: '20' },
          { bearer: 'PAYEE', percentage: '20' },
          { bearer: 'PAYEE', percentage: '10' },
        ),
      };
      const { positionId } = await fundContract(server, deal, terms, '0.01');
      const { position, event } = await sent(server, 'releasePosition', { positionId, all: true });
      expect(postingsOf(event)).toEqual(['ESCROW -0.01', 'FEE 0.01']);
      expect(event).toMatchObject({ toState: 'RELEASED', moved: null, fee: { amount: '0.01' } });
      expect(amountsOf(position)).toMatchObject({ released: '0.00', fees: '0.01' });
    });

    it('33.33 % of yen is cumulated, so that three thirds withhold what one release withholds', async () => {
      const { server } = scene;
      const deal = await makeDeal(server, { config: { currency: 'JPY', region: 'US' } });
      const terms = {
        parties: PARTIES,
        retainagePercentage: '33.33',
        ...fees({ bearer: 'PAYER', percentage: '33.33' }),
      };
      const { positionId, position } = await fundContract(server, deal, terms, '100', 'JPY');
      expect(amountsOf(position)).toMatchObject({ funded: '133', held: '100', fees: '33' });
      const retained = [];
      for (const amount of ['33', '33', '33']) {
        const { event } = await sent(server, 'releasePosition', { positionId, amount });
        retained.push(event?.retained?.amount);
      }
      expect(retained).toEqual(['11', '11', '11']);
      const last = await sent(server, 'releasePosition', { positionId, all: true });
      expect(postingsOf(last.event)).toEqual(['ESCROW -1', 'RETAINAGE -33', 'PAYEE 34']);
    });

    it('100 % retainage leaves nothing to the payee until the final release', async () => {
      const { server, deal } = scene;
      const { positionId } = await fundContract(
        server,
        deal,
        { parties: PARTIES, retainagePercentage: '100' },
        '10.00',
      );
      const { position, event } = await sent(server, 'releasePosition', { positionId, amount: '10' });
      expect(position).toMatchObject({
        state: 'PARTIALLY_RELEASED',
        retained: { amount: '10.00' },
        released: { amount: '0.00' },
      });
      expect(postingsOf(event)).toEqual(['ESCROW -10.00', 'RETAINAGE 10.00']);
      expect(event).toMatchObject({ moved: null });
      expect((await sent(server, 'releasePosition', { positionId, all: true })).position.state).toBe('RELEASED');
    });
  });
});
