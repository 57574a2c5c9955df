import type { MutationName } from '../domain/auditEvent.ts';
import type { Id } from '../domain/ids.ts';
import type { ErrorCode } from '../domain/userErrors.ts';
import type { Viewer } from '../domain/viewer.ts';

/**
 * The way in which a failed attempt is recorded in the audit log: as an event with its payload, as an event with only
 * the size and the field names of its input, or counted in one event for all of its kind.
 */
export type AttemptRecord = 'WHOLE' | 'SUMMARY' | 'COUNTED';

/** The common properties of attempts that are counted in one event. */
export interface FailedAttempt {
  readonly viewer: Viewer;
  readonly mutation: MutationName;
  readonly institutionId: Id;
  readonly errorCode: ErrorCode;
}

/** Bounds what failed attempts write to the audit log, which is append-only. */
export interface FailedAttempts {
  /**
   * Returns how an attempt of the viewer is recorded, and reserves the room for it; `payloadBytes` is the size of its
   * payload.
   */
  admit(viewer: Viewer, payloadBytes: number): AttemptRecord;
  /** Counts an attempt that is recorded as COUNTED. */
  count(attempt: FailedAttempt): void;
}

/** Records every attempt whole, for contexts whose mutations no client can send. */
export const UNBOUNDED_FAILED_ATTEMPTS: FailedAttempts = { admit: () => 'WHOLE', count: () => undefined };
