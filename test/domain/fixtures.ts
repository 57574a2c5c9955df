import type { Asset } from '../../src/domain/asset.ts';
import { type CurrencyCode, isCurrency } from '../../src/domain/currencies.ts';
import type { PositionState } from '../../src/domain/lifecycle.ts';
import { type Decimal, parseDecimal, toMinorUnits } from '../../src/domain/money.ts';
import { advance, type Move } from '../../src/domain/move.ts';
import { checkPosition, newPosition, type Position } from '../../src/domain/position.ts';
import { type Instant, parseInstant } from '../../src/domain/time.ts';
import { type ErrorData, toErrorData, UserError, ValidationError } from '../../src/domain/userErrors.ts';

/** The current time in these tests. */
export const NOW: Instant = 1_800_000_000_000;

/** When positions with an expiry expire. */
export const DEADLINE: Instant = NOW + 3_600_000;

export const currency = (code: string): CurrencyCode => {
  if (isCurrency(code)) return code;
  throw new RangeError(code);
};

export const decimal = (text: string): Decimal => {
  const read = parseDecimal(text);
  if (typeof read === 'string') throw new RangeError(`${text} ${read}`);
  return read;
};

export const minor = (text: string, code = 'USD'): bigint => {
  const read = toMinorUnits(decimal(text), currency(code));
  if (typeof read === 'string') throw new RangeError(`${text} ${read}`);
  return read;
};

export const instant = (text: string): Instant => {
  const read = parseInstant(text);
  if (read === undefined) throw new RangeError(text);
  return read;
};

export const ASSET: Asset = {
  id: 'ast_1',
  institutionId: 'inst_1',
  templateId: 'tmpl_1',
  label: 'Tower',
  metadata: {},
  version: 1,
  createdAt: NOW,
  updatedAt: NOW,
};

/** Returns a position that was created and not moved. */
export function agreed(amount = '100.00', currencyCode = 'USD', expiresAt: Instant | null = DEADLINE): Position {
  const draft = checkPosition({ holderReference: 'payee', amount: { amount, currencyCode }, expiresAt }, NOW);
  return newPosition(draft, ASSET, { version: 1 }, 'pos_1', NOW);
}

export const moveTo = (toState: Move['toState'], amount?: string, milestoneId?: string): Move => ({
  toState,
  amount: amount === undefined ? null : decimal(amount),
  ...(milestoneId !== undefined && { milestoneId }),
});

/** Returns the position after the moves, all of them before its expiry. */
export const after = (position: Position, ...moves: readonly Move[]): Position =>
  moves.reduce((now, move) => advance(now, move, NOW).position, position);

/** A position of 100.00 USD in each state; PARTIALLY_FUNDED holds 30.00, PARTIALLY_RELEASED still 60.00. */
export const IN: { readonly [S in PositionState]: Position } = {
  CREATED: agreed(),
  PARTIALLY_FUNDED: after(agreed(), moveTo('FUND', '30')),
  FUNDED: after(agreed(), moveTo('FUNDED')),
  PARTIALLY_RELEASED: after(agreed(), moveTo('FUNDED'), moveTo('PARTIALLY_RELEASED', '40')),
  RELEASED: after(agreed(), moveTo('FUNDED'), moveTo('RELEASED')),
  CANCELLED: after(agreed(), moveTo('FUNDED'), moveTo('CANCELLED')),
  EXPIRED: after(agreed(), moveTo('FUNDED'), moveTo('EXPIRED')),
};

/** Returns the data of the user error that the function throws. */
export const refusalOf = (act: () => unknown): ErrorData => toErrorData(thrownBy(act));

/** Returns the issues of the ValidationError that the function throws, each as "path: message". */
export function faultsOf(act: () => unknown): readonly string[] {
  const refusal = thrownBy(act);
  if (!(refusal instanceof ValidationError)) throw refusal;
  return refusal.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

function thrownBy(act: () => unknown): UserError {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof UserError) return thrown;
    throw thrown;
  }
  throw new Error('Nothing was refused.');
}
