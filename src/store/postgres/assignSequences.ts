import type { Session } from './session.ts';

/** The channel on which a server that has assigned sequences notifies the others. */
export const CHANNEL = 'escrowgrid_changes';

/** The maximum number of committed changes that get their sequences at once. */
const ASSIGNED_AT_ONCE = 5_000;

/** The result of one assignment. */
export interface Assignment {
  readonly assigned: number;
  /** Whether changes that were committed before it may still have no sequence. */
  readonly isIncomplete: boolean;
}

/**
 * Assigns sequences to the committed changes that have none, in the order in which they were written, and notifies all
 * servers. One transaction at a time assigns: another one that finds the lock taken waits for it, or assigns nothing.
 * Writes nothing if all changes have sequences.
 */
export async function assignSequences(session: Session, waits: boolean, sender: string): Promise<Assignment> {
  // One round trip, so that a server that dies cannot keep the lock.
  const lock = session.query<{ isPending: boolean }>({ text: waits ? LOCK : TRY_LOCK, values: [] });
  const assignment = session.query<{ assigned: number }>({ text: ASSIGN, values: [sender] });
  const ended = session.commit();
  const { isPending } = onlyRow((await lock).rows);
  const assigned = (await assignment).rows[0]?.assigned ?? 0;
  await ended;
  // After waiting for the lock, all changes may have sequences.
  const hasMissed = isPending && assigned === 0 && !waits;
  return { assigned, isIncomplete: hasMissed || assigned === ASSIGNED_AT_ONCE };
}

/**
 * Locks the row that contains the last sequence, if there are changes without one. The lock is taken by a statement of
 * its own, because the snapshot of the statement that assigns must include all earlier assignments. The setting, which
 * lasts until the end of the transaction, passes on whether the row is locked.
 */
const lockOr = (ifTaken: '' | 'skip locked'): string => `with unplaced as (
  select 1 from outbox where place is null order by number limit 1
), locked as (
  select 1 from outbox_extent where exists (select 1 from unplaced) for update ${ifTaken}
) select exists (select 1 from unplaced) as "isPending",
  set_config('escrowgrid.assigns', (exists (select 1 from locked))::text, true)`;
const LOCK = lockOr('');
const TRY_LOCK = lockOr('skip locked');

/**
 * NOTIFY makes the commits that contain one wait for each other. Only assignments do, which wait for each other anyway.
 */
const ASSIGN = `with unplaced as (
  select number, row_number() over (order by number) as ahead from outbox
  where place is null and current_setting('escrowgrid.assigns') = 'true' order by number limit ${ASSIGNED_AT_ONCE}
), placed as (
  update outbox set place = (select last from outbox_extent) + unplaced.ahead
  from unplaced where outbox.number = unplaced.number returning 1
), counted as (select count(*)::int as assigned from placed)
update outbox_extent set last = last + assigned from counted where assigned > 0
returning assigned, pg_notify('${CHANNEL}', $1::text)`;

/** Returns the row of a statement that always returns one. */
export function onlyRow<R>([row]: readonly R[]): R {
  if (row === undefined) throw new Error('outbox_extent has no row.');
  return row;
}
