import {
  type AccessCode,
  AUDIT_ACTIONS,
  type AuditAction,
  type AuditEvent,
  type MutationName,
  type Resource,
  SERVER_ACTIONS,
  type ServerActionName,
} from '../domain/auditEvent.ts';
import type { Id, NewId } from '../domain/ids.ts';
import { isWellFormedId } from '../domain/ids.ts';
import { type JsonObject, type JsonValue, jsonBytes, jsonIssue } from '../domain/json.ts';
import { LIMITS } from '../domain/limits.ts';
import { textIssue } from '../domain/text.ts';
import { formatInstant, type Instant } from '../domain/time.ts';
import type { ErrorCode } from '../domain/userErrors.ts';
import { type Actor, actorOf } from '../domain/viewer.ts';
import { StoreFullError } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { CommandContext } from './context.ts';

/** An attempted mutation, as far as it is known. */
export interface Attempt {
  readonly mutation: MutationName;
  readonly institutionId: Id;
  readonly resource: Resource | null;
  /** The code of the user error, or null if the mutation succeeded. */
  readonly errorCode: ErrorCode | null;
  readonly input: object;
  /** The actor, if it is not the viewer. */
  readonly actor?: Actor;
}

/** What the server has done by itself. */
export interface ServerAction extends Omit<Attempt, 'mutation'> {
  readonly mutation: ServerActionName;
}

/** Returns the audit event of an attempt. Only this function and those below it create audit events. */
export const auditEventOf = (context: CommandContext, attempt: Attempt | ServerAction): AuditEvent =>
  eventOf(context, attempt, payloadOf(attempt.input));

/** An attempt that was refused. */
export interface Failure extends Attempt {
  readonly errorCode: ErrorCode;
  /** The whole input, of which only the size and the field names are recorded if its values are not. */
  readonly sent: object;
}

/** The record of a failed attempt. */
export interface AuditedFailure {
  /** Undefined if the attempt is only counted. */
  readonly event: AuditEvent | undefined;
  /** Must be called once the event, if there is one, has been committed. */
  readonly report: () => void;
}

/** Decides how a failed attempt is recorded. */
export function auditUserError(context: CommandContext, refused: Failure): AuditedFailure {
  const event = failureEventOf(context, refused);
  const report = (): void => {
    context.onUserError?.(refused.errorCode);
    if (!event) context.failedAttempts.count({ ...refused, viewer: context.viewer });
  };
  return { event, report };
}

/** For a forbidden attempt only a summary is kept, so that an API key without rights cannot fill the audit log. */
function failureEventOf(context: CommandContext, refused: Failure): AuditEvent | undefined {
  const { errorCode, input, sent } = refused;
  const payload = errorCode === 'FORBIDDEN' ? summaryOf(sent) : payloadOf(input);
  const record = context.failedAttempts.admit(context.viewer, jsonBytes(payload));
  if (record === 'COUNTED') return undefined;
  return eventOf(context, refused, record === 'WHOLE' ? payload : summaryOf(sent));
}

const ACTIONS = { ...AUDIT_ACTIONS, ...SERVER_ACTIONS } as const;

function eventOf(context: CommandContext, attempt: Attempt | ServerAction, payload: JsonObject): AuditEvent {
  const { mutation, institutionId, errorCode, actor = actorOf(context.viewer) } = attempt;
  const resource = attempt.resource && isWellFormedId(attempt.resource.id) ? attempt.resource : null;
  return Object.freeze({
    id: context.newId('aud'),
    institutionId,
    action: ACTIONS[mutation],
    outcome: errorCode === null ? 'SUCCESS' : 'FAILURE',
    ...actor,
    resourceType: resource?.type ?? null,
    resourceId: resource?.id ?? null,
    requestId: context.requestId,
    errorCode,
    payload,
    createdAt: context.clock(),
  });
}

/**
 * Runs a transaction that also records the attempt. If the store has no room for the record of a failed attempt, the
 * attempt is only counted.
 */
export async function recordOrCount<T>(
  store: Store,
  record: () => Promise<T>,
  rejected: () => T | undefined,
): Promise<T> {
  try {
    return await record();
  } catch (error) {
    const result = error instanceof StoreFullError ? rejected() : undefined;
    if (result === undefined) throw error;
    store.usage?.countUnrecordedAttempt();
    return result;
  }
}

/** Rejected requests, or failed attempts, that are alike and are recorded as one audit event. */
export interface CountedFailures {
  readonly action: AuditAction;
  readonly errorCode: ErrorCode | AccessCode;
  readonly institutionId: Id;
  readonly actor: Actor;
  /** The network that the requests came from, or null if they came from several. Attempts have none. */
  readonly address?: string | null | undefined;
  readonly occurrences: number;
  /** When the first of them arrived. */
  readonly since: Instant;
}

/** Returns the audit event of counted failures. */
export function countedEventOf(newId: NewId, counted: CountedFailures): AuditEvent {
  const { action, errorCode, institutionId, actor, address, occurrences, since } = counted;
  return Object.freeze({
    id: newId('aud'),
    institutionId,
    action,
    outcome: 'FAILURE',
    ...actor,
    resourceType: null,
    resourceId: null,
    requestId: null,
    errorCode,
    payload: address === undefined ? { occurrences } : { address, occurrences },
    createdAt: since,
  });
}

/** The maximum length of an input text in the audit log, in UTF-16 units. */
const TEXT_UNITS = 10_000;

/** Returns the fields of the input. A value that cannot be stored is replaced by the reason. */
function payloadOf(input: object): JsonObject {
  const parts = Object.entries(input).flatMap(([name, value]: [string, unknown]) => {
    if (value === undefined) return [];
    if (typeof value === 'number' && name.endsWith('At')) return [[name, formatInstant(value)] as const];
    const fault = faultOf(value);
    return [[name, fault === undefined ? (value as JsonValue) : { omitted: fault }] as const];
  });
  const payload: JsonObject = Object.fromEntries(parts);
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  return bytes > LIMITS.jsonBytes ? { omitted: `${bytes} bytes` } : payload;
}

/**
 * Returns the size and the field names of an input. It has passed GraphQL validation, so its field names are those of
 * the input type and not the client's. Names within JSON values are the client's and are left out.
 */
const summaryOf = (input: object): JsonObject => ({
  omitted: `${jsonBytes(input)} bytes`,
  fields: Object.entries(input).flatMap(([name, value]) => (value === undefined ? [] : [name])),
});

function faultOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value.length > TEXT_UNITS ? `${value.length} characters` : textIssue(value);
  return typeof value === 'object' && value !== null ? jsonIssue(value as JsonObject) : undefined;
}
