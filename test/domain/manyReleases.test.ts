import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTerminal } from '../../src/domain/lifecycle.ts';
import type { Move } from '../../src/domain/move.ts';
import { amountsOf } from '../../src/domain/positionAmounts.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';
import { type Contract, moved } from './contracts.ts';
import { type ContractChoices, contractChoices, contractOf, divided } from './randomContracts.ts';

const DIGITS: Readonly<Record<string, number>> = { USD: 2, JPY: 0, KWD: 3, CLF: 4 };

const sizes = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 12 });

const scenarios = fc.record({
  choices: contractChoices,
  fundings: sizes,
  releases: sizes,
  /** The thousandths of the amount that are released before the final release. */
  share: fc.oneof(fc.constant(1_000), fc.integer({ min: 1, max: 999 })),
  /** Whether the first releases are of one minor unit each. */
  tiny: fc.nat(6),
});

const moveOf = ({ position }: Contract, toState: Move['toState'], units: bigint, milestoneId?: string): Move => ({
  toState,
  amount: { units, scale: DIGITS[position.currency] ?? 0 },
  ...(milestoneId !== undefined && { milestoneId }),
});

/** Releases the amount, of the milestones in their order if there are any. */
function released(before: Contract, amount: bigint): Contract {
  let [now, left] = [before, amount];
  for (const { id, amount: whole, earned } of before.terms?.milestones ?? []) {
    const part = whole - earned < left ? whole - earned : left;
    if (part > 0n) now = moved(now, moveOf(now, 'BY_AMOUNT', part, id));
    left -= part;
  }
  return left > 0n ? moved(now, moveOf(now, 'BY_AMOUNT', left)) : now;
}

/** The last release, unless what was released before was everything. */
const final = (before: Contract): Contract =>
  isTerminal(before.position.state) ? before : moved(before, { toState: 'RELEASED', amount: null });

const abs = (amount: bigint): bigint => (amount < 0n ? -amount : amount);

test('many small fundings and releases end at the cent where one large one ends', async () => {
  let [all, equal] = [0, 0];
  await checked(
    COUNTS.releasedContracts,
    fc.property(scenarios, ({ choices, fundings, releases, share, tiny }) => {
      const { amount } = choices;
      // Several payees need milestones, which the contract that is released at once does not have.
      const own: ContractChoices = { ...choices, payees: 1, agreement: 'given' };
      const gross = (amount * BigInt(share) + 999n) / 1_000n;
      const units = gross > BigInt(tiny) ? tiny : 0;
      const parts = [...Array<bigint>(units).fill(1n), ...divided(gross - BigInt(units), releases)];

      let small = contractOf(own);
      for (const part of divided(amount, fundings)) small = moved(small, moveOf(small, 'FUND', part));
      for (const part of parts) small = released(small, part);
      const funded = moved(contractOf({ ...own, parts: [] }), { toState: 'FUND', amount: null });
      const large = released(funded, gross);

      const [many, once] = [small.position, large.position];
      expect(many.principal).toBe(once.principal);
      expect(amountsOf(many).payerFees).toBe(amountsOf(once).payerFees);
      expect(amountsOf(many).earned).toBe(amountsOf(once).earned);
      expect(many.retained).toBe(once.retained);
      // A release of a few minor units may be too small for its fee. Then at most one minor unit is carried longer.
      const difference = amountsOf(once).payeeFees - amountsOf(many).payeeFees;
      expect(difference === 0n || difference === 1n).toBe(true);
      expect(abs(many.released - once.released)).toBe(difference);
      all += 1;
      if (difference === 0n) equal += 1;

      const [lastOfMany, lastOfOnce] = [final(small), final(large)].map(({ position }) => {
        const { state, held, retained, released: paid, refunded, fees } = position;
        return { state, held, retained, paid, refunded, fees };
      });
      expect(lastOfMany).toEqual(lastOfOnce);
    }),
  );
  process.stdout.write(
    `\nThe fees of ${equal} of ${all} contracts were equal before the final release, and of all after it.\n`,
  );
  expect(equal).toBeGreaterThan(all * 0.9);
});
