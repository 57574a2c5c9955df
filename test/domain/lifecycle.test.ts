import { describe, expect, test } from 'vitest';
import {
  allowedTransitions,
  isTerminal,
  LIFECYCLE,
  POSITION_STATES,
  type PositionState,
} from '../../src/domain/lifecycle.ts';
import { advance } from '../../src/domain/move.ts';
import type { Instant } from '../../src/domain/time.ts';
import { IllegalTransitionError } from '../../src/domain/userErrors.ts';
import { DEADLINE, IN, moveTo, NOW, refusalOf } from './fixtures.ts';

/** The transitions that are allowed before the expiry: from the state on the left to the state at the top. */
const ALLOWED_BEFORE_EXPIRY = `
from \\ to            CREATED             PARTIALLY_FUNDED    FUNDED              PARTIALLY_RELEASED  RELEASED            CANCELLED           EXPIRED
CREATED              no                  no                  yes                 no                  no                  yes                 yes
PARTIALLY_FUNDED     no                  no                  yes                 no                  no                  yes                 yes
FUNDED               no                  no                  no                  yes                 yes                 yes                 yes
PARTIALLY_RELEASED   no                  no                  no                  yes                 yes                 yes                 yes
RELEASED             no                  no                  no                  no                  no                  no                  no
CANCELLED            no                  no                  no                  no                  no                  no                  no
EXPIRED              no                  no                  no                  no                  no                  no                  no
`;

/** The transitions that are allowed from the expiry on. */
const ALLOWED_AFTER_EXPIRY = `
from \\ to            CREATED             PARTIALLY_FUNDED    FUNDED              PARTIALLY_RELEASED  RELEASED            CANCELLED           EXPIRED
CREATED              no                  no                  no                  no                  no                  no                  yes
PARTIALLY_FUNDED     no                  no                  no                  no                  no                  no                  yes
FUNDED               no                  no                  no                  no                  no                  no                  yes
PARTIALLY_RELEASED   no                  no                  no                  no                  no                  no                  yes
RELEASED             no                  no                  no                  no                  no                  no                  no
CANCELLED            no                  no                  no                  no                  no                  no                  no
EXPIRED              no                  no                  no                  no                  no                  no                  no
`;

const STATES: readonly PositionState[] = [
  'CREATED',
  'PARTIALLY_FUNDED',
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

/** Attempts the transition: a partial release is of 10.00, every other move is of the whole amount. */
const attempt = (from: PositionState, to: PositionState, now: Instant) =>
  advance(IN[from], to === 'PARTIALLY_RELEASED' ? moveTo(to, '10.00') : moveTo(to), now).position.state;

const answerOfAdvance = (now: Instant) => (from: PositionState, to: PositionState) => {
  try {
    return attempt(from, to, now) === to ? 'yes' : 'became another';
  } catch (refusal) {
    return refusal instanceof IllegalTransitionError ? 'no' : String(refusal);
  }
};

const answerOfAllowed =
  (now: Instant, expiresAt: Instant | null = DEADLINE) =>
  (from: PositionState, to: PositionState) =>
    allowedTransitions({ state: from, expiresAt }, now).includes(to) ? 'yes' : 'no';

describe('the transitions between 49 pairs of states', () => {
  test('there are seven states in a fixed order', () => {
    expect(POSITION_STATES).toEqual(STATES);
  });

  test('LIFECYCLE allows exactly the transitions of the table', () => {
    expect(tableOf((from, to) => (LIFECYCLE[from].includes(to) ? 'yes' : 'no'))).toBe(ALLOWED_BEFORE_EXPIRY);
  });

  test('advance allows exactly the transitions of the table', () => {
    const done = tableOf(answerOfAdvance(NOW));
    process.stdout.write(`\nThe transitions that advance allowed before the expiry:${done}`);
    expect(done).toBe(ALLOWED_BEFORE_EXPIRY);
  });

  test('from the expiry on, advance allows only transitions to EXPIRED', () => {
    const done = tableOf(answerOfAdvance(DEADLINE));
    process.stdout.write(`\nThe transitions that advance allowed from the expiry on:${done}`);
    expect(done).toBe(ALLOWED_AFTER_EXPIRY);
  });

  test('allowedTransitions returns the transitions of the table, before and after the expiry', () => {
    expect(tableOf(answerOfAllowed(DEADLINE - 1))).toBe(ALLOWED_BEFORE_EXPIRY);
    expect(tableOf(answerOfAllowed(DEADLINE))).toBe(ALLOWED_AFTER_EXPIRY);
  });

  test('a position without an expiry never expires by itself', () => {
    expect(tableOf(answerOfAllowed(Number.MAX_SAFE_INTEGER, null))).toBe(ALLOWED_BEFORE_EXPIRY);
  });

  test('the three states without transitions are terminal', () => {
    expect(STATES.filter(isTerminal)).toEqual(['RELEASED', 'CANCELLED', 'EXPIRED']);
  });

  test('no transition is listed twice', () => {
    for (const from of STATES) expect(LIFECYCLE[from]).toEqual([...new Set(LIFECYCLE[from])]);
  });
});

/** Returns the pairs that the table marks with the given word. */
const pairsThat = (word: 'yes' | 'no', table: string) =>
  PAIRS.filter(({ from, to }) => {
    const answers = table.split('\n').find((line) => line.startsWith(`${from} `)) ?? '';
    return answers.slice(21 + 20 * STATES.indexOf(to)).startsWith(word);
  });

describe('each pair of states', () => {
  test('the tables have 14 transitions before the expiry and 4 after it', () => {
    expect([pairsThat('yes', ALLOWED_BEFORE_EXPIRY).length, pairsThat('no', ALLOWED_BEFORE_EXPIRY).length]).toEqual([
      14, 35,
    ]);
    expect([pairsThat('yes', ALLOWED_AFTER_EXPIRY).length, pairsThat('no', ALLOWED_AFTER_EXPIRY).length]).toEqual([
      4, 45,
    ]);
  });

  test.each(pairsThat('yes', ALLOWED_BEFORE_EXPIRY))('a position can move from $from to $to', ({ from, to }) => {
    expect(attempt(from, to, DEADLINE - 1)).toBe(to);
  });

  test.each(pairsThat('no', ALLOWED_BEFORE_EXPIRY))(
    'a position cannot move from $from to $to, and the error has the allowed transitions',
    ({ from, to }) => {
      const allowed = pairsThat('yes', ALLOWED_BEFORE_EXPIRY).flatMap((pair) => (pair.from === from ? [pair.to] : []));
      const what = allowed.length === 0 ? 'none' : allowed.join(', ');
      expect(refusalOf(() => attempt(from, to, NOW))).toEqual({
        code: 'ILLEGAL_TRANSITION',
        message: `The position cannot change from ${from} to ${to}. Allowed transitions: ${what}.`,
        path: null,
        from,
        to,
        allowedTransitions: allowed,
      });
    },
  );

  test.each(pairsThat('no', ALLOWED_AFTER_EXPIRY))(
    'after the expiry a position cannot move from $from to $to',
    ({ from, to }) => {
      const allowedNow = pairsThat('yes', ALLOWED_AFTER_EXPIRY).flatMap((pair) =>
        pair.from === from ? [pair.to] : [],
      );
      expect(refusalOf(() => attempt(from, to, DEADLINE))).toMatchObject({ from, to, allowedTransitions: allowedNow });
    },
  );
});
