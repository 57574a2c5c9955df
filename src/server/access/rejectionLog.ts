import { type CountedFailures, countedEventOf } from '../../commands/audit.ts';
import type { FailedAttempt } from '../../commands/failedAttempts.ts';
import {
  ACCESS_CODES,
  type AccessAction,
  AUDIT_ACTIONS,
  type AuditEvent,
  SERVER_INSTITUTION_ID,
} from '../../domain/auditEvent.ts';
import type { Id, NewId } from '../../domain/ids.ts';
import { type Clock, type Instant, minuteOf } from '../../domain/time.ts';
import { ANONYMOUS, actorOf } from '../../domain/viewer.ts';
import { AlreadyExistsError, UnavailableError } from '../../store/errors.ts';
import type { Store } from '../../store/store.ts';

export interface RejectionLogOptions {
  readonly store: Store;
  readonly newId: NewId;
  readonly clock: Clock;
}

/** The maximum number of events per minute about unauthenticated requests; further ones are one event per action. */
export const MAX_UNAUTHENTICATED_EVENTS_PER_MINUTE = 60;
/**
 * The maximum number of events per minute about API keys; further ones are counted with the further unauthenticated
 * ones.
 */
export const MAX_API_KEY_EVENTS_PER_MINUTE = 1_000;
/**
 * The maximum number of events per minute about failed attempts; further ones are one event per action and error code.
 */
export const MAX_ATTEMPT_EVENTS_PER_MINUTE = 1_000;

/**
 * Counts rejected requests and writes them to the audit log in the background: one event per minute for each address or
 * API key and each action, with the number of requests, once the minute has passed. So unauthenticated clients fill
 * neither the audit log nor the memory, however many requests and addresses they have. Each server counts separately.
 * Failed attempts that are only counted (see FailedAttempts) are recorded in the same way.
 */
export class RejectionLog {
  readonly #options: RejectionLogOptions;
  #minute: Instant;
  #open = new Notes();
  /**
   * The notes of past minutes that are not yet written: of one minute or, after an outage of the store, of several as
   * one.
   */
  #past = new Notes();
  /** Events that may be written although the store was unavailable: they are written again with the same ids. */
  #unconfirmed: readonly AuditEvent[] = [];

  constructor(options: RejectionLogOptions) {
    this.#options = options;
    this.#minute = minuteOf(options.clock());
  }

  /** The number of waiting events. */
  get size(): number {
    return this.#open.size + this.#past.size + this.#unconfirmed.length;
  }

  /** Counts a rejected request. `key` must exist; a request with an unknown token is counted by its address. */
  note(action: AccessAction, address: string, key: RejectedKey | null = null): void {
    const errorCode = ACCESS_CODES[action];
    if (key) this.#count('keys', { action, errorCode, address, ...keyFacts(key) });
    else
      this.#count('unauthenticated', {
        action,
        errorCode,
        address,
        institutionId: SERVER_INSTITUTION_ID,
        actor: ANONYMOUS,
      });
  }

  /** Counts a failed attempt that has no audit event of its own. */
  countAttempt({ viewer, mutation, institutionId, errorCode }: FailedAttempt): void {
    this.#count('attempts', { action: AUDIT_ACTIONS[mutation], errorCode, institutionId, actor: actorOf(viewer) });
  }

  /** Writes the notes of past minutes. Those that cannot be written are kept for the next call. */
  async flush(): Promise<void> {
    this.#rollMinute();
    await this.#write();
  }

  /** Writes all notes, when the server stops. */
  async finish(): Promise<void> {
    this.#closeMinute();
    await this.#write();
  }

  #count(kind: Kind, failure: Omit<CountedFailures, 'occurrences' | 'since'>): void {
    this.#rollMinute();
    this.#open.add(kind, { ...failure, occurrences: 1, since: this.#options.clock() });
  }

  #rollMinute(): void {
    const minute = minuteOf(this.#options.clock());
    if (minute === this.#minute) return;
    this.#minute = minute;
    this.#closeMinute();
  }

  #closeMinute(): void {
    this.#past.addAll(this.#open);
    this.#open = new Notes();
  }

  async #write(): Promise<void> {
    await this.#confirm();
    const { newId } = this.#options;
    const notes = this.#past;
    if (notes.size === 0) return;
    this.#past = new Notes();
    const events = notes.all().map((note) => countedEventOf(newId, note));
    try {
      await this.#insert(events);
    } catch (error) {
      if (error instanceof UnavailableError) {
        this.#unconfirmed = events;
      } else {
        notes.addAll(this.#past);
        this.#past = notes;
      }
      throw error;
    }
  }

  /** Writes the unconfirmed events unless they exist. They are one transaction, so either all of them exist or none. */
  async #confirm(): Promise<void> {
    if (this.#unconfirmed.length === 0) return;
    await this.#insert(this.#unconfirmed).catch((error: unknown) => {
      if (!(error instanceof AlreadyExistsError)) throw error;
    });
    this.#unconfirmed = [];
  }

  #insert(events: readonly AuditEvent[]): Promise<void> {
    return this.#options.store.transact('ALL', async (tx) => {
      for (const event of events) tx.auditEvents.insert(event);
    });
  }
}

/** An API key whose requests were rejected. */
interface RejectedKey {
  readonly institutionId: Id;
  readonly apiKeyId: Id;
}
const keyFacts = ({ institutionId, apiKeyId }: RejectedKey) => ({
  institutionId,
  actor: { actorKind: 'API_KEY', apiKeyId } as const,
});

/** The subject of a note. `rest` counts what exceeds the limits of the other kinds, by action and error code. */
type Kind = 'unauthenticated' | 'keys' | 'attempts' | 'rest';
const MAX_NOTES: { readonly [K in Kind]: number } = {
  unauthenticated: MAX_UNAUTHENTICATED_EVENTS_PER_MINUTE,
  keys: MAX_API_KEY_EVENTS_PER_MINUTE,
  attempts: MAX_ATTEMPT_EVENTS_PER_MINUTE,
  rest: Number.POSITIVE_INFINITY,
};

/** Notes that become one event each, at most as many as are allowed per minute. */
class Notes {
  readonly #kinds: { readonly [K in Kind]: Map<string, CountedFailures> } = {
    unauthenticated: new Map(),
    keys: new Map(),
    attempts: new Map(),
    rest: new Map(),
  };

  get size(): number {
    return Object.values(this.#kinds).reduce((sum, { size }) => sum + size, 0);
  }

  all(): readonly CountedFailures[] {
    return Object.values(this.#kinds).flatMap((notes) => [...notes.values()]);
  }

  add(kind: Kind, note: CountedFailures): void {
    const notes = this.#kinds[kind];
    const name = nameOf(kind, note);
    const existing = notes.get(name);
    if (existing || notes.size < MAX_NOTES[kind]) {
      notes.set(name, { ...note, ...existing, occurrences: (existing?.occurrences ?? 0) + note.occurrences });
      return;
    }
    const address = note.address === undefined ? undefined : null;
    this.add('rest', { ...note, address, institutionId: SERVER_INSTITUTION_ID, actor: ANONYMOUS });
  }

  addAll(other: Notes): void {
    for (const [kind, notes] of Object.entries(other.#kinds)) {
      for (const note of notes.values()) this.add(kind as Kind, note);
    }
  }
}

/**
 * Returns the name under which failures are counted. Those of an API key are counted together, whatever their address.
 */
const nameOf = (kind: Kind, { action, errorCode, address, institutionId, actor }: CountedFailures): string =>
  [action, errorCode, institutionId, actor.actorKind, actor.apiKeyId, kind === 'unauthenticated' ? address : ''].join(
    ' ',
  );
