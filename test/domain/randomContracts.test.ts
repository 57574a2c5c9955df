import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LEDGER_ACCOUNT_KINDS, type LedgerAccountKind, legsOf } from '../../src/domain/ledgerEvent.ts';
import {
  canLead,
  isTerminal,
  POSITION_MOVES,
  POSITION_STATES,
  type PositionState,
} from '../../src/domain/lifecycle.ts';
import { newLifecycleEvent } from '../../src/domain/lifecycleEvent.ts';
import { type Advance, advance, type Move } from '../../src/domain/move.ts';
import type { Position } from '../../src/domain/position.ts';
import { UserError } from '../../src/domain/userErrors.ts';
import { SYSTEM } from '../../src/domain/viewer.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';
import { type Contract, withMilestones } from './contracts.ts';
import { DEADLINE, NOW } from './fixtures.ts';
import { contracts } from './randomContracts.ts';

/** One attempt. The amount is in thousandths of what is due, available or left of the milestone. */
interface Attempt {
  readonly target: Move['toState'];
  readonly amount: number | 'none' | 'too fine' | 'one unit';
  /** The index of the milestone; none, or one of another position. */
  readonly milestone: number | 'none' | 'foreign';
  readonly late: boolean;
}

const attempts: fc.Arbitrary<Attempt> = fc.record({
  target: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('FUND', 'FUND', 'BY_AMOUNT', 'BY_AMOUNT', 'REFUND') },
    { weight: 1, arbitrary: fc.constantFrom('CANCELLED', 'EXPIRED', 'RELEASED', 'FUNDED', 'PARTIALLY_RELEASED') },
    { weight: 1, arbitrary: fc.constantFrom(...POSITION_STATES) },
  ),
  amount: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 700 }) },
    { weight: 6, arbitrary: fc.constantFrom<Attempt['amount'][]>('none', 'none', 'one unit', 1_000) },
    { weight: 1, arbitrary: fc.constantFrom<Attempt['amount'][]>('too fine', 1_001, 3_000) },
  ),
  milestone: fc.oneof(
    { weight: 8, arbitrary: fc.nat(4) },
    { weight: 3, arbitrary: fc.constantFrom<Attempt['milestone'][]>('none') },
    { weight: 1, arbitrary: fc.constantFrom<Attempt['milestone'][]>('foreign') },
  ),
  late: fc.nat(40).map((n) => n === 0),
});

const DIGITS: Readonly<Record<string, number>> = { USD: 2, JPY: 0, KWD: 3, CLF: 4 };

/** Returns the move of an attempt. Undivided positions get no milestone, except one of another position. */
function moveOf({ target, amount, milestone }: Attempt, { position, terms }: Contract): Move {
  const milestones = terms?.milestones ?? [];
  const chosen = typeof milestone === 'number' ? milestones[milestone % Math.max(1, milestones.length)] : undefined;
  const milestoneId = milestone === 'foreign' ? 'mil_other' : chosen?.id;
  const takesMilestone = target === 'BY_AMOUNT' || target === 'REFUND';
  const own = { toState: target, ...(takesMilestone && milestoneId !== undefined && { milestoneId }) };
  const takesAmount = takesMilestone || target === 'FUND' || target === 'PARTIALLY_RELEASED';
  if (amount === 'too fine') return { ...own, amount: { units: 1n, scale: 5 } };
  if (amount === 'none' || (!takesAmount && amount !== 3_000)) return { ...own, amount: null };
  const scale = DIGITS[position.currency] ?? 0;
  if (amount === 'one unit') return { ...own, amount: { units: 1n, scale } };
  const base =
    target === 'FUND'
      ? position.amount - principalOf(position)
      : takesMilestone && chosen
        ? chosen.amount - chosen.earned - chosen.refunded
        : position.held - position.retained;
  return { ...own, amount: { units: (base * BigInt(amount) + 999n) / 1_000n || 1n, scale } };
}

const principalOf = ({ termsVersion, principal, held, released, refunded }: Position): bigint =>
  termsVersion === null ? held + released + refunded : principal;

/** An independent calculation of a percentage: the whole part, and one more if at least half is left. */
function share(text: string | null, amount: bigint): bigint {
  const [whole = '0', fraction = ''] = (text ?? '0').split('.');
  return roundedShare(BigInt(whole + fraction.padEnd(4, '0')), amount);
}
const roundedShare = (rate: bigint, amount: bigint): bigint =>
  (rate * amount) / 1_000_000n + ((rate * amount) % 1_000_000n >= 500_000n ? 1n : 0n);

/** All fees of the bearer on everything that it paid so far; none before the first payment. */
function feesOn({ terms }: Contract, bearer: 'PAYER' | 'PAYEE', amount: bigint): bigint {
  const own = terms?.terms.fees.filter((fee) => fee.bearer === bearer) ?? [];
  const rate = own.reduce((sum, { percentage }) => sum + share(percentage, 1_000_000n), 0n);
  const fixed = own.reduce((sum, fee) => sum + BigInt((fee.fixed ?? '0').replace('.', '')), 0n);
  return amount === 0n ? 0n : fixed + roundedShare(rate, amount);
}

/** The balances of the accounts, and what entered and left, from the legs and events alone. */
class Ledger {
  readonly balances = new Map<LedgerAccountKind, bigint>(LEDGER_ACCOUNT_KINDS.map((kind) => [kind, 0n]));
  paidIn = 0n;
  paidOut = 0n;
  earned = 0n;
  payeeFees = 0n;

  post(before: Position, done: Advance): void {
    const note = { reason: null, metadata: {} };
    const event = newLifecycleEvent('evt_1', before, done.position, done, note, SYSTEM);
    const legs = legsOf(event);
    must(legs.reduce((sum, [, amount]) => sum + amount, 0n) === 0n, 'the legs of an event add up to zero');
    must(new Set(legs.map(([kind]) => kind)).size === legs.length, 'an event has one leg per account');
    for (const [kind, amount] of legs) this.balances.set(kind, this.of(kind) + amount);
    const moved = event.moved ?? 0n;
    must(event.moved === null || event.moved > 0n, 'an event moves nothing less than zero');
    must((event.fee ?? 1n) > 0n, 'a fee is positive');
    if (done.move === 'FUND') this.paidIn += moved;
    else this.paidOut += moved;
    if (done.move === 'RELEASE') {
      this.earned += moved + (event.fee ?? 0n) + (event.retained ?? 0n);
      this.payeeFees += event.fee ?? 0n;
    }
  }

  of(kind: LedgerAccountKind): bigint {
    return this.balances.get(kind) ?? 0n;
  }
}

function must(isTrue: boolean, sentence: string): void {
  if (!isTrue) throw new Error(`This does not hold: ${sentence}.`);
}

/** The state that follows from the amounts after a move. */
function expectedState(kind: Advance['move'], after: Position, earned: bigint): PositionState {
  if (after.held === 0n) {
    if (kind === 'RELEASE') return 'RELEASED';
    return kind === 'EXPIRE' ? 'EXPIRED' : 'CANCELLED';
  }
  if (principalOf(after) < after.amount) return 'PARTIALLY_FUNDED';
  return earned > 0n ? 'PARTIALLY_RELEASED' : 'FUNDED';
}

function mustHold(before: Contract, after: Contract, done: Advance, ledger: Ledger): void {
  const { held, retained, released, refunded, fees, state, amount, sequence, version } = after.position;
  const principal = principalOf(after.position);
  const funded = held + released + refunded + fees;
  for (const term of [held, retained, held - retained, released, refunded, fees, principal, amount - principal]) {
    must(term >= 0n, 'no amount is negative, and no more than the agreed amount is funded');
  }
  must(ledger.of('ESCROW') === held - retained, 'ESCROW = held - retained');
  must(ledger.of('RETAINAGE') === retained, 'RETAINAGE = retained');
  must(ledger.of('FEE') === fees, 'FEE = fees');
  must(ledger.of('PAYEE') === released, 'PAYEE = released');
  must(-ledger.of('PAYER') === funded - refunded, '-PAYER = funded - refunded');
  must(ledger.paidIn === funded, 'what was moved by fundings is what was funded');
  must(ledger.paidOut === released + refunded, 'what other moves moved was released or refunded');
  must(sequence === before.position.sequence + 1 && version === before.position.version + 1, 'changes are counted');
  must(canLead(done.move, before.position.state, state), 'the transition is one of the table');
  must(state === expectedState(done.move, after.position, ledger.earned), 'the state follows from the amounts');
  must((held === 0n) === isTerminal(state), 'a position is open as long as it holds money');
  chargesMustHold(before, after, done, ledger);
  milestonesMustHold(after, ledger);
}

/** Checks the retained amount, the fees and the payout against an independent calculation. */
function chargesMustHold(before: Contract, after: Contract, done: Advance, ledger: Ledger): void {
  const { position, terms } = after;
  const isOpen = !isTerminal(position.state);
  const rate = terms?.terms.retainagePercentage ?? null;
  if (isOpen) must(position.retained === share(rate, ledger.earned), 'the share of everything earned is retained');
  else must(position.retained === 0n, 'a closed position retains nothing');
  const payerFees = position.fees - ledger.payeeFees;
  must(payerFees === feesOn(after, 'PAYER', principalOf(position)), 'the payer paid all its fees');
  if (done.move !== 'RELEASE') return;
  const gross = done.moved + (done.fee ?? 0n) + (done.retained ?? 0n);
  const open = feesOn(after, 'PAYEE', ledger.earned) - (ledger.payeeFees - (done.fee ?? 0n));
  const most = gross - (done.retained ?? 0n);
  const fee = done.fee ?? 0n;
  must(fee === (open < most ? open : most), 'the fee is what is open, and at most what is paid');
  must(done.moved + fee === most, 'what is neither retained nor charged is paid');
  must(gross >= 0n && gross <= before.position.held, 'no release exceeds what is held');
}

function milestonesMustHold({ position, terms }: Contract, ledger: Ledger): void {
  const milestones = terms?.milestones ?? [];
  if (milestones.length === 0) return;
  const sum = (field: 'amount' | 'earned' | 'refunded') => milestones.reduce((all, each) => all + each[field], 0n);
  must(sum('amount') === position.amount, 'the milestones add up to the amount of the position');
  must(sum('earned') === ledger.earned, 'the milestones earned what was released, retained and charged');
  must(sum('refunded') === position.refunded, 'what was refunded is refunded of the milestones');
  for (const { amount, earned, refunded, state } of milestones) {
    const left = amount - earned - refunded;
    must(earned >= 0n && refunded >= 0n && left >= 0n, 'no milestone exceeds its amount');
    must((state === 'CLOSED') === (left === 0n || isTerminal(position.state)), 'a milestone with a remainder is open');
  }
}

/** Returns the advance, or the user error. A refused move must not change its arguments. */
function answerOf({ position, terms }: Contract, move: Move, isLate: boolean): Advance | UserError {
  const seen = { ...position };
  try {
    return advance(position, move, isLate ? DEADLINE : NOW, terms);
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    must(
      (Object.keys(seen) as (keyof Position)[]).every((field) => seen[field] === position[field]),
      'a refused move changes nothing',
    );
    return thrown;
  }
}

test('after any moves of any contract, every invariant of the money holds', async () => {
  const paths = new Set<string>();
  const refusals = new Set<string>();
  let operations = 0;
  const count = COUNTS.movesPerContract;
  const lives = fc.array(attempts, { minLength: count, maxLength: count });
  await checked(
    COUNTS.contracts,
    fc.property(contracts, lives, (born, life) => {
      let [current, ledger] = [born, new Ledger()];
      for (const each of life) {
        operations += 1;
        // A closed contract is tried once more, and then starts again.
        const isOver = isTerminal(current.position.state);
        const answer = answerOf(current, moveOf(each, current), each.late);
        if (answer instanceof UserError) {
          refusals.add(answer.constructor.name);
          if (isOver) [current, ledger] = [born, new Ledger()];
          continue;
        }
        must(!isOver, 'a closed position does not move');
        ledger.post(current.position, answer);
        const next = { position: answer.position, terms: withMilestones(current.terms, answer.milestones) };
        mustHold(current, next, answer, ledger);
        paths.add(`${answer.move}: ${current.position.state} -> ${answer.position.state}`);
        current = next;
      }
    }),
  );
  expect(operations).toBeGreaterThanOrEqual(COUNTS.contracts * count);
  // The random moves covered every row of the transition table and every user error, and no other.
  const kinds = POSITION_MOVES.filter((kind) => !['CREATE', 'AGREE', 'AMEND'].includes(kind));
  const rows = kinds.flatMap((kind) =>
    POSITION_STATES.flatMap((from) =>
      POSITION_STATES.flatMap((to) => (canLead(kind, from, to) ? [`${kind}: ${from} -> ${to}`] : [])),
    ),
  );
  expect([...paths].toSorted()).toEqual(rows.toSorted());
  const errors = ['ConflictError', 'IllegalTransitionError', 'InsufficientFundsError', 'ValidationError'];
  expect([...refusals].toSorted()).toEqual(errors);
});
