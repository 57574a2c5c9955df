import {
  ACCESS_CODES,
  type AccessAction,
  AUDIT_ACTIONS,
  type AuditEvent,
  type MutationName,
  type Resource,
  SERVER,
} from '../domain/auditEvent.ts';
import type { Id, NewId } from '../domain/ids.ts';
import { isWellFormedId } from '../domain/ids.ts';
import { type JsonObject, type JsonValue, jsonFault } from '../domain/json.ts';
import { LIMITS } from '../domain/limits.ts';
import type { ErrorCode } from '../domain/refusals.ts';
import { textFault } from '../domain/text.ts';
import { formatInstant, type Instant } from '../domain/time.ts';
import { type Actor, ANONYMOUS, actorOf } from '../domain/viewer.ts';
import { StoreFullError } from '../store/faults.ts';
import type { Store } from '../store/store.ts';
import type { CommandContext } from './context.ts';

/** One attempt, as far as it is known. */
export interface Attempt {
  readonly mutation: MutationName;
  readonly institutionId: Id;
  readonly resource: Resource | null;
  /** Null: it succeeded. */
  readonly errorCode: ErrorCode | null;
  readonly input: object;
  /** Whose doing it was, where it was not the viewer's. */
  readonly actor?: Actor;
}

/** Here and below are the only places where audit events are made. */
export function auditEventOf(context: CommandContext, attempt: Attempt): AuditEvent {
  const { mutation, institutionId, errorCode, actor = actorOf(context.viewer) } = attempt;
  const resource = attempt.resource && isWellFormedId(attempt.resource.id) ? attempt.resource : null;
  return Object.freeze({
    id: context.newId('aud'),
    institutionId,
    action: AUDIT_ACTIONS[mutation],
    outcome: errorCode === null ? 'SUCCESS' : 'FAILURE',
    ...actor,
    resourceType: resource?.type ?? null,
    resourceId: resource?.id ?? null,
    requestId: context.requestId,
    errorCode,
    payload: payloadOf(attempt.input),
    createdAt: context.clock(),
  });
}

/** Runs what records an attempt. If the store has no room for the record of a rejected one, the attempt is counted. */
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

/** Requests of one origin that were turned away, all for the same reason. */
export interface TurnedAway {
  readonly action: AccessAction;
  /** Null: of many origins. */
  readonly address: string | null;
  /** The key that was shown, if there is such a key. */
  readonly key: { readonly institutionId: Id; readonly apiKeyId: Id } | null;
  readonly occurrences: number;
  /** When the first of them came. */
  readonly since: Instant;
}

/** In the trail of the key's institution; without a key in the server's own. */
export function accessEventOf(newId: NewId, turnedAway: TurnedAway): AuditEvent {
  const { action, address, key, occurrences, since } = turnedAway;
  const actor: Actor = key ? { actorKind: 'API_KEY', apiKeyId: key.apiKeyId } : ANONYMOUS;
  return Object.freeze({
    id: newId('aud'),
    institutionId: key?.institutionId ?? SERVER,
    action,
    outcome: 'FAILURE',
    ...actor,
    resourceType: null,
    resourceId: null,
    requestId: null,
    errorCode: ACCESS_CODES[action],
    payload: { address, occurrences },
    createdAt: since,
  });
}

/** The longest text of an input that the trail keeps, in UTF-16 units. */
const TEXT_UNITS = 10_000;

/** The input, part by part; what cannot be stored is left out with the reason. */
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

function faultOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value.length > TEXT_UNITS ? `${value.length} characters` : textFault(value);
  return typeof value === 'object' && value !== null ? jsonFault(value as JsonObject) : undefined;
}
