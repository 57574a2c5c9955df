import { describe, expect, test } from 'vitest';
import {
  allowedTransitions,
  isTerminal,
  LIFECYCLE,
  POSITION_STATES,
  type PositionState,
} from '../../src/domain/lifecycle.ts';
import { advance } from '../../src/domain/move.ts';
import { IllegalTransition } from '../../src/domain/refusals.ts';
import type { Instant } from '../../src/domain/time.ts';
import { DEADLINE, IN, moveTo, NOW, refusalOf } from './fixtures.ts';

/** The law, written out by hand: may a position that is (left) become (above)? */
const LAW = `
from \\ to            CREATED             FUNDED              PARTIALLY_RELEASED  RELEASED            CANCELLED           EXPIRED
CREATED              no                  yes                 no                  no                  yes                 yes
FUNDED               no                  no                  yes                 yes                 yes                 yes
PARTIALLY_RELEASED   no                  no                  yes                 yes                 yes                 yes
RELEASED             no                  no                  no                  no                  no                  no
CANCELLED            no                  no                  no                  no                  no                  no
EXPIRED              no                  no                  no                  no                  no                  no
`;

/** The same from the hour on at which the position expires. */
const LAW_WHEN_LATE = `
from \\ to            CREATED             FUNDED              PARTIALLY_RELEASED  RELEASED            CANCELLED           EXPIRED
CREATED              no                  no                  no                  no                  no                  yes
FUNDED               no                  no                  no                  no                  no                  yes
PARTIALLY_RELEASED   no                  no                  no                  no                  no                  yes
RELEASED             no                  no                  no                  no                  no                  no
CANCELLED            no                  no                  no                  no                  no                  no
EXPIRED              no                  no                  no                  no                  no                  no
`;

const STATES: readonly PositionState[] = [
  'CREATED',
  'FUNDED',
  'PARTIALLY_RELEASED',
  'RELEASED',
  'CANCELLED',
  'EXPIRED',
];
const PAIRS = STATES.flatMap((from) => STATES.map((to) => ({ from, to })));

const row = (first: string, cells: readonly string[]) =>
  (first.padEnd(21) + cells.map((cell) => cell.padEnd(20)).join('')).trimEnd();

const tableOf = (answer: (from: PositionState, to: PositionState) => string): string => {
  const rows = STATES.map((from) =>
    row(
      from,
      STATES.map((to) => answer(from, to)),
    ),
  );
  return `\n${[row('from \\ to', STATES), ...rows].join('\n')}\n`;
};

/** Asks the law itself: a release of a part carries 10.00, every other move takes all there is. */
const attempt = (from: PositionState, to: PositionState, now: Instant) =>
  advance(IN[from], to === 'PARTIALLY_RELEASED' ? moveTo(to, '10.00') : moveTo(to), now).position.state;

const answerOfAdvance = (now: Instant) => (from: PositionState, to: PositionState) => {
  try {
    return attempt(from, to, now) === to ? 'yes' : 'became another';
  } catch (refusal) {
    return refusal instanceof IllegalTransition ? 'no' : String(refusal);
  }
};

const answerOfAllowed =
  (now: Instant, expiresAt: Instant | null = DEADLINE) =>
  (from: PositionState, to: PositionState) =>
    allowedTransitions({ state: from, expiresAt }, now).includes(to) ? 'yes' : 'no';

describe('the law as a table: 36 pairs of states', () => {
  test('there are six states, in this order', () => {
    expect(POSITION_STATES).toEqual(STATES);
  });

  test('LIFECYCLE says of all 36 pairs what the law says', () => {
    expect(tableOf((from, to) => (LIFECYCLE[from].includes(to) ? 'yes' : 'no'))).toBe(LAW);
  });

  test('advance does with all 36 pairs what the law says', () => {
    const done = tableOf(answerOfAdvance(NOW));
    process.stdout.write(`\nWhat advance allowed of the 36 pairs before the deadline:${done}`);
    expect(done).toBe(LAW);
  });

  test('from its hour on, advance lets a position do nothing but expire', () => {
    const done = tableOf(answerOfAdvance(DEADLINE));
    process.stdout.write(`\nWhat advance allowed of the 36 pairs from the deadline on:${done}`);
    expect(done).toBe(LAW_WHEN_LATE);
  });

  test('allowedTransitions says the same, before its hour and from it on', () => {
    expect(tableOf(answerOfAllowed(DEADLINE - 1))).toBe(LAW);
    expect(tableOf(answerOfAllowed(DEADLINE))).toBe(LAW_WHEN_LATE);
  });

  test('a position without a deadline is never late', () => {
    expect(tableOf(answerOfAllowed(Number.MAX_SAFE_INTEGER, null))).toBe(LAW);
  });

  test('the three states that allow nothing are terminal, the others are not', () => {
    expect(STATES.filter(isTerminal)).toEqual(['RELEASED', 'CANCELLED', 'EXPIRED']);
  });

  test('nothing is allowed twice', () => {
    for (const from of STATES) expect(LIFECYCLE[from]).toEqual([...new Set(LIFECYCLE[from])]);
  });
});

/** The pairs that the law written above answers with this word. */
const pairsThat = (word: 'yes' | 'no', law: string) =>
  PAIRS.filter(({ from, to }) => {
    const answers = law.split('\n').find((line) => line.startsWith(`${from} `)) ?? '';
    return answers.slice(21 + 20 * STATES.indexOf(to)).startsWith(word);
  });

describe('each pair by itself', () => {
  test('the tables hold 11 moves in time and 3 when late', () => {
    expect([pairsThat('yes', LAW).length, pairsThat('no', LAW).length]).toEqual([11, 25]);
    expect([pairsThat('yes', LAW_WHEN_LATE).length, pairsThat('no', LAW_WHEN_LATE).length]).toEqual([3, 33]);
  });

  test.each(pairsThat('yes', LAW))('$from becomes $to', ({ from, to }) => {
    expect(attempt(from, to, DEADLINE - 1)).toBe(to);
  });

  test.each(pairsThat('no', LAW))('$from does not become $to, and the refusal tells what it allows', ({ from, to }) => {
    const allowed = pairsThat('yes', LAW).flatMap((pair) => (pair.from === from ? [pair.to] : []));
    const what = allowed.length === 0 ? 'none' : allowed.join(', ');
    expect(refusalOf(() => attempt(from, to, NOW))).toEqual({
      code: 'ILLEGAL_TRANSITION',
      message: `The position cannot change from ${from} to ${to}. Allowed transitions: ${what}.`,
      path: null,
      from,
      to,
      allowedTransitions: allowed,
    });
  });

  test.each(pairsThat('no', LAW_WHEN_LATE))('late, $from does not become $to', ({ from, to }) => {
    const allowedNow = pairsThat('yes', LAW_WHEN_LATE).flatMap((pair) => (pair.from === from ? [pair.to] : []));
    expect(refusalOf(() => attempt(from, to, DEADLINE))).toMatchObject({ from, to, allowedTransitions: allowedNow });
  });
});
