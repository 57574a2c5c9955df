import type { MutationName } from '../domain/auditEvent.ts';
import type { Id } from '../domain/ids.ts';
import type { ErrorCode } from '../domain/refusals.ts';
import type { Viewer } from '../domain/viewer.ts';

/**
 * The way in which a refused attempt is recorded in the audit log: as an event with its payload, as an event with only
 * the size and the field names of its input, or counted in one event for all of its kind.
 */
export type AttemptRecord = 'WHOLE' | 'SUMMARY' | 'COUNTED';

/** The common properties of attempts that are counted in one event. */
export interface RefusedAttempt {
  readonly viewer: Viewer;
  readonly mutation: MutationName;
  readonly institutionId: Id;
  readonly errorCode: ErrorCode;
}

/** Bounds what refused attempts write to the audit log, which is append-only. */
export interface RefusedAttempts {
  /**
   * Returns how an attempt of the viewer is recorded, and reserves the room for it; `payloadBytes` is the size of its
   * payload.
   */
  admit(viewer: Viewer, payloadBytes: number): AttemptRecord;
  /** Counts an attempt that is recorded as COUNTED. */
  count(attempt: RefusedAttempt): void;
}

/** Records every attempt whole, for contexts whose mutations no client can send. */
export const UNBOUNDED: RefusedAttempts = { admit: () => 'WHOLE', count: () => undefined };
