import type { Id } from '../domain/ids.ts';
import type { Issues, Maybe } from '../domain/issues.ts';
import {
  assertReferenceFree,
  checkPosition,
  newPosition,
  type Position,
  type PositionDraft,
  type PositionInput,
} from '../domain/position.ts';
import { WRITERS } from '../domain/rights.ts';
import type { Instant } from '../domain/time.ts';
import { assertInstitution, type CommandContext, orNotFound, ownInstitution } from './context.ts';
import { mutationOf } from './mutation.ts';
import type { Command, Idempotent } from './perform.ts';
import {
  checkTemplateAndPolicy,
  loadMove,
  loadPositionContexts,
  type MovePayload,
  type PositionContext,
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
    const position = openPosition(loaded.positionContext, loaded.taken, checked, context);
    tx.positions.insert(position);
    return writeMove(tx, recordsOf(context, { before: null, position }));
  },
  resource: (payload) => payload && { type: 'Position', id: payload.position.id },
  storePayload: storedMove,
  loadPayload: loadMove,
};

/** Validates the input without reading the store. Throws ValidationError. */
export function checkedCreate(input: CreatePosition, now: Instant, issues: Issues): CheckedCreate {
  const { assetId, institutionId } = input;
  return { ...checkPosition(input, now, issues), assetId, institutionId };
}

/**
 * Leaves out the institution, which the asset implies, and a `uniqueReference` at its default, so that idempotency keys
 * from before the field existed still replay.
 */
export function requestOfCreate({ institutionId: _implied, uniqueReference, ...rest }: CheckedCreate): unknown {
  return uniqueReference === null ? rest : { ...rest, uniqueReference };
}

/** Opens a position. Throws NotFoundError, PolicyViolationError or ConflictError. */
export function openPosition(
  loaded: PositionContext | undefined,
  taken: TakenReferences,
  checked: CheckedCreate,
  { viewer, newId, clock }: CommandContext,
): Position {
  assertInstitution(ownInstitution(viewer), checked.institutionId);
  const context = orNotFound(loaded, 'asset', 'assetId', checked.assetId);
  assertInstitution(context.asset.institutionId, checked.institutionId);
  const now = clock();
  checkTemplateAndPolicy(checked, context, now);
  assertReferenceFree(checked.uniqueReference, taken);
  return newPosition(checked, context.asset, context.template, newId('pos'), now);
}

export const createPosition = mutationOf(create);
