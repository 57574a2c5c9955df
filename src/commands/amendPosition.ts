import type { Id } from '../domain/ids.ts';
import { Issues, type Maybe } from '../domain/issues.ts';
import type { JsonObject } from '../domain/json.ts';
import { LIMITS } from '../domain/limits.ts';
import { EARNED_FIELDS } from '../domain/milestone.ts';
import { magnitudeOfDecimal } from '../domain/money.ts';
import type { EventNote } from '../domain/move.ts';
import { contentOf, newTerms } from '../domain/newTerms.ts';
import { nextVersion } from '../domain/patch.ts';
import type { Position } from '../domain/position.ts';
import { WRITERS } from '../domain/rights.ts';
import type { TemplateRules } from '../domain/templateKinds.ts';
import type { CurrentTerms } from '../domain/terms.ts';
import {
  checkTerms,
  fitTerms,
  requestOfTerms,
  type TermsContent,
  type TermsDraft,
  type TermsInput,
  withTemplateRetainage,
} from '../domain/termsInput.ts';
import type { Instant } from '../domain/time.ts';
import { ConflictError, PolicyViolationError } from '../domain/userErrors.ts';
import type { PositionRules } from '../store/store.ts';
import { assertVersion, type CommandContext, orNotFound } from './context.ts';
import { loadCurrentTerms, withReadableTerms } from './currentTerms.ts';
import { mutationOf } from './mutation.ts';
import type { Command, Idempotent } from './perform.ts';
import { checkOpened, loadMove, type MovePayload, recordsOf, storedMove, writeMove } from './positionChange.ts';

/** Input for amendPosition. */
export interface AmendPosition extends Idempotent {
  readonly positionId: Id;
  readonly terms?: Maybe<TermsInput>;
  /** Null removes the expiry; if absent, it stays as it is. */
  readonly expiresAt?: Maybe<Instant>;
  readonly reason?: Maybe<string>;
  readonly metadata?: Maybe<JsonObject>;
  readonly expectedVersion?: Maybe<number>;
}

interface Checked extends EventNote {
  readonly positionId: Id;
  readonly terms: TermsDraft | null;
  readonly expiresAt: Instant | null | undefined;
  readonly expectedVersion: Maybe<number>;
}

interface Loaded {
  readonly position: Position | undefined;
  readonly rules: PositionRules;
  readonly terms: CurrentTerms | undefined;
}

const amend: Command<AmendPosition, Checked, Loaded, MovePayload> = {
  name: 'amendPosition',
  roles: WRITERS,
  errors: [
    'VALIDATION_FAILED',
    'FORBIDDEN',
    'NOT_FOUND',
    'STALE_VERSION',
    'IDEMPOTENCY_CONFLICT',
    'POLICY_VIOLATION',
    'CONFLICT',
    'CAPACITY_EXCEEDED',
  ],
  check: (input, issues, { clock }) => {
    const { positionId, terms, expiresAt, expectedVersion } = input;
    if (!terms && expiresAt === undefined) issues.add(['terms'], 'is required if `expiresAt` is absent.');
    return {
      positionId,
      terms: terms ? checkTerms(terms, issues) : null,
      expiresAt: expiresAt === undefined ? undefined : issues.future(['expiresAt'], expiresAt, clock()),
      expectedVersion: expectedVersion ?? null,
      reason: issues.note(['reason'], input.reason, LIMITS.reasonCharacters),
      metadata: issues.json(['metadata'], input.metadata),
    };
  },
  request: ({ terms, expiresAt, ...rest }) => ({
    ...rest,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(terms && { terms: requestOfTerms(terms, magnitudeOfDecimal) }),
  }),
  load: async (tx, { positionId }) => {
    const [positions, rules] = await Promise.all([tx.positions.lock([positionId]), tx.rulesOf([positionId])]);
    const terms = await loadCurrentTerms(tx, positions);
    return { position: positions[0], rules, terms: terms.get(positionId) };
  },
  owner: ({ position }) => position?.institutionId,
  act: (tx, loaded, checked, context) => {
    const before = orNotFound(loaded.position, 'position', 'positionId', checked.positionId);
    const now = context.clock();
    const { position, terms } = amended(before, loaded, checked, context, now);
    tx.positions.replace(position, ['expiresAt', 'termsVersion', 'sequence', 'updatedAt']);
    for (const milestone of loaded.terms?.milestones ?? []) {
      tx.milestones.replace({ ...milestone, state: 'REPLACED', version: milestone.version + 1 }, EARNED_FIELDS);
    }
    return writeMove(
      tx,
      recordsOf(context, { effects: { move: 'AMEND' }, before, position, note: checked, newTerms: terms }),
    );
  },
  resource: (_payload, { positionId }) => ({ type: 'Position', id: positionId }),
  storePayload: storedMove,
  loadPayload: loadMove,
  auditPayload: withReadableTerms,
};

/**
 * Returns the position with its new expiry and, if it has terms, the next version of them, to which nobody has agreed.
 * Throws StaleVersionError, ConflictError, ValidationError or PolicyViolationError.
 */
function amended(
  before: Position,
  { rules, terms }: Loaded,
  checked: Checked,
  { newId }: CommandContext,
  now: Instant,
): { readonly position: Position; readonly terms: CurrentTerms | undefined } {
  assertVersion(checked.expectedVersion, before.version);
  assertNotFunded(before, now);
  const given = checked.terms ? fitted(checked.terms, before) : terms && contentOf(terms, before.currency);
  const expiresAt = checked.expiresAt === undefined ? before.expiresAt : checked.expiresAt;
  const { retainagePercentage } = checkAmended({ ...before, expiresAt }, rules);
  const content = given && withTemplateRetainage(given, retainagePercentage);
  const version = content ? (before.termsVersion ?? 0) + 1 : null;
  const position = nextVersion(before, { expiresAt, termsVersion: version, sequence: before.sequence + 1 }, now);
  return {
    position,
    terms: content && version ? newTerms(content, position, version, newId, position.updatedAt) : undefined,
  };
}

/** Returns the rules of the config. A violation has no path unless it is about the expiry, the only field of the input. */
function checkAmended(position: Position, rules: PositionRules): TemplateRules {
  try {
    return checkOpened(position, rules);
  } catch (error) {
    if (error instanceof PolicyViolationError && error.path?.[0] !== 'expiresAt') error.path = null;
    throw error;
  }
}

/** Throws ConflictError unless the terms can still change: the position is not funded at all and has not expired. */
export function assertNotFunded({ state, expiresAt }: Position, now: Instant): void {
  if (state !== 'CREATED') {
    throw new ConflictError(
      `The position is ${state}. Its terms and its expiry are fixed once it is funded or closed.`,
      null,
    );
  }
  if (expiresAt !== null && expiresAt <= now) throw new ConflictError('The position has expired.', null);
}

function fitted(draft: TermsDraft, { amount: minorUnits, currency }: Position): TermsContent {
  const issues = new Issues();
  const content = fitTerms(draft, { minorUnits, currency }, issues);
  issues.throwIfAny();
  return content;
}

/** Replaces the terms of a position as a whole, or changes its expiry, until it is funded. */
export const amendPosition = mutationOf(amend);
