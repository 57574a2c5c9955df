import { expect, it } from 'vitest';
import { makeDeal } from '../support/deal.ts';
import { serve } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import { amountsOf, postingsOf, send, sent } from './terms.ts';

const TERMS = {
  parties: [
    { role: 'PAYER', reference: 'city-works' },
    { role: 'PAYEE', reference: 'span-builders' },
    { role: 'OBSERVER', reference: 'surveyor' },
  ],
  milestones: [
    { title: 'Foundations', amount: '400.00', dueAt: '2026-05-01T00:00:00.000Z' },
    { title: 'Deck', amount: '350' },
    { title: 'Handover', amount: '250.00', payeeReference: 'span-builders' },
  ],
  fees: [
    { name: 'Platform fee', bearer: 'PAYEE', percentage: '0.50' },
    { name: 'Account fee', bearer: 'PAYER', fixed: '12' },
  ],
  retainagePercentage: '10.0',
  agreementRequired: true,
};

onBothStores((open) => {
  it('a contract is agreed, funded in parts, released by milestone, refunded in part and released at last', async () => {
    const server = serve(await open());
    const deal = await makeDeal(server);
    const created = await sent(server, 'createPosition', {
      assetId: deal.assetId,
      holderReference: 'bridge',
      amount: { amount: '1000.00', currencyCode: 'USD' },
      terms: TERMS,
    });
    const positionId = created.position.id;
    expect(created.event).toMatchObject({ move: 'CREATE', ledgerEvent: { kind: 'POSITION_CREATED', postings: [] } });
    expect(created.position.terms).toMatchObject({
      version: 1,
      agreed: false,
      retainagePercentage: '10',
      fees: [
        { name: 'Platform fee', bearer: 'PAYEE', percentage: '0.5', fixed: null },
        { name: 'Account fee', bearer: 'PAYER', percentage: null, fixed: { amount: '12.00' } },
      ],
      milestones: { totalCount: 3 },
    });
    const milestones = created.position.terms?.milestones.nodes ?? [];
    expect(
      milestones.map(({ title, amount, payeeReference, state }) => [title, amount.amount, payeeReference, state]),
    ).toEqual([
      ['Foundations', '400.00', 'span-builders', 'OPEN'],
      ['Deck', '350.00', 'span-builders', 'OPEN'],
      ['Handover', '250.00', 'span-builders', 'OPEN'],
    ]);

    expect(await send(server, 'fundPosition', { positionId })).toMatchObject({
      code: 'CONFLICT',
      message: 'The agreement of PAYER city-works, PAYEE span-builders to the terms is missing.',
    });
    for (const partyReference of ['city-works', 'span-builders']) {
      const agreed = await sent(server, 'agreeToPosition', { positionId, partyReference, termsVersion: 1 });
      expect(agreed.event).toMatchObject({ move: 'AGREE', partyReference, ledgerEvent: { kind: 'POSITION_CHANGED' } });
    }
    const again = await sent(server, 'agreeToPosition', { positionId, partyReference: 'city-works', termsVersion: 1 });
    expect(again).toMatchObject({ event: null, position: { version: 3, terms: { agreed: true } } });

    const part = await sent(server, 'fundPosition', { positionId, amount: '600.00', paymentReference: 'SWIFT-1' });
    expect(part.event).toMatchObject({
      move: 'FUND',
      fromState: 'CREATED',
      toState: 'PARTIALLY_FUNDED',
      moved: { amount: '612.00' },
      fee: { amount: '12.00' },
      paymentReference: 'SWIFT-1',
    });
    expect(postingsOf(part.event)).toEqual(['PAYER -612.00', 'ESCROW 600.00', 'FEE 12.00']);
    expect(part.position.allowedTransitions).toEqual(['FUNDED', 'CANCELLED', 'EXPIRED']);
    expect(await send(server, 'releasePosition', { positionId, all: true })).toMatchObject({
      code: 'ILLEGAL_TRANSITION',
      from: 'PARTIALLY_FUNDED',
      to: 'RELEASED',
    });
    expect((await send(server, 'fundPosition', { positionId, amount: '400.01' })).issues).toEqual([
      { path: ['amount'], message: 'must be at most the amount due, 400.00 USD.' },
    ]);
    const rest = await sent(server, 'fundPosition', { positionId });
    expect(rest.event).toMatchObject({ toState: 'FUNDED', moved: { amount: '400.00' }, fee: null });

    const [first, second, third] = milestones.map(({ id }) => id);
    const whole = await sent(server, 'releasePosition', { positionId, milestoneId: first, all: true });
    expect(postingsOf(whole.event)).toEqual(['ESCROW -400.00', 'RETAINAGE 40.00', 'PAYEE 358.00', 'FEE 2.00']);
    expect(whole.event).toMatchObject({ toState: 'PARTIALLY_RELEASED', milestone: { sequence: 1 } });
    expect(whole.position.terms?.milestones.nodes[0]).toMatchObject({ earned: { amount: '400.00' }, state: 'CLOSED' });
    expect((await send(server, 'releasePosition', { positionId, milestoneId: first, amount: '1' })).issues).toEqual([
      { path: ['milestoneId'], message: 'must be the id of an open milestone; this one is closed.' },
    ]);
    const some = await sent(server, 'releasePosition', { positionId, milestoneId: second, amount: '100.00' });
    expect(postingsOf(some.event)).toEqual(['ESCROW -100.00', 'RETAINAGE 10.00', 'PAYEE 89.50', 'FEE 0.50']);
    const back = await sent(server, 'refundPosition', { positionId, milestoneId: third, amount: '50.00' });
    expect(back.event).toMatchObject({
      move: 'REFUND',
      toState: 'PARTIALLY_RELEASED',
      ledgerEvent: { kind: 'POSITION_CHANGED' },
    });
    expect(postingsOf(back.event)).toEqual(['ESCROW -50.00', 'PAYER 50.00']);
    expect(await send(server, 'cancelPosition', { positionId })).toMatchObject({ code: 'CONFLICT' });

    const last = await sent(server, 'releasePosition', { positionId, all: true });
    expect(last.event).toMatchObject({ toState: 'RELEASED', milestone: null, retained: { amount: '-50.00' } });
    expect(postingsOf(last.event)).toEqual(['ESCROW -450.00', 'RETAINAGE -50.00', 'PAYEE 497.75', 'FEE 2.25']);
    expect(amountsOf(last.position)).toEqual({
      funded: '1012.00',
      held: '0.00',
      available: '0.00',
      retained: '0.00',
      released: '945.25',
      refunded: '50.00',
      fees: '16.75',
    });
    expect(last.position.terms?.milestones.nodes.map(({ state }) => state)).toEqual(['CLOSED', 'CLOSED', 'CLOSED']);
    expect(server.faults).toEqual([]);
  });
});
