import { describe, expect, it } from 'vitest';
import { verify } from '../../src/verify/verify.ts';
import { seededOn } from '../support/seededDifferences.ts';
import type { TestServer } from '../support/server.ts';
import { sent } from '../terms/terms.ts';

const PARTIES = [
  { role: 'PAYER', reference: 'city-works' },
  { role: 'PAYEE', reference: 'span-builders' },
  { role: 'OBSERVER', reference: 'surveyor' },
];

/** A contract in three milestones with retainage and fees of both parties, which must agree to it. */
const BRIDGE = {
  parties: PARTIES,
  milestones: [
    { title: 'Foundations', amount: '400' },
    { title: 'Deck', amount: '350' },
    { title: 'Handover', amount: '250' },
  ],
  fees: [
    { name: 'Platform fee', bearer: 'PAYEE', percentage: '0.5' },
    { name: 'Account fee', bearer: 'PAYER', fixed: '12' },
  ],
  retainagePercentage: '10',
  agreementRequired: true,
};

async function opened(server: TestServer, assetId: string, terms: object) {
  const amount = { amount: '1000.00', currencyCode: 'USD' };
  const { position } = await sent(server, 'createPosition', { assetId, holderReference: 'holder', amount, terms });
  return position.id;
}

/** Amended after an agreement, agreed to, funded in two parts, released and refunded in part: ten events. */
async function bridgeOf(server: TestServer, assetId: string): Promise<string> {
  const positionId = await opened(server, assetId, BRIDGE);
  const agree = (partyReference: string, termsVersion: number) =>
    sent(server, 'agreeToPosition', { positionId, partyReference, termsVersion });
  await agree('city-works', 1);
  const { position } = await sent(server, 'amendPosition', { positionId, terms: BRIDGE });
  await agree('city-works', 2);
  await agree('span-builders', 2);
  await sent(server, 'fundPosition', { positionId, amount: '600' });
  await sent(server, 'fundPosition', { positionId });
  const [first, second, third] = position.terms?.milestones.nodes.map(({ id }) => id) ?? [];
  await sent(server, 'releasePosition', { positionId, milestoneId: first, all: true });
  await sent(server, 'releasePosition', { positionId, milestoneId: second, amount: '100' });
  await sent(server, 'refundPosition', { positionId, milestoneId: third, amount: '50' });
  return positionId;
}

type Planted = readonly [
  string,
  'bridge' | 'partly' | 'cancelled' | 'expired',
  (id: string) => readonly string[],
  RegExp,
];

const event = (id: string, sequence: number) => `position_id = '${id}' and sequence = ${sequence}`;
const changed = (table: string, changes: string, where: string) => `update ${table} set ${changes} where ${where}`;
const leg = (id: string, sequence: number, kind: string) =>
  `account_kind = '${kind}' and ledger_event_id = (select id from ledger_events where ${event(id, sequence)})`;
const party = (id: string, version: number, ordinal: number) =>
  `terms_id = '${id}_${version}' and ordinal = ${ordinal}`;
const milestone = (id: string, version: number, sequence: number) =>
  `terms_id = '${id}_${version}' and sequence = ${sequence}`;

const AMOUNTS: readonly Planted[] = [
  [
    'the retained amount',
    'bridge',
    (id) => [changed('positions', 'retained = retained - 1', `id = '${id}'`)],
    /retains 4999, its postings 5000$/,
  ],
  [
    'the fees',
    'bridge',
    (id) => [changed('positions', 'fees = fees + 1', `id = '${id}'`)],
    /has charged fees of 1451, its postings 1450$/,
  ],
  [
    'the principal',
    'cancelled',
    (id) => [changed('positions', 'principal = principal + 1', `id = '${id}'`)],
    /has a principal of 40001, its events 40000$/,
  ],
  [
    'the amount, so that the state does not follow',
    'expired',
    (id) => [changed('positions', 'amount = amount + 1', `id = '${id}'`)],
    /is FUNDED after event 2, but its amounts make it PARTIALLY_FUNDED$/,
  ],
  [
    'the kind of a move',
    'bridge',
    (id) => [changed('lifecycle_events', "move = 'REFUND'", event(id, 8))],
    /went from FUNDED to PARTIALLY_RELEASED by REFUND in event 8$/,
  ],
  [
    'the kind of a ledger event',
    'bridge',
    (id) => [changed('ledger_events', "kind = 'POSITION_STATE_CHANGED'", event(id, 10))],
    /has a ledger event 10 of kind POSITION_STATE_CHANGED, not POSITION_CHANGED$/,
  ],
  [
    'the fee of an event',
    'bridge',
    (id) => [changed('lifecycle_events', 'fee = fee - 1, moved = moved + 1', event(id, 8))],
    /in event 8, where its amounts are those of ESCROW -40000, FEE 199, PAYEE 35801, RETAINAGE 4000$/,
  ],
  [
    'the retained amount of an event',
    'expired',
    (id) => [changed('lifecycle_events', 'retained = retained + 1, moved = moved - 1', event(id, 3))],
    /in event 3, where its amounts are those of ESCROW -25000, PAYEE 22499, RETAINAGE 2501$/,
  ],
  [
    'postings of two events that make up for each other',
    'bridge',
    (id) => [
      changed('postings', 'amount = amount + 1', leg(id, 8, 'FEE')),
      changed('postings', 'amount = amount - 1', leg(id, 8, 'PAYEE')),
      changed('postings', 'amount = amount - 1', leg(id, 9, 'FEE')),
      changed('postings', 'amount = amount + 1', leg(id, 9, 'PAYEE')),
    ],
    /has the postings ESCROW -40000, FEE 201, PAYEE 35799, RETAINAGE 4000 in event 8, where/,
  ],
  [
    'an amount of an agreement',
    'bridge',
    (id) => [changed('lifecycle_events', 'moved = 5', event(id, 4))],
    /has amounts in event 4, but AGREE moves no money$/,
  ],
];

const AGREEMENTS: readonly Planted[] = [
  [
    'a missing version of the terms',
    'bridge',
    (id) => [`delete from terms where position_id = '${id}' and version = 1`],
    /has 1 versions of its terms, but its current one is 2$/,
  ],
  [
    'another current version of the terms',
    'bridge',
    (id) => [changed('positions', 'terms_version = 1', `id = '${id}'`)],
    /has 2 versions of its terms, but its current one is 1$/,
  ],
  [
    'another number of a version of the terms',
    'bridge',
    (id) => [changed('terms', 'version = 3', `position_id = '${id}' and version = 1`)],
    /has no version 1 of its terms$/,
  ],
  [
    'a version of the terms without an amendment',
    'partly',
    (id) => [
      `insert into terms select institution_id, id || '0', position_id, 2, fees, null, false, created_at from terms where position_id = '${id}'`,
      changed('positions', 'terms_version = 2', `id = '${id}'`),
    ],
    /has version 2 of its terms after 0 amendments$/,
  ],
  [
    'a missing agreement',
    'bridge',
    (id) => [changed('parties', 'agreed_at = null', party(id, 2, 1))],
    /has another agreement of party 1 in version 2 of its terms than its event 4$/,
  ],
  [
    'the time of an agreement',
    'bridge',
    (id) => [changed('parties', "agreed_at = agreed_at + interval '1 ms'", party(id, 2, 2))],
    /has another agreement of party 2 in version 2 of its terms than its event 5$/,
  ],
  [
    'an agreement without an event, to an earlier version',
    'bridge',
    (id) => [changed('parties', 'agreed_at = created_at', party(id, 1, 2))],
    /has an agreement of party 2 in version 1 of its terms, but no event of it$/,
  ],
  [
    'an agreement of another party',
    'bridge',
    (id) => [changed('lifecycle_events', "party_reference = 'surveyor'", event(id, 4))],
    /has an agreement in event 4 by no party of its terms$/,
  ],
  [
    'two agreements of one party',
    'bridge',
    (id) => [changed('lifecycle_events', "party_reference = 'city-works'", event(id, 5))],
    /has a second agreement of party 1 in event 5$/,
  ],
  [
    'a missing party',
    'bridge',
    (id) => [`delete from parties where ${party(id, 2, 3)}`, changed('parties', 'ordinal = 3', party(id, 2, 2))],
    /has no party number 2 in version 2 of its terms$/,
  ],
  [
    'a funding before the agreements that the terms require',
    'partly',
    (id) => [changed('terms', 'agreement_required = true', `position_id = '${id}'`)],
    /was funded without the agreements that its terms require$/,
  ],
];

const CHARGES: readonly Planted[] = [
  [
    'the fees of the terms',
    'partly',
    (id) => [changed('terms', `fees = replace(fees::text, '12.00', '13.00')::json`, `position_id = '${id}'`)],
    /charged 1200 in event 2, its terms 1300$/,
  ],
  [
    'the retainage percentage of the terms',
    'expired',
    (id) => [changed('terms', "retainage_percentage = '11'", `position_id = '${id}'`)],
    /retained 2500 in event 3, its terms 2750$/,
  ],
];

const MILESTONES: readonly Planted[] = [
  [
    'the amount of a milestone',
    'bridge',
    (id) => [changed('milestones', 'amount = amount + 1', milestone(id, 2, 2))],
    /has an amount of 100000, but its milestones add up to 100001$/,
  ],
  [
    'the earned amount of a milestone',
    'bridge',
    (id) => [changed('milestones', 'earned = earned + 1', milestone(id, 2, 2))],
    /has a milestone 2 that earned 10001, its events 10000$/,
  ],
  [
    'the refunded amount of a milestone',
    'bridge',
    (id) => [changed('milestones', 'refunded = refunded - 1', milestone(id, 2, 3))],
    /has a milestone 3 that refunded 4999, its events 5000$/,
  ],
  [
    'the state of a milestone',
    'bridge',
    (id) => [changed('milestones', "state = 'CLOSED'", milestone(id, 2, 3))],
    /has a milestone 3 that is CLOSED, but its events make it OPEN$/,
  ],
  [
    'the currency of a milestone',
    'bridge',
    (id) => [changed('milestones', "currency = 'EUR'", milestone(id, 2, 3))],
    /is in USD, its milestone 3 in EUR$/,
  ],
  [
    'a missing milestone',
    'bridge',
    (id) => [`delete from milestones where ${milestone(id, 2, 2)}`],
    /has no milestone number 2$/,
  ],
  [
    'a milestone of earlier terms that was not replaced',
    'bridge',
    (id) => [changed('milestones', "state = 'OPEN'", milestone(id, 1, 3))],
    /has a milestone 3 of version 1 of its terms that is not replaced$/,
  ],
  [
    'another milestone of a refund',
    'bridge',
    (id) => [
      changed(
        'lifecycle_events',
        `milestone_id = (select id from milestones where ${milestone(id, 2, 2)})`,
        event(id, 10),
      ),
    ],
    /has a milestone 2 that refunded 0, its events 5000$/,
  ],
  [
    'a refund without its milestone, which fills the first ones',
    'bridge',
    (id) => [changed('lifecycle_events', 'milestone_id = null', event(id, 10))],
    /has a milestone 2 that refunded 0, its events 5000$/,
  ],
  [
    'a release of a milestone that has less',
    'bridge',
    (id) => [
      changed(
        'lifecycle_events',
        `milestone_id = (select id from milestones where ${milestone(id, 2, 1)})`,
        event(id, 9),
      ),
    ],
    /moved more in event 9 than was left of milestone 1$/,
  ],
  [
    'a release without its milestone that is not the final one',
    'bridge',
    (id) => [changed('lifecycle_events', 'milestone_id = null', event(id, 9))],
    /released 10000 in event 9, where 60000 was left of its milestones$/,
  ],
  [
    'a milestone of another position',
    'bridge',
    (id) => [changed('lifecycle_events', "milestone_id = 'mil_other'", event(id, 10))],
    /has an event 10 of a milestone that it does not have$/,
  ],
];

describe('a difference of a position with terms, written to the database without the store', () => {
  const seeded = seededOn(async (server, { assetId }) => {
    const bridge = await bridgeOf(server, assetId);
    const fees = [{ name: 'Account fee', bearer: 'PAYER', fixed: '12' }];
    const partly = await opened(server, assetId, { parties: PARTIES, fees });
    const cancelled = await opened(server, assetId, { parties: PARTIES, fees });
    for (const positionId of [partly, cancelled]) await sent(server, 'fundPosition', { positionId, amount: '400' });
    await sent(server, 'cancelPosition', { positionId: cancelled });
    const expired = await opened(server, assetId, { parties: PARTIES, retainagePercentage: '10' });
    await sent(server, 'fundPosition', { positionId: expired });
    await sent(server, 'releasePosition', { positionId: expired, amount: '250' });
    await sent(server, 'expirePosition', { positionId: expired });
    return { bridge, partly, cancelled, expired };
  });

  it.each([...AMOUNTS, ...AGREEMENTS, ...CHARGES, ...MILESTONES])(
    'verification reports the position with a difference: %s',
    async (_what, name, statements, sentence) => {
      await seeded.run(...statements(seeded.ids[name]));
      const { difference } = await verify(seeded.store);
      expect(difference).toEqual({
        positionId: seeded.ids[name],
        message: expect.stringMatching(sentence) as string,
      });
    },
  );
});
