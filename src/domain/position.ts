import type { Asset } from './asset.ts';
import type { AssetTemplate } from './assetTemplate.ts';
import type { CurrencyCode } from './currencies.ts';
import type { Id } from './ids.ts';
import { Issues, type Maybe, type MoneyText } from './issues.ts';
import type { JsonObject } from './json.ts';
import type { PositionState } from './lifecycle.ts';
import { type Money, magnitudeOf } from './money.ts';
import { givenFields } from './patch.ts';
import type { TemplateRules } from './templateKinds.ts';
import { checkTerms, fitTerms, type TermsContent, type TermsDraft, type TermsInput } from './termsInput.ts';
import { DAY_MS, type Instant } from './time.ts';
import { ConflictError, PolicyViolationError, ValidationError } from './userErrors.ts';

/**
 * An amount held for someone until it is released, cancelled or expires. All amounts are minor units of one currency.
 */
export interface Position {
  readonly id: Id;
  readonly institutionId: Id;
  readonly assetId: Id;
  /** The template of the asset, repeated here so that lists can be filtered by it. */
  readonly templateId: Id;
  /** The version of the template under which the position was opened. */
  readonly templateVersion: number;
  readonly holderReference: string;
  readonly externalReference: string | null;
  /**
   * The external reference if the position was created with `uniqueReference`, else null. Unique within an institution.
   */
  readonly uniqueReference: string | null;
  readonly metadata: JsonObject;
  readonly currency: CurrencyCode;
  /** The agreed amount. */
  readonly amount: bigint;
  /** The amount as a number across currencies, by which lists are ordered and filtered. */
  readonly magnitude: bigint;
  readonly expiresAt: Instant | null;
  readonly createdAt: Instant;
  readonly state: PositionState;
  /** The version of its current terms, or null if it has none. */
  readonly termsVersion: number | null;
  /** The amount funded so far without the fees of the payer. Zero without terms; use `principalOf`. */
  readonly principal: bigint;
  /** The amount in escrow now. */
  readonly held: bigint;
  /** The part of `held` that the payee has earned and that is withheld until the final release. */
  readonly retained: bigint;
  /** The amount paid to the payee so far. */
  readonly released: bigint;
  /** The amount returned to the payer. */
  readonly refunded: bigint;
  /** The fees charged so far, to either party. */
  readonly fees: bigint;
  /** When the whole amount was funded, or null if it never was. */
  readonly fundedAt: Instant | null;
  /** When the position reached a terminal state, or null while it is open. */
  readonly closedAt: Instant | null;
  /** The sequence of the position's last lifecycle event. */
  readonly sequence: number;
  readonly version: number;
  readonly updatedAt: Instant;
}

/** Returns the total that was ever paid in. Always funded = held + released + refunded + fees. */
export const fundedOf = ({
  held,
  released,
  refunded,
  fees,
}: Pick<Position, 'held' | 'released' | 'refunded' | 'fees'>): bigint => held + released + refunded + fees;

/** The properties that a client chooses for a new position. */
export interface PositionInput {
  readonly holderReference: string;
  readonly amount: MoneyText;
  readonly externalReference?: Maybe<string>;
  readonly uniqueReference?: Maybe<boolean>;
  readonly expiresAt?: Maybe<Instant>;
  readonly metadata?: Maybe<JsonObject>;
  readonly terms?: Maybe<TermsInput>;
}

/** The fields of a new position that come from its input, after validation. */
export interface PositionDraft {
  readonly holderReference: string;
  readonly externalReference: string | null;
  readonly uniqueReference: string | null;
  readonly metadata: JsonObject;
  readonly amount: Money;
  readonly expiresAt: Instant | null;
  /** The terms as they identify a retry, and with amounts in minor units; null if there are none. */
  readonly terms: { readonly draft: TermsDraft; readonly content: TermsContent } | null;
}

/**
 * Validates the input without reading the store. Throws ValidationError. A caller that passes its own issues must call
 * `throwIfTimeIssues` itself.
 */
export function checkPosition(input: PositionInput, now: Instant, sharedIssues?: Issues): PositionDraft {
  const issues = sharedIssues ?? new Issues();
  const holderReference = issues.text(['holderReference'], input.holderReference);
  const externalReference = issues.optionalText(['externalReference'], input.externalReference);
  const uniqueReference = input.uniqueReference ? externalReference : null;
  if (input.uniqueReference && externalReference === null) {
    issues.add(['externalReference'], 'is required with `uniqueReference`.');
  }
  const metadata = issues.json(['metadata'], input.metadata);
  const amount = issues.money(['amount'], input.amount);
  const expiresAt = issues.future(['expiresAt'], input.expiresAt, now);
  const draft = input.terms ? checkTerms(input.terms, issues) : null;
  const terms = draft && amount ? { draft, content: fitTerms(draft, amount, issues) } : null;
  issues.throwIfAny();
  if (!sharedIssues) issues.throwIfTimeIssues();
  return { holderReference, externalReference, uniqueReference, metadata, amount: amount as Money, expiresAt, terms };
}

/** Throws PolicyViolationError if the template's rules do not allow a position that is created at `createdAt`. */
export function checkTemplateRules(
  { amount, expiresAt }: Pick<PositionDraft, 'amount' | 'expiresAt'>,
  rules: TemplateRules,
  createdAt: Instant,
): void {
  const { currency, minAmount, maxAmount, maxTenorDays } = rules;
  if (amount.currency !== currency) {
    throw new PolicyViolationError('CURRENCY', `The asset template allows only ${currency}.`, [
      'amount',
      'currencyCode',
    ]);
  }
  const bound = (minorUnits: bigint): Money => ({ minorUnits, currency });
  if (minAmount !== null && amount.minorUnits < minAmount) {
    throw new PolicyViolationError(
      'MIN_AMOUNT',
      'The amount is below the `limit` of the asset template.',
      ['amount'],
      bound(minAmount),
    );
  }
  if (maxAmount !== null && amount.minorUnits > maxAmount) {
    throw new PolicyViolationError(
      'MAX_AMOUNT',
      'The amount is above the `limit` of the asset template.',
      ['amount'],
      bound(maxAmount),
    );
  }
  if (maxTenorDays !== null && (expiresAt === null || expiresAt > createdAt + maxTenorDays * DAY_MS)) {
    const message = `\`expiresAt\` is required and must be at most ${maxTenorDays} days after the creation of the position.`;
    throw new PolicyViolationError('TENOR', message, ['expiresAt']);
  }
}

/** Returns a position in its initial state, with nothing in escrow yet. */
export function newPosition(
  draft: PositionDraft,
  asset: Asset,
  { version: templateVersion }: Pick<AssetTemplate, 'version'>,
  id: Id,
  now: Instant,
  termsVersion: number | null = null,
): Position {
  const { amount, ...own } = draft;
  return Object.freeze({
    id,
    institutionId: asset.institutionId,
    assetId: asset.id,
    templateId: asset.templateId,
    templateVersion,
    holderReference: own.holderReference,
    externalReference: own.externalReference,
    uniqueReference: own.uniqueReference,
    metadata: own.metadata,
    currency: amount.currency,
    amount: amount.minorUnits,
    magnitude: magnitudeOf(amount),
    expiresAt: own.expiresAt,
    createdAt: now,
    state: 'CREATED',
    termsVersion,
    principal: 0n,
    held: 0n,
    retained: 0n,
    released: 0n,
    refunded: 0n,
    fees: 0n,
    fundedAt: null,
    closedAt: null,
    sequence: 1,
    version: 1,
    updatedAt: now,
  });
}

/** The changes of an update; an absent field stays as it is. */
export interface PositionPatch {
  readonly externalReference?: Maybe<string>;
  readonly metadata?: Maybe<JsonObject>;
}

/** Validates the input without reading the store; null clears the external reference. Throws ValidationError. */
export function checkPositionPatch(
  { externalReference, metadata: given }: PositionPatch,
  issues: Issues,
): Partial<Position> {
  const { metadata } = givenFields(issues, { metadata: given });
  const patch = {
    ...(externalReference !== undefined && {
      externalReference: issues.optionalText(['externalReference'], externalReference),
    }),
    ...(metadata && { metadata: issues.json(['metadata'], metadata) }),
  };
  issues.throwIfAny();
  return patch;
}

/**
 * The changes with `uniqueReference` in step with the external reference. Throws ValidationError if a reference that
 * must be unique would be cleared.
 */
export function keepReferenceUnique({ uniqueReference }: Position, changes: Partial<Position>): Partial<Position> {
  const { externalReference } = changes;
  if (uniqueReference === null || externalReference === undefined) return changes;
  if (externalReference !== null) return { ...changes, uniqueReference: externalReference };
  const message = 'must not be null: the position was created with `uniqueReference`.';
  throw new ValidationError([{ path: ['externalReference'], message }]);
}

/** Throws ConflictError if another position of the institution has the reference that must be unique. */
export function assertReferenceFree(uniqueReference: string | null | undefined, taken: ReadonlyMap<string, Id>): void {
  const id = typeof uniqueReference === 'string' ? taken.get(uniqueReference) : undefined;
  if (id === undefined) return;
  throw new ConflictError(
    `The position ${id} was created with \`uniqueReference\` and has this external reference. Send another one.`,
    ['externalReference'],
    id,
  );
}
