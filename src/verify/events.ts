import { canLead, isTerminal, POSITION_MOVES } from '../domain/lifecycle.ts';
import { type LifecycleEvent, moveOf } from '../domain/lifecycleEvent.ts';
import type { Position } from '../domain/position.ts';

/**
 * Checks that the events are gapless, that each follows from the one before, and that the last has the position's
 * state.
 */
export function chainFault(
  { state, sequence, currency }: Position,
  events: readonly LifecycleEvent[],
): string | undefined {
  if (events.length !== sequence) return `has ${events.length} events where its last is number ${sequence}`;
  for (const [index, event] of events.entries()) {
    const { fromState, toState } = event;
    if (event.sequence !== index + 1) return `has no event number ${index + 1}`;
    if (event.currency !== currency) return `is in ${currency}, its event ${event.sequence} in ${event.currency}`;
    if (fromState !== (events[index - 1]?.toState ?? null))
      return `has an event ${event.sequence} that does not follow`;
    if (!POSITION_MOVES.some((move) => canLead(move, fromState, toState))) {
      return `went from ${fromState ?? 'nowhere'} to ${toState} in event ${event.sequence}`;
    }
  }
  const last = events.at(-1);
  return last?.toState === state ? undefined : `is ${state}, but its last event left it ${last?.toState ?? 'nowhere'}`;
}

/** Checks that the move of each event can lead from the state before it to the state after it. */
export function moveFault(events: readonly LifecycleEvent[]): string | undefined {
  for (const event of events) {
    const { fromState, toState, sequence } = event;
    const move = moveOf(event);
    if (!canLead(move, fromState, toState)) {
      return `went from ${fromState ?? 'nowhere'} to ${toState} by ${move} in event ${sequence}`;
    }
  }
  return undefined;
}

/** Checks that the times of funding and closing are those of the events. */
export function timeFault({ fundedAt, closedAt }: Position, events: readonly LifecycleEvent[]): string | undefined {
  const funded = events.find(({ toState }) => toState === 'FUNDED')?.createdAt ?? null;
  const closed = events.find(({ toState }) => isTerminal(toState))?.createdAt ?? null;
  if (fundedAt !== funded) return 'has another fundedAt than its events';
  return closedAt === closed ? undefined : 'has another closedAt than its events';
}
