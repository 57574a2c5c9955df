import type { Asset } from './asset.ts';
import type { CurrencyCode } from './currencies.ts';
import type { Id } from './ids.ts';
import { Issues, type Maybe, type MoneyText } from './issues.ts';
import type { JsonObject } from './json.ts';
import type { PositionState } from './lifecycle.ts';
import { type Money, magnitudeOf } from './money.ts';
import { PolicyViolation } from './refusals.ts';
import type { Terms } from './templateKinds.ts';
import { DAY_MS, type Instant } from './time.ts';

/** An amount held for someone until it is released, cancelled or expires. All amounts are minor units of one currency. */
export interface Position {
  readonly id: Id;
  readonly institutionId: Id;
  readonly assetId: Id;
  /** The asset's, kept here so that lists can be filtered by it. */
  readonly templateId: Id;
  readonly holderReference: string;
  readonly externalReference: string | null;
  readonly metadata: JsonObject;
  readonly currency: CurrencyCode;
  /** What was agreed. */
  readonly amount: bigint;
  /** The amount as a number across currencies: what lists are ordered and filtered by. */
  readonly magnitude: bigint;
  readonly expiresAt: Instant | null;
  readonly createdAt: Instant;
  readonly state: PositionState;
  /** In escrow now. */
  readonly held: bigint;
  /** Paid out to the payee so far. */
  readonly released: bigint;
  /** Given back to the payer. */
  readonly refunded: bigint;
  /** The sequence of its last event. */
  readonly sequence: number;
  readonly version: number;
  readonly updatedAt: Instant;
}

/** Everything that was ever put in escrow: funded = held + released + refunded, always. */
export const fundedOf = ({ held, released, refunded }: Pick<Position, 'held' | 'released' | 'refunded'>): bigint =>
  held + released + refunded;

export interface PositionInput {
  readonly holderReference: string;
  readonly amount: MoneyText;
  readonly externalReference?: Maybe<string>;
  readonly expiresAt?: Maybe<Instant>;
  readonly metadata?: Maybe<JsonObject>;
}

/** A new position's own part, checked as far as the input alone goes. */
export interface PositionDraft {
  readonly holderReference: string;
  readonly externalReference: string | null;
  readonly metadata: JsonObject;
  readonly amount: Money;
  readonly expiresAt: Instant | null;
}

/** What the input alone shows. Refuses with ValidationFailed; whoever brings issues settles what the hour shows. */
export function checkPosition(input: PositionInput, now: Instant, brought?: Issues): PositionDraft {
  const issues = brought ?? new Issues();
  const holderReference = issues.text(['holderReference'], input.holderReference);
  const externalReference = issues.optionalText(['externalReference'], input.externalReference);
  const metadata = issues.json(['metadata'], input.metadata);
  const amount = issues.money(['amount'], input.amount);
  const expiresAt = issues.future(['expiresAt'], input.expiresAt, now);
  issues.settle();
  if (!brought) issues.settleHour();
  return { holderReference, externalReference, metadata, amount: amount as Money, expiresAt };
}

/** Refuses with PolicyViolation what the template's terms do not allow a position that is created at `createdAt`. */
export function obeyTerms(
  { amount, expiresAt }: Pick<PositionDraft, 'amount' | 'expiresAt'>,
  terms: Terms,
  createdAt: Instant,
): void {
  const { currency, minAmount, maxAmount, maxTenorDays } = terms;
  if (amount.currency !== currency) {
    throw new PolicyViolation('CURRENCY', `The template allows ${currency} only.`, ['amount', 'currencyCode']);
  }
  const bound = (minorUnits: bigint): Money => ({ minorUnits, currency });
  if (minAmount !== null && amount.minorUnits < minAmount) {
    throw new PolicyViolation('MIN_AMOUNT', "The amount is below the template's least.", ['amount'], bound(minAmount));
  }
  if (maxAmount !== null && amount.minorUnits > maxAmount) {
    throw new PolicyViolation('MAX_AMOUNT', "The amount is above the template's most.", ['amount'], bound(maxAmount));
  }
  if (maxTenorDays !== null && (expiresAt === null || expiresAt > createdAt + maxTenorDays * DAY_MS)) {
    const message = `The template asks for an expiresAt at most ${maxTenorDays} days from now.`;
    throw new PolicyViolation('TENOR', message, ['expiresAt']);
  }
}

/** A position as it begins: agreed, nothing in escrow yet. */
export function newPosition(draft: PositionDraft, asset: Asset, id: Id, now: Instant): Position {
  const { amount, ...own } = draft;
  return Object.freeze({
    id,
    institutionId: asset.institutionId,
    assetId: asset.id,
    templateId: asset.templateId,
    holderReference: own.holderReference,
    externalReference: own.externalReference,
    metadata: own.metadata,
    currency: amount.currency,
    amount: amount.minorUnits,
    magnitude: magnitudeOf(amount),
    expiresAt: own.expiresAt,
    createdAt: now,
    state: 'CREATED',
    held: 0n,
    released: 0n,
    refunded: 0n,
    sequence: 1,
    version: 1,
    updatedAt: now,
  });
}
