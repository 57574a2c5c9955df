import type { Id } from '../domain/ids.ts';
import {
  assertReferenceFree,
  checkPositionPatch,
  keepReferenceUnique,
  type Position,
  type PositionPatch,
} from '../domain/position.ts';
import { WRITERS } from '../domain/rights.ts';
import { mutationOf } from './mutation.ts';
import { loadTakenReferences, type TakenReferences } from './uniqueReference.ts';
import { UPDATE_ERRORS, type UpdateInput, updating } from './update.ts';

/** Input for updatePosition. */
export interface UpdatePosition extends PositionPatch, UpdateInput {
  readonly positionId: Id;
}
/** Result of updatePosition. */
export interface PositionUpdated {
  readonly position: Position;
}

const update = updating<UpdatePosition, Position, 'position', TakenReferences>({
  name: 'updatePosition',
  roles: WRITERS,
  errors: [...UPDATE_ERRORS, 'CONFLICT'],
  resource: 'Position',
  payload: 'position',
  noun: 'position',
  idField: 'positionId',
  table: (tx) => tx.positions,
  institutionId: ({ institutionId }) => institutionId,
  check: checkPositionPatch,
  load: (tx, { institutionId, uniqueReference }, { externalReference }) =>
    loadTakenReferences(tx, institutionId, uniqueReference === null ? [] : [externalReference]),
  decide: (before, changes, taken = new Map()) => {
    const kept = keepReferenceUnique(before, changes);
    assertReferenceFree(kept.uniqueReference, taken);
    return kept;
  },
  written: (tx, { institutionId, id, updatedAt }) =>
    tx.publish({
      topic: 'POSITION',
      kind: 'UPDATED',
      institutionId,
      objectId: id,
      // An update is not a move, so it has no lifecycle event.
      detailId: null,
      createdAt: updatedAt,
    }),
});

/** Updates the external reference and the metadata of a position, in any state. No money moves. */
export const updatePosition = mutationOf(update);
