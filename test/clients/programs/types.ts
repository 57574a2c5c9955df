// The generated types are exact: each line below an expected error would compile if its type were `any` or open to
// something else.

import type { cancel, heldPositions } from '../genql/positions.ts';
import type { FundPositionMutation, PositionPartsFragment } from '../gql/graphql.ts';
import type { positions_position$data } from '../relay/__generated__/positions_position.graphql.ts';
import type { ReleaseResult } from '../tada/positions.ts';

type Held = { amount: string; currencyCode: string };
type Same<A, B> = [A, B] extends [B, A] ? (0 extends 1 & A ? false : true) : false;

export const proofs: readonly true[] = [
  true satisfies Same<PositionPartsFragment['held'], Held>,
  true satisfies Same<positions_position$data['held']['amount'], string>,
  true satisfies Same<Extract<ReleaseResult, { __typename: 'InsufficientFundsError' }>['held']['amount'], string>,
  true satisfies Same<Awaited<ReturnType<typeof heldPositions>>['nodes'][number]['held'], Held>,
  true satisfies Same<Awaited<ReturnType<typeof cancel>>, string | undefined>,
];

/** A `switch` over a state needs a default branch. */
// @ts-expect-error
export const isOpen = (state: PositionPartsFragment['state']): boolean => {
  switch (state) {
    case 'CREATED':
    case 'FUNDED':
    case 'PARTIALLY_RELEASED':
      return true;
    case 'RELEASED':
    case 'CANCELLED':
    case 'EXPIRED':
      return false;
  }
};

/** A member of a result has its fields only after it was narrowed. */
export const versionOf = (result: NonNullable<FundPositionMutation['fundPosition']>): number =>
  // @ts-expect-error
  result.position.version;
