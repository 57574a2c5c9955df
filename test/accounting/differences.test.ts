import { describe, expect, it } from 'vitest';
import { verify } from '../../src/verify/verify.ts';
import { type SeededDifferences, seededDifferencesOn } from '../support/seededDifferences.ts';

describe('a difference written to the database without the store', () => {
  const seeded = seededDifferencesOn();

  const leg = (id: string, sequence: number, kind: string) =>
    `account_kind = '${kind}' and ledger_event_id = (select id from ledger_events where position_id = '${id}' and sequence = ${sequence})`;
  const legs = (id: string, sequence: number) =>
    `ledger_event_id = (select id from ledger_events where position_id = '${id}' and sequence = ${sequence})`;

  it.each<readonly [string, keyof SeededDifferences['ids'], (id: string) => readonly string[], RegExp]>([
    [
      'the amount of both postings of an event',
      'partly',
      (id) => [`update postings set amount = amount * 2 where ${legs(id, 3)}`],
      /moved 3000 in event 3, its postings 6000/,
    ],
    [
      'an unbalanced pair',
      'paid',
      (id) => [`update postings set amount = amount + 1 where ${leg(id, 2, 'ESCROW')}`],
      /postings of event 2 that add up to 1$/,
    ],
    [
      'a missing posting',
      'paid',
      (id) => [`delete from postings where ${leg(id, 3, 'PAYEE')}`],
      /postings of event 3 that add up to -4000/,
    ],
    [
      'both postings missing',
      'back',
      (id) => [`delete from postings where ${legs(id, 4)}`],
      /moved 9000 in event 4, its postings 0/,
    ],
    [
      'postings of an event that moved nothing',
      'agreed',
      (id) => [
        `insert into postings select institution_id, id || suffix, id, ordinal, l.account, amount, 'USD' from ledger_events, (values ('_1', 1, 'PAYER', -5), ('_2', 2, 'ESCROW', 5)) as l(suffix, ordinal, account, amount) where position_id = '${id}' and sequence = 1`,
      ],
      /moved 0 in event 1, its postings 5/,
    ],
    [
      'postings between the wrong accounts',
      'back',
      (id) => [`update postings set account_kind = 'PAYEE' where ${leg(id, 4, 'PAYER')}`],
      /released 1000, its postings 10000/,
    ],
    [
      'postings of another currency',
      'paid',
      (id) => [`update postings set currency = 'EUR' where ${legs(id, 2)}`],
      /is in USD, a posting of event 2 in EUR/,
    ],
    [
      'held',
      'partly',
      (id) => [`update positions set held = held - 1, released = released + 1 where id = '${id}'`],
      /holds 6849, its postings 6850/,
    ],
    [
      'released',
      'back',
      (id) => [`update positions set released = released + 1, refunded = refunded - 1 where id = '${id}'`],
      /has released 1001, its postings 1000/,
    ],
    [
      'a state',
      'paid',
      (id) => [`update positions set state = 'CANCELLED' where id = '${id}'`],
      /is CANCELLED, but its last event left it RELEASED/,
    ],
    [
      'a state that agrees with its amounts',
      'back',
      (id) => [`update positions set state = 'EXPIRED' where id = '${id}'`],
      /is EXPIRED, but its last event left it CANCELLED/,
    ],
    [
      'the time of funding',
      'paid',
      (id) => [`update positions set funded_at = funded_at + interval '1 ms' where id = '${id}'`],
      /has another fundedAt than its events/,
    ],
    [
      'a closing time of an open position',
      'partly',
      (id) => [`update positions set closed_at = updated_at where id = '${id}'`],
      /has another closedAt than its events/,
    ],
    [
      'a missing last event',
      'partly',
      (id) => [`delete from lifecycle_events where position_id = '${id}' and sequence = 4`],
      /has 3 events where its last is number 4/,
    ],
    [
      'a missing event in between',
      'paid',
      (id) => [
        `delete from lifecycle_events where position_id = '${id}' and sequence = 3`,
        `update positions set sequence = 3 where id = '${id}'`,
      ],
      /has no event number 3/,
    ],
    [
      'an event that does not continue from the one before',
      'paid',
      (id) => [`update lifecycle_events set from_state = 'CREATED' where position_id = '${id}' and sequence = 3`],
      /event 3 that does not follow/,
    ],
    [
      'a move that is not allowed',
      'paid',
      (id) => [
        `update lifecycle_events set to_state = 'CANCELLED' where position_id = '${id}' and sequence = 3`,
        `update lifecycle_events set from_state = 'CANCELLED' where position_id = '${id}' and sequence = 4`,
      ],
      /went from CANCELLED to RELEASED in event 4/,
    ],
    [
      'a missing ledger event',
      'back',
      (id) => [
        `delete from postings where ${legs(id, 4)}`,
        `delete from ledger_events where position_id = '${id}' and sequence = 4`,
      ],
      /has 4 events, but 3 ledger events/,
    ],
    [
      'a ledger event of another event',
      'agreed',
      (id) => [
        `update ledger_events set lifecycle_event_id = lifecycle_event_id || 'x' where position_id = '${id}' and sequence = 2`,
      ],
      /has no ledger event for its event 2/,
    ],
    [
      'a ledger event with other states',
      'agreed',
      (id) => [`update ledger_events set to_state = 'RELEASED' where position_id = '${id}' and sequence = 2`],
      /ledger event 2 of other states/,
    ],
  ])('verification reports the position with a difference: %s', async (_what, name, statements, sentence) => {
    await seeded.run(...statements(seeded.ids[name]));
    const { difference } = await verify(seeded.store);
    expect(difference).toEqual({ positionId: seeded.ids[name], message: expect.stringMatching(sentence) as string });
  });
});
