import type { Id } from '../domain/ids.ts';
import type { Issues, Maybe } from '../domain/issues.ts';
import { magnitudeOfDecimal } from '../domain/money.ts';
import { newTerms } from '../domain/newTerms.ts';
import {
  assertReferenceFree,
  checkPosition,
  newPosition,
  type PositionDraft,
  type PositionInput,
} from '../domain/position.ts';
import { WRITERS } from '../domain/rights.ts';
import { requestOfTerms, withTemplateRetainage } from '../domain/termsInput.ts';
import type { Instant } from '../domain/time.ts';
import { assertInstitution, type CommandContext, orNotFound, ownInstitution } from './context.ts';
import { withReadableTerms } from './currentTerms.ts';
import { mutationOf } from './mutation.ts';
import type { Command, Idempotent } from './perform.ts';
import {
  checkTemplateAndPolicy,
  loadMove,
  loadPositionContexts,
  type MovePayload,
  type PositionContext,
  type RecordedMove,
  recordsOf,
  storedMove,
  writeMove,
} from './positionChange.ts';
import { loadTakenReferences, type TakenReferences } from './uniqueReference.ts';

/** Input for createPosition. */
export interface CreatePosition extends PositionInput, Idempotent {
  readonly institutionId?: Maybe<Id>;
  readonly assetId: Id;
}
/** The validated input for createPosition. */
export type CheckedCreate = PositionDraft & { readonly assetId: Id; readonly institutionId: Maybe<Id> };

interface LoadedCreate {
  readonly positionContext: PositionContext | undefined;
  readonly taken: TakenReferences;
}

const create: Command<CreatePosition, CheckedCreate, LoadedCreate, MovePayload> = {
  name: 'createPosition',
  roles: WRITERS,
  errors: [
    'VALIDATION_FAILED',
    'FORBIDDEN',
    'NOT_FOUND',
    'POLICY_VIOLATION',
    'CONFLICT',
    'CAPACITY_EXCEEDED',
    'IDEMPOTENCY_CONFLICT',
  ],
  check: (input, issues, { clock }) => checkedCreate(input, clock(), issues),
  request: requestOfCreate,
  load: async (tx, { assetId, uniqueReference }) => {
    const [positionContext] = await loadPositionContexts(tx, [assetId]);
    return {
      positionContext,
      taken: await loadTakenReferences(tx, positionContext?.asset.institutionId, [uniqueReference]),
    };
  },
  owner: ({ positionContext }) => positionContext?.asset.institutionId,
  act: (tx, loaded, checked, context) => {
    const opened = openPosition(loaded.positionContext, loaded.taken, checked, context);
    tx.positions.insert(opened.position);
    return writeMove(tx, recordsOf(context, opened));
  },
  resource: (payload) => payload && { type: 'Position', id: payload.position.id },
  storePayload: storedMove,
  loadPayload: loadMove,
  auditPayload: withReadableTerms,
};

/** Validates the input without reading the store. Throws ValidationError. */
export function checkedCreate(input: CreatePosition, now: Instant, issues: Issues): CheckedCreate {
  const { assetId, institutionId } = input;
  return { ...checkPosition(input, now, issues), assetId, institutionId };
}

/**
 * Leaves out the institution, which the asset implies, and fields at their defaults, so that idempotency keys from before
 * the fields existed still replay.
 */
export function requestOfCreate({ institutionId: _implied, uniqueReference, terms, ...rest }: CheckedCreate): unknown {
  return {
    ...rest,
    ...(uniqueReference !== null && { uniqueReference }),
    ...(terms && { terms: requestOfTerms(terms.draft, magnitudeOfDecimal) }),
  };
}

/** Opens a position. Throws NotFoundError, PolicyViolationError, ValidationError or ConflictError. */
export function openPosition(
  loaded: PositionContext | undefined,
  taken: TakenReferences,
  checked: CheckedCreate,
  { viewer, newId, clock }: CommandContext,
): RecordedMove {
  assertInstitution(ownInstitution(viewer), checked.institutionId);
  const { asset, template, policy } = orNotFound(loaded, 'asset', 'assetId', checked.assetId);
  assertInstitution(asset.institutionId, checked.institutionId);
  const now = clock();
  const { retainagePercentage } = checkTemplateAndPolicy(checked, { asset, template, policy }, now);
  const content = withTemplateRetainage(checked.terms?.content ?? null, retainagePercentage);
  assertReferenceFree(checked.uniqueReference, taken);
  const position = newPosition(checked, asset, template, newId('pos'), now, content && 1);
  return {
    effects: { move: 'CREATE' },
    before: null,
    position,
    ...(content && { newTerms: newTerms(content, position, 1, newId, now) }),
  };
}

export const createPosition = mutationOf(create);
