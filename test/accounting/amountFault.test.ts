import { expect, it } from 'vitest';
import type { PositionState } from '../../src/domain/lifecycle.ts';
import { type Effects, type LifecycleEvent, newLifecycleEvent } from '../../src/domain/lifecycleEvent.ts';
import { SYSTEM } from '../../src/domain/viewer.ts';
import { amountFault } from '../../src/verify/amounts.ts';
import { contract, plain } from '../domain/contracts.ts';

const { position } = contract();
const note = { reason: null, metadata: {} };

/** Returns events with these effects, each of which leads to the state. */
const eventsOf = (...steps: readonly (readonly [Effects, PositionState])[]): readonly LifecycleEvent[] =>
  steps.map(([effects, state], index) =>
    newLifecycleEvent(`evt_${index + 1}`, position, { ...position, state, sequence: index + 1 }, effects, note, SYSTEM),
  );

it.each([
  [
    'more than the agreed amount is funded',
    eventsOf([{ move: 'FUND', moved: 100_003n, fee: 2n }, 'FUNDED']),
    'was funded 100001 of 100000 after event 1',
  ],
  [
    'more than is available is refunded',
    eventsOf([{ move: 'FUND', moved: 10n }, 'PARTIALLY_FUNDED'], [{ move: 'REFUND', moved: 11n }, 'CANCELLED']),
    'has a negative amount after event 2: available -1',
  ],
  [
    'more than is retained is paid',
    eventsOf(
      [{ move: 'FUND', moved: 100_000n }, 'FUNDED'],
      [{ move: 'RELEASE', moved: 99_991n, retained: -1n }, 'RELEASED'],
    ),
    'has a negative amount after event 2: retained -1',
  ],
  [
    'the last event leaves money in a closed position',
    eventsOf([{ move: 'FUND', moved: 100_000n }, 'FUNDED'], [{ move: 'RELEASE', moved: 99_999n }, 'RELEASED']),
    'is RELEASED after event 2, but its amounts make it PARTIALLY_RELEASED',
  ],
  [
    'only the fee of the payee makes a release a partial one',
    eventsOf([{ move: 'FUND', moved: 100_000n }, 'FUNDED'], [{ move: 'RELEASE', fee: 1n }, 'FUNDED']),
    'is FUNDED after event 2, but its amounts make it PARTIALLY_RELEASED',
  ],
  [
    'the position has another principal',
    eventsOf([{ move: 'FUND', moved: 10n, fee: 3n }, 'PARTIALLY_FUNDED']),
    'has a principal of 0, its events 7',
  ],
])('events are reported if %s', (_what, events, sentence) => {
  expect(amountFault(position, events)).toBe(sentence);
});

it('a position without terms that has retained money or fees is reported', () => {
  const sentence = 'has retained money or fees, but no terms';
  expect(amountFault({ ...plain().position, fees: 1n }, [])).toBe(sentence);
  expect(amountFault({ ...plain().position, retained: 1n }, [])).toBe(sentence);
  expect(amountFault(plain().position, [])).toBeUndefined();
});
