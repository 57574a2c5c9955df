import type { CurrencyCode } from './currencies.ts';
import type { Id } from './ids.ts';
import type { Instant } from './time.ts';

/** The states of a milestone. */
export const MILESTONE_STATES = ['OPEN', 'CLOSED', 'REPLACED'] as const;
/**
 * OPEN until the whole amount is earned or refunded, or the position reaches a terminal state; then CLOSED. REPLACED if
 * the terms were amended: the milestone is kept with the earlier terms and no longer counts.
 */
export type MilestoneState = (typeof MILESTONE_STATES)[number];

/** A part of a position that is earned and paid separately. All amounts are in minor units. */
export interface Milestone {
  readonly id: Id;
  readonly institutionId: Id;
  readonly positionId: Id;
  /** The terms that contain the milestone. */
  readonly termsId: Id;
  /** 1 for the first milestone of the terms. */
  readonly sequence: number;
  readonly title: string;
  readonly currency: CurrencyCode;
  readonly amount: bigint;
  /** The gross amount released so far, including fees of the payee and retainage. */
  readonly earned: bigint;
  readonly refunded: bigint;
  /** The payee, or null if the position names none. */
  readonly payeeReference: string | null;
  readonly dueAt: Instant | null;
  readonly state: MilestoneState;
  readonly version: number;
  readonly createdAt: Instant;
}

/** The fields that a move changes, besides the version. */
export const EARNED_FIELDS = ['earned', 'refunded', 'state'] as const satisfies readonly (keyof Milestone)[];

/** Returns the part of the amount that is neither earned nor refunded. */
export const remainderOf = ({ amount, earned, refunded }: Milestone): bigint => amount - earned - refunded;

/** Returns the milestone with more of its amount earned or refunded. It is closed if nothing remains. */
export function settled(
  milestone: Milestone,
  { earned = 0n, refunded = 0n }: Partial<Pick<Milestone, 'earned' | 'refunded'>>,
): Milestone {
  const next = { ...milestone, earned: milestone.earned + earned, refunded: milestone.refunded + refunded };
  return Object.freeze({ ...next, state: remainderOf(next) === 0n ? 'CLOSED' : next.state, version: next.version + 1 });
}

/** Returns the milestones that change if the amount is refunded: they are filled in order of sequence. */
export function refundedInOrder(milestones: readonly Milestone[], amount: bigint): readonly Milestone[] {
  let left = amount;
  return milestones.flatMap((milestone) => {
    const remainder = remainderOf(milestone);
    const refunded = remainder < left ? remainder : left;
    left -= refunded;
    return refunded === 0n ? [] : [settled(milestone, { refunded })];
  });
}

/** Returns the milestones that change if the position reaches a terminal state, which closes all of them. */
export function closing(milestones: readonly Milestone[], changed: readonly Milestone[]): readonly Milestone[] {
  const after = new Map(changed.map((milestone) => [milestone.id, milestone]));
  return milestones.flatMap((before) => {
    const next = after.get(before.id) ?? before;
    if (next.state !== 'OPEN') return next === before ? [] : [next];
    return [Object.freeze({ ...next, state: 'CLOSED' as const, version: before.version + 1 })];
  });
}
