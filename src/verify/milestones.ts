import { isTerminal } from '../domain/lifecycle.ts';
import { type LifecycleEvent, moveOf } from '../domain/lifecycleEvent.ts';
import type { Milestone } from '../domain/milestone.ts';
import type { Position } from '../domain/position.ts';
import { changeBy } from './amounts.ts';
import type { VersionOfTerms } from './histories.ts';

/** What the events make of a milestone, in minor units. */
interface Rebuilt {
  readonly milestone: Milestone;
  earned: bigint;
  refunded: bigint;
}

/**
 * Checks that the milestones of the current terms add up to the amount of the position and have the amounts and states
 * that follow from its events, and that those of earlier terms are replaced.
 */
export function milestoneFault(
  position: Position,
  events: readonly LifecycleEvent[],
  versions: readonly VersionOfTerms[],
): string | undefined {
  for (const { terms, milestones } of versions.slice(0, -1)) {
    const kept = milestones.find(({ state, earned, refunded }) => state !== 'REPLACED' || earned + refunded !== 0n);
    if (kept) return `has a milestone ${kept.sequence} of version ${terms.version} of its terms that is not replaced`;
  }
  const rebuilt = (versions.at(-1)?.milestones ?? []).map((milestone) => ({ milestone, earned: 0n, refunded: 0n }));
  return sumFault(position, rebuilt) ?? replayFault(events, rebuilt) ?? resultFault(position, rebuilt);
}

function sumFault({ amount, currency }: Position, rebuilt: readonly Rebuilt[]): string | undefined {
  for (const [index, { milestone }] of rebuilt.entries()) {
    if (milestone.sequence !== index + 1) return `has no milestone number ${index + 1}`;
    if (milestone.currency !== currency) {
      return `is in ${currency}, its milestone ${milestone.sequence} in ${milestone.currency}`;
    }
  }
  const sum = rebuilt.reduce((all, { milestone }) => all + milestone.amount, 0n);
  return rebuilt.length === 0 || sum === amount
    ? undefined
    : `has an amount of ${amount}, but its milestones add up to ${sum}`;
}

/** Applies the events to the milestones. Returns the first event that does not fit them. */
function replayFault(events: readonly LifecycleEvent[], rebuilt: readonly Rebuilt[]): string | undefined {
  for (const event of events) {
    const { milestoneId, sequence } = event;
    const own = milestoneId === null ? undefined : rebuilt.find(({ milestone }) => milestone.id === milestoneId);
    if (milestoneId !== null && !own) return `has an event ${sequence} of a milestone that it does not have`;
    if (rebuilt.length === 0) continue;
    const { earned = 0n, refunded = 0n } = changeBy(event);
    const left = rebuilt.reduce((all, each) => all + leftOf(each), 0n);
    if (own) {
      own.earned += earned;
      own.refunded += refunded;
    } else if (moveOf(event) === 'RELEASE') {
      // Only the final release has no milestone: it earns what is left of each.
      if (earned !== left) return `released ${earned} in event ${sequence}, where ${left} was left of its milestones`;
      for (const each of rebuilt) each.earned += leftOf(each);
    } else {
      fill(rebuilt, refunded);
    }
    if (own && leftOf(own) < 0n)
      return `moved more in event ${sequence} than was left of milestone ${own.milestone.sequence}`;
  }
  return undefined;
}

const leftOf = ({ milestone, earned, refunded }: Rebuilt): bigint => milestone.amount - earned - refunded;

/** Refunds the amount of what is left of the milestones, in their order. It is never more, as `amountFault` checks. */
function fill(rebuilt: readonly Rebuilt[], amount: bigint): void {
  let rest = amount;
  for (const each of rebuilt) {
    const left = leftOf(each);
    const part = left < rest ? left : rest;
    each.refunded += part;
    rest -= part;
  }
}

/** Checks that the milestones have the amounts and the states that follow from the events. */
function resultFault(position: Position, rebuilt: readonly Rebuilt[]): string | undefined {
  for (const each of rebuilt) {
    const { sequence, earned, refunded, state } = each.milestone;
    if (earned !== each.earned) return `has a milestone ${sequence} that earned ${earned}, its events ${each.earned}`;
    if (refunded !== each.refunded) {
      return `has a milestone ${sequence} that refunded ${refunded}, its events ${each.refunded}`;
    }
    const expected = isTerminal(position.state) || leftOf(each) === 0n ? 'CLOSED' : 'OPEN';
    if (state !== expected) return `has a milestone ${sequence} that is ${state}, but its events make it ${expected}`;
  }
  return undefined;
}
