import type { LedgerAccountKind } from '../../src/domain/ledgerEvent.ts';
import { legsOf } from '../../src/domain/ledgerEvent.ts';
import type { PositionState } from '../../src/domain/lifecycle.ts';
import { newLifecycleEvent } from '../../src/domain/lifecycleEvent.ts';
import { type Advance, advance, type Move } from '../../src/domain/move.ts';
import { newTerms } from '../../src/domain/newTerms.ts';
import { checkPosition, newPosition, type Position } from '../../src/domain/position.ts';
import type { CurrentTerms } from '../../src/domain/terms.ts';
import type { TermsInput } from '../../src/domain/termsInput.ts';
import { SYSTEM } from '../../src/domain/viewer.ts';
import { ASSET, agreed, DEADLINE, moveTo, NOW } from './fixtures.ts';

/** A position with its current terms, if it has any. */
export interface Contract {
  readonly position: Position;
  readonly terms: CurrentTerms | undefined;
}

/** The parties of most contracts. */
export const PARTIES: TermsInput['parties'] = [
  { role: 'PAYER', reference: 'owner' },
  { role: 'PAYEE', reference: 'builder' },
];

/** Returns a new contract with these terms; the ids of its milestones are mil_1, mil_2 and so on. */
export function contract(terms: Partial<TermsInput> = {}, amount = '1000.00', currencyCode = 'USD'): Contract {
  const input = { holderReference: 'payee', amount: { amount, currencyCode }, expiresAt: DEADLINE };
  const draft = checkPosition({ ...input, terms: { parties: PARTIES, ...terms } }, NOW);
  const position = newPosition(draft, ASSET, { version: 1 }, 'pos_1', NOW, 1);
  if (!draft.terms) throw new Error('The contract has no terms.');
  let ids = 0;
  return { position, terms: newTerms(draft.terms.content, position, 1, (prefix) => `${prefix}_${++ids}`, NOW) };
}

/** Returns a position of the amount without terms. */
export const plain = (amount = '1000.00', currencyCode = 'USD'): Contract => ({
  position: agreed(amount, currencyCode),
  terms: undefined,
});

/** Returns the terms with the milestones that a move changed. */
export function withMilestones(
  terms: CurrentTerms | undefined,
  changed: Advance['milestones'],
): CurrentTerms | undefined {
  if (!terms || changed.length === 0) return terms;
  const after = new Map(changed.map((milestone) => [milestone.id, milestone]));
  return { ...terms, milestones: terms.milestones.map((milestone) => after.get(milestone.id) ?? milestone) };
}

/** Moves the contract, and returns it with what the move did. */
export function moved({ position, terms }: Contract, move: Move, now = NOW): Contract & { readonly done: Advance } {
  const done = advance(position, move, now, terms);
  return { position: done.position, terms: withMilestones(terms, done.milestones), done };
}

/** Returns the contract after the moves. */
export const through = (born: Contract, ...moves: readonly Move[]): Contract =>
  moves.reduce<Contract>((before, move) => moved(before, move), born);

/** Returns the legs of the move's event. */
export function legs(before: Contract, move: Move): readonly (readonly [LedgerAccountKind, bigint])[] {
  const { done } = moved(before, move);
  const note = { reason: null, metadata: {} };
  return legsOf(newLifecycleEvent('evt_1', before.position, done.position, done, note, SYSTEM));
}

/** The moves that lead a new contract of 1000.00 to each state. */
const WAYS: { readonly [S in PositionState]: readonly Move[] } = {
  CREATED: [],
  PARTIALLY_FUNDED: [moveTo('FUND', '400')],
  FUNDED: [moveTo('FUND')],
  PARTIALLY_RELEASED: [moveTo('FUND'), moveTo('BY_AMOUNT', '250')],
  RELEASED: [moveTo('FUND'), moveTo('BY_AMOUNT')],
  CANCELLED: [moveTo('FUND'), moveTo('CANCELLED')],
  EXPIRED: [moveTo('FUND'), moveTo('EXPIRED')],
};

/** Returns the contract of 1000.00 without milestones in the state. */
export const inState = (state: PositionState, born: Contract): Contract => through(born, ...WAYS[state]);

/** The amounts of a position in minor units, in the order in which tests list them. */
export const amounts = ({ position: { held, retained, released, refunded, fees } }: Contract): readonly bigint[] => [
  held,
  retained,
  released,
  refunded,
  fees,
];
