import type { MutationName, Resource } from '../domain/auditEvent.ts';
import type { Id } from '../domain/ids.ts';
import type { Issues, Maybe } from '../domain/issues.ts';
import { changedFields, nextVersion } from '../domain/patch.ts';
import type { Roles } from '../domain/rights.ts';
import type { Instant } from '../domain/time.ts';
import type { ErrorCode } from '../domain/userErrors.ts';
import type { Field, Writer, Writers } from '../store/store.ts';
import { assertVersion, type CommandContext, orNotFound } from './context.ts';
import type { Command, Idempotent } from './perform.ts';

/** The input of every update: a field that is left out stays as it is. */
export interface UpdateInput extends Idempotent {
  readonly expectedVersion?: Maybe<number>;
}

interface Entity {
  readonly id: Id;
  readonly version: number;
  readonly updatedAt: Instant;
}

/** The user errors of every update. */
export const UPDATE_ERRORS: readonly ErrorCode[] = [
  'VALIDATION_FAILED',
  'FORBIDDEN',
  'NOT_FOUND',
  'STALE_VERSION',
  'CAPACITY_EXCEEDED',
  'IDEMPOTENCY_CONFLICT',
];

/** The parts of an update: I is the input, E the entity, N its name in the payload, X what else is loaded. */
export interface Update<I extends UpdateInput, E extends Entity, N extends string, X> {
  readonly name: MutationName;
  readonly roles: Roles;
  /** Defaults to UPDATE_ERRORS. */
  readonly errors?: readonly ErrorCode[];
  readonly resource: Resource['type'];
  /** The entity's name in the payload. */
  readonly payload: N;
  /** The entity's name in messages. */
  readonly noun: string;
  readonly idField: Field<I>;
  readonly table: (tx: Writers) => Writer<E>;
  readonly institutionId: (entity: E) => Id;
  /** Returns the id of the object, if the input alone does not name it. */
  readonly idOf?: (input: I, issues: Issues, context: CommandContext) => Id;
  /** Validates the input without reading the store. */
  readonly check: (input: I, issues: Issues) => Partial<E>;
  /** Acquires what must be locked before the object. */
  readonly lock?: (tx: Writers, id: Id, patch: Partial<E>, context: CommandContext) => unknown;
  /** Loads what `decide` needs, once the object has been loaded. */
  readonly load?: (tx: Writers, before: E, patch: Partial<E>) => Promise<X>;
  /** Validates the changes against the object and returns the fields to write. */
  readonly decide?: (before: E, changes: Partial<E>, loaded: X | undefined) => Partial<E>;
  /** Writes what accompanies the new version. */
  readonly written?: (tx: Writers, after: E) => void;
}

interface Checked<E> {
  readonly id: Id;
  readonly expectedVersion: number | null;
  readonly patch: Partial<E>;
}
interface Loaded<E, X> {
  readonly before: E | undefined;
  readonly more: X | undefined;
}

/** Defines a mutation that changes fields of one object. If no field differs, only the audit event is written. */
export const updating = <I extends UpdateInput, E extends Entity, N extends string, X = undefined>(
  update: Update<I, E, N, X>,
): Command<I, Checked<E>, Loaded<E, X>, { readonly [K in N]: E }> => {
  const { name, roles, errors = UPDATE_ERRORS, payload, table, idField } = update;
  const payloadOf = (entity: E) => ({ [payload]: entity }) as { readonly [K in N]: E };
  return {
    name,
    roles,
    errors,
    check: (input, issues, context) => {
      const id = update.idOf ? update.idOf(input, issues, context) : (input[idField] as Id);
      return { id, expectedVersion: input.expectedVersion ?? null, patch: update.check(input, issues) };
    },
    load: async (tx, { id, patch }, context) => {
      const locked = update.lock?.(tx, id, patch, context);
      const [before] = await table(tx).lock([id]);
      await locked;
      return { before, more: before && (await update.load?.(tx, before, patch)) };
    },
    owner: ({ before }) => before && update.institutionId(before),
    act: (tx, loaded, { id, expectedVersion, patch }, { clock }) => {
      const before = orNotFound(loaded.before, update.noun, idField, id);
      assertVersion(expectedVersion, before.version);
      const changed = changedFields(before, patch);
      const changes = update.decide?.(before, changed, loaded.more) ?? changed;
      const fields = Object.keys(changes) as Field<E>[];
      if (fields.length === 0) return payloadOf(before);
      const after = nextVersion(before, changes, clock());
      table(tx).replace(after, [...fields, 'updatedAt']);
      update.written?.(tx, after);
      return payloadOf(after);
    },
    resource: (result, input) => {
      const id = result ? result[payload].id : (input[idField] as Maybe<Id>);
      return typeof id === 'string' ? { type: update.resource, id } : null;
    },
    storePayload: (result) => ({ id: result[payload].id }),
    loadPayload: async (tx, { id }) => payloadOf((await table(tx).byIds([id as Id]))[0] as E),
  };
};
