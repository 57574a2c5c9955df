import { describe, expect, test } from 'vitest';
import { amounts, type Contract, contract, moved, through } from './contracts.ts';
import { DEADLINE, faultsOf, moveTo, refusalOf } from './fixtures.ts';

const MILESTONES = [
  { title: 'Foundation', amount: '300' },
  { title: 'Walls', amount: '500' },
  { title: 'Roof', amount: '200' },
];

/** 1000.00 in three milestones with 10 % retainage, fully funded. */
const bridge = (): Contract => through(contract({ milestones: MILESTONES, retainagePercentage: '10' }), moveTo('FUND'));

/** The earned and refunded amounts of each milestone, and its state. */
const milestonesOf = ({ terms }: Contract) =>
  terms?.milestones.map(({ earned, refunded, state }) => [earned, refunded, state]);

const release = (milestoneId: string, amount?: string) => moveTo('BY_AMOUNT', amount, milestoneId);
const refund = (milestoneId: string, amount?: string) => moveTo('REFUND', amount, milestoneId);

describe('releases of milestones', () => {
  test('a part, the remainder and the final release', () => {
    const part = moved(bridge(), release('mil_1', '100'));
    expect(part.done).toMatchObject({ moved: 9_000n, retained: 1_000n, milestoneId: 'mil_1' });
    expect(milestonesOf(part)).toEqual([
      [10_000n, 0n, 'OPEN'],
      [0n, 0n, 'OPEN'],
      [0n, 0n, 'OPEN'],
    ]);
    const rest = moved(part, release('mil_1'));
    expect(rest.done).toMatchObject({ moved: 18_000n, retained: 2_000n });
    expect(rest.done.milestones).toMatchObject([{ id: 'mil_1', version: 3 }]);
    expect(milestonesOf(rest)?.[0]).toEqual([30_000n, 0n, 'CLOSED']);
    const last = moved(through(rest, refund('mil_2', '50')), moveTo('BY_AMOUNT'));
    expect(last.position).toMatchObject({ state: 'RELEASED', released: 95_000n, refunded: 5_000n });
    expect(milestonesOf(last)).toEqual([
      [30_000n, 0n, 'CLOSED'],
      [45_000n, 5_000n, 'CLOSED'],
      [20_000n, 0n, 'CLOSED'],
    ]);
    // Only milestones that changed are written.
    expect(last.done.milestones.map(({ id }) => id)).toEqual(['mil_2', 'mil_3']);
  });

  test('the release of the last milestone keeps what is retained until the final release', () => {
    const all = through(bridge(), release('mil_3'), release('mil_1'), release('mil_2'));
    expect(all.position.state).toBe('PARTIALLY_RELEASED');
    expect(amounts(all)).toEqual([10_000n, 10_000n, 90_000n, 0n, 0n]);
    const last = moved(all, moveTo('RELEASED'));
    expect(last.done).toMatchObject({ moved: 10_000n, retained: -10_000n, milestones: [] });
    expect(last.position.state).toBe('RELEASED');
  });

  test('without retainage, the release of the last milestone leads to RELEASED', () => {
    const born = contract({ milestones: MILESTONES });
    const ended = through(born, moveTo('FUND'), release('mil_1'), release('mil_2'), release('mil_3'));
    expect(ended.position.state).toBe('RELEASED');
    expect(milestonesOf(ended)?.map(([, , state]) => state)).toEqual(['CLOSED', 'CLOSED', 'CLOSED']);
  });

  test.each([
    [
      'an amount without a milestone',
      moveTo('BY_AMOUNT', '1'),
      'milestoneId: is required, because the position has milestones.',
    ],
    [
      'a milestone of another position',
      release('mil_9', '1'),
      'milestoneId: must be the id of a milestone of the position.',
    ],
    [
      'a closed milestone',
      release('mil_1', '1'),
      'milestoneId: must be the id of an open milestone; this one is closed.',
    ],
    [
      'the remainder of a closed milestone',
      release('mil_1'),
      'milestoneId: must be the id of an open milestone; this one is closed.',
    ],
    [
      'more than is left of the milestone',
      release('mil_2', '400.01'),
      'amount: must be at most what is left of the milestone, 400.00 USD.',
    ],
    ['an amount with too many decimals', release('mil_2', '0.001'), 'amount: must have at most 2 decimals in USD.'],
    [
      'the state PARTIALLY_RELEASED',
      moveTo('PARTIALLY_RELEASED', '1'),
      'toState: must not be PARTIALLY_RELEASED for a position with milestones; use releasePosition.',
    ],
    [
      'the state PARTIALLY_RELEASED without an amount',
      moveTo('PARTIALLY_RELEASED'),
      'toState: must not be PARTIALLY_RELEASED for a position with milestones; use releasePosition.',
    ],
    [
      'a refund without a milestone',
      moveTo('REFUND', '1'),
      'milestoneId: is required, because the position has milestones.',
    ],
    [
      'a refund of a milestone of another position',
      refund('mil_9'),
      'milestoneId: must be the id of a milestone of the position.',
    ],
    [
      'a refund of a closed milestone',
      refund('mil_1', '1'),
      'milestoneId: must be the id of an open milestone; this one is closed.',
    ],
    [
      'a refund of more than is left',
      refund('mil_2', '401'),
      'amount: must be at most what is left of the milestone, 400.00 USD.',
    ],
  ])('%s is a ValidationError', (_what, move, fault) => {
    const before = through(bridge(), release('mil_1'), release('mil_2', '100'));
    expect(faultsOf(() => moved(before, move))).toEqual([fault]);
  });

  test('a milestone of a position without milestones is a ValidationError', () => {
    const funded = through(contract(), moveTo('FUND'));
    const fault = 'milestoneId: must be the id of a milestone of the position.';
    expect(faultsOf(() => moved(funded, release('mil_1')))).toEqual([fault]);
    expect(faultsOf(() => moved(funded, refund('mil_1', '1')))).toEqual([fault]);
  });
});

describe('refunds, cancellation and expiry with milestones', () => {
  test('a refund of a milestone takes its remainder, or an amount of it', () => {
    const after = through(bridge(), refund('mil_2', '1.50'), refund('mil_2'), refund('mil_1', '300'));
    expect(after.position).toMatchObject({ state: 'FUNDED', held: 20_000n, refunded: 80_000n });
    expect(milestonesOf(after)).toEqual([
      [0n, 30_000n, 'CLOSED'],
      [0n, 50_000n, 'CLOSED'],
      [0n, 0n, 'OPEN'],
    ]);
  });

  test('a partly funded position refunds at most what is available of a milestone', () => {
    const partly = through(contract({ milestones: MILESTONES }), moveTo('FUND', '100'));
    expect(refusalOf(() => moved(partly, refund('mil_1')))).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      available: { minorUnits: 10_000n },
      requested: { minorUnits: 30_000n },
    });
    expect(milestonesOf(moved(partly, refund('mil_2', '99')))?.[1]).toEqual([0n, 9_900n, 'OPEN']);
  });

  test.each(['REFUND', 'CANCELLED', 'EXPIRED'] as const)(
    '%s of a partly funded position fills the milestones in order',
    (target) => {
      const partly = through(contract({ milestones: MILESTONES }), moveTo('FUND', '400'), refund('mil_2', '50'));
      const ended = moved(partly, moveTo(target));
      expect(milestonesOf(ended)).toEqual([
        [0n, 30_000n, 'CLOSED'],
        [0n, 10_000n, 'CLOSED'],
        [0n, 0n, 'CLOSED'],
      ]);
      expect(ended.position.refunded).toBe(40_000n);
      // Each milestone that changed is one version further, also one that was refunded and closed at once.
      expect(ended.done.milestones.map(({ id, version }) => [id, version])).toEqual([
        ['mil_1', 2],
        ['mil_2', 3],
        ['mil_3', 2],
      ]);
    },
  );

  test('an expiry with retained money refunds the remainders and leaves what was earned', () => {
    const ended = moved(through(bridge(), release('mil_2', '100'), release('mil_3')), moveTo('EXPIRED'), DEADLINE);
    expect(ended.position).toMatchObject({ state: 'EXPIRED', released: 30_000n, refunded: 70_000n, retained: 0n });
    expect(milestonesOf(ended)).toEqual([
      [0n, 30_000n, 'CLOSED'],
      [10_000n, 40_000n, 'CLOSED'],
      [20_000n, 0n, 'CLOSED'],
    ]);
  });

  test('a refund of everything with retained money closes the milestones and not the position', () => {
    const after = moved(through(bridge(), release('mil_2', '100')), moveTo('REFUND'));
    expect(after.position).toMatchObject({ state: 'PARTIALLY_RELEASED', held: 1_000n, retained: 1_000n });
    expect(milestonesOf(after)).toEqual([
      [0n, 30_000n, 'CLOSED'],
      [10_000n, 40_000n, 'CLOSED'],
      [0n, 20_000n, 'CLOSED'],
    ]);
  });

  test('a cancellation of a position that was never funded closes its milestones', () => {
    const ended = moved(contract({ milestones: MILESTONES }), moveTo('CANCELLED'));
    expect(milestonesOf(ended)).toEqual([0, 1, 2].map(() => [0n, 0n, 'CLOSED']));
  });
});

describe('the agreement of the parties', () => {
  const parties = [
    { role: 'PAYER', reference: 'owner' },
    ...['a', 'b', 'c', 'd', 'e', 'f'].map((reference) => ({ role: 'PAYEE', reference }) as const),
    { role: 'OBSERVER', reference: 'bank' },
  ] as const;
  const milestones = parties
    .slice(1, 7)
    .map(({ reference }) => ({ title: reference, amount: '10', payeeReference: reference }));
  const born = () => contract({ parties, milestones, agreementRequired: true }, '60');

  /** Returns the contract to which these parties have agreed. */
  const agreedBy = (...references: readonly string[]): Contract => {
    const { position, terms } = born();
    if (!terms) throw new Error('The contract has no terms.');
    const agreed = terms.parties.map((party) =>
      references.includes(party.reference) ? { ...party, agreedAt: 1 } : party,
    );
    return { position, terms: { ...terms, parties: agreed } };
  };

  test('funding without any agreement is a ConflictError that names the first five missing parties', () => {
    const facts = {
      code: 'CONFLICT',
      message: 'The agreement of PAYER owner, PAYEE a, PAYEE b, PAYEE c, PAYEE d and 2 more to the terms is missing.',
    };
    for (const move of [moveTo('FUND'), moveTo('FUNDED'), moveTo('FUND', '1')]) {
      expect(refusalOf(() => moved(born(), move))).toMatchObject(facts);
    }
  });

  test('funding is possible once every PAYER and PAYEE has agreed', () => {
    const almost = agreedBy('owner', 'a', 'b', 'c', 'd', 'f');
    expect(refusalOf(() => moved(almost, moveTo('FUND')))).toMatchObject({
      message: 'The agreement of PAYEE e to the terms is missing.',
    });
    expect(moved(agreedBy('owner', 'a', 'b', 'c', 'd', 'e', 'f'), moveTo('FUND')).position.state).toBe('FUNDED');
    expect(moved(contract(), moveTo('FUND')).position.state).toBe('FUNDED');
  });

  test('a position without the agreements can be cancelled and expire', () => {
    expect(moved(born(), moveTo('CANCELLED')).position.state).toBe('CANCELLED');
    expect(moved(born(), moveTo('EXPIRED')).position.state).toBe('EXPIRED');
  });
});

describe('the order of user errors of a move with terms', () => {
  const partly = () => through(bridge(), release('mil_1', '100'));
  test.each([
    [
      'state before agreement',
      () => moved(contract({ agreementRequired: true }), moveTo('FUND'), DEADLINE),
      'ILLEGAL_TRANSITION',
    ],
    [
      'agreement before the amount due',
      () => moved(contract({ agreementRequired: true }), moveTo('FUND', '9999')),
      'CONFLICT',
    ],
    [
      'agreement before decimals',
      () => moved(contract({ agreementRequired: true }), moveTo('FUND', '0.001')),
      'CONFLICT',
    ],
    [
      'agreement before an amount that is not allowed',
      () => moved(contract({ agreementRequired: true }), moveTo('FUNDED', '1')),
      'CONFLICT',
    ],
    ['state before retained money', () => moved(partly(), moveTo('CANCELLED'), DEADLINE), 'ILLEGAL_TRANSITION'],
    [
      'retained money before an amount that is not allowed',
      () => moved(partly(), moveTo('CANCELLED', '1')),
      'CONFLICT',
    ],
    [
      'nothing available before the milestone',
      () => moved(contract({ milestones: MILESTONES }), refund('mil_9', '1.001')),
      'CONFLICT',
    ],
    [
      'the milestone before the available amount',
      () => moved(partly(), moveTo('BY_AMOUNT', '9999')),
      'VALIDATION_FAILED',
    ],
    [
      'the remainder before the available amount',
      () => moved(through(contract({ milestones: MILESTONES }), moveTo('FUND', '1')), refund('mil_1', '300.01')),
      'VALIDATION_FAILED',
    ],
    [
      'the available amount last',
      () => moved(through(contract({ milestones: MILESTONES }), moveTo('FUND', '1')), refund('mil_1', '300')),
      'INSUFFICIENT_FUNDS',
    ],
  ])('%s', (_what, act, code) => {
    expect(refusalOf(act).code).toBe(code);
  });
});
