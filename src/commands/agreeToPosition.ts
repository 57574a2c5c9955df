import type { Id } from '../domain/ids.ts';
import type { Maybe } from '../domain/issues.ts';
import type { JsonObject } from '../domain/json.ts';
import type { LedgerEvent } from '../domain/ledgerEvent.ts';
import type { LifecycleEvent } from '../domain/lifecycleEvent.ts';
import { LIMITS } from '../domain/limits.ts';
import type { EventNote } from '../domain/move.ts';
import { nextVersion } from '../domain/patch.ts';
import type { Position } from '../domain/position.ts';
import { WRITERS } from '../domain/rights.ts';
import { type CurrentTerms, mustAgree, type Party } from '../domain/terms.ts';
import type { Instant } from '../domain/time.ts';
import { ConflictError, StaleVersionError, ValidationError } from '../domain/userErrors.ts';
import { assertNotFunded } from './amendPosition.ts';
import { orNotFound } from './context.ts';
import { loadCurrentTerms } from './currentTerms.ts';
import { mutationOf } from './mutation.ts';
import type { Command, Idempotent } from './perform.ts';
import { loadMove, recordsOf, storedMove, writeMove } from './positionChange.ts';

/** Input for agreeToPosition. */
export interface AgreeToPosition extends Idempotent {
  readonly positionId: Id;
  readonly partyReference: string;
  /** The version of the terms that the party has read. */
  readonly termsVersion: number;
  readonly reason?: Maybe<string>;
  readonly metadata?: Maybe<JsonObject>;
}

/** Result of agreeToPosition. The events are null if the party had agreed before. */
export interface PositionAgreed {
  readonly position: Position;
  readonly event: LifecycleEvent | null;
  readonly ledgerEvent: LedgerEvent | null;
}

interface Checked extends EventNote, Pick<AgreeToPosition, 'positionId' | 'partyReference' | 'termsVersion'> {}

interface Loaded {
  readonly position: Position | undefined;
  readonly terms: CurrentTerms | undefined;
}

const agree: Command<AgreeToPosition, Checked, Loaded, PositionAgreed> = {
  name: 'agreeToPosition',
  roles: WRITERS,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND', 'STALE_VERSION', 'IDEMPOTENCY_CONFLICT', 'CONFLICT'],
  check: ({ positionId, partyReference, termsVersion, reason, metadata }, issues) => ({
    positionId,
    partyReference: issues.text(['partyReference'], partyReference),
    termsVersion,
    reason: issues.note(['reason'], reason, LIMITS.reasonCharacters),
    metadata: issues.json(['metadata'], metadata),
  }),
  load: async (tx, { positionId }) => {
    const positions = await tx.positions.lock([positionId]);
    const terms = await loadCurrentTerms(tx, positions);
    return { position: positions[0], terms: terms.get(positionId) };
  },
  owner: ({ position }) => position?.institutionId,
  act: (tx, loaded, checked, context) => {
    const before = orNotFound(loaded.position, 'position', 'positionId', checked.positionId);
    const now = context.clock();
    const party = partyOf(before, loaded.terms, checked, now);
    if (party.agreedAt !== null) return { position: before, event: null, ledgerEvent: null };
    const position = nextVersion(before, { sequence: before.sequence + 1 }, now);
    tx.positions.replace(position, ['sequence', 'updatedAt']);
    tx.parties.replace({ ...party, agreedAt: position.updatedAt, version: party.version + 1 }, ['agreedAt']);
    const { partyReference } = checked;
    return writeMove(
      tx,
      recordsOf(context, { effects: { move: 'AGREE', partyReference }, before, position, note: checked }),
    );
  },
  resource: (_payload, { positionId }) => ({ type: 'Position', id: positionId }),
  storePayload: ({ position, event, ledgerEvent }) =>
    event && ledgerEvent ? storedMove({ position, event, ledgerEvent }) : { positionId: position.id },
  loadPayload: async (tx, stored) => {
    if ('eventId' in stored) return loadMove(tx, stored);
    const [position] = await tx.positions.byIds([stored['positionId'] as Id]);
    return { position: position as Position, event: null, ledgerEvent: null };
  },
};

/** Returns the party that agrees. Throws ConflictError, StaleVersionError or ValidationError. */
function partyOf(position: Position, terms: CurrentTerms | undefined, checked: Checked, now: Instant): Party {
  if (!terms) throw new ConflictError('The position has no terms to agree to.', null);
  const { version } = terms.terms;
  if (checked.termsVersion !== version) throw new StaleVersionError(checked.termsVersion, version, 'terms');
  assertNotFunded(position, now);
  const party = terms.parties.find((each) => mustAgree(each) && each.reference === checked.partyReference);
  if (party) return party;
  const message = 'must be the reference of a PAYER or PAYEE of the position.';
  throw new ValidationError([{ path: ['partyReference'], message }]);
}

/** Records that a party agrees to the current terms of a position. Agreeing twice changes nothing. */
export const agreeToPosition = mutationOf(agree);
