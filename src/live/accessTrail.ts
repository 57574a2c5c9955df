import { accessEventOf, type TurnedAway } from '../commands/audit.ts';
import type { AccessAction, AuditEvent } from '../domain/auditEvent.ts';
import type { NewId } from '../domain/ids.ts';
import { type Clock, type Instant, minuteOf } from '../domain/time.ts';
import { AlreadyExists, Unavailable } from '../store/faults.ts';
import type { Store } from '../store/store.ts';

export interface AccessTrailOptions {
  readonly store: Store;
  readonly newId: NewId;
  readonly clock: Clock;
}

/** The most events a minute about strangers; the rest of them is one event more for each action. */
export const STRANGERS_A_MINUTE = 60;
/** The most events a minute about keys; the rest of them is counted with the strangers' rest. */
export const KEYS_A_MINUTE = 1_000;

/**
 * Notes requests that were turned away, and writes them to the audit trail behind the requests: one event a minute
 * for each address or key and each action, with how often it was, once the minute has passed. So strangers fill
 * neither the trail nor the memory, however many requests and addresses they have. Each server keeps notes of its own.
 */
export class AccessTrail {
  readonly #options: AccessTrailOptions;
  #minute: Instant;
  #open = new Notes();
  /** Of the minutes that have passed and are not written yet: one, or, where the record was away, several as one. */
  #passed = new Notes();
  /** Events that may be written although the store was unavailable: they are written again with the same ids. */
  #unconfirmed: readonly AuditEvent[] = [];

  constructor(options: AccessTrailOptions) {
    this.#options = options;
    this.#minute = minuteOf(options.clock());
  }

  /** How many events are waiting. */
  get size(): number {
    return this.#open.size + this.#passed.size + this.#unconfirmed.length;
  }

  /** The key is one that there is; a token that nobody was given is a stranger's. */
  note(action: AccessAction, address: string, key: TurnedAway['key'] = null): void {
    this.#turn();
    this.#open.add({ action, address, key, occurrences: 1, since: this.#options.clock() });
  }

  /** Writes what was noted in minutes that have passed. What could not be written is written the next time. */
  async flush(): Promise<void> {
    this.#turn();
    await this.#write();
  }

  /** Writes all that was noted: for the server's end. */
  async finish(): Promise<void> {
    this.#close();
    await this.#write();
  }

  #turn(): void {
    const minute = minuteOf(this.#options.clock());
    if (minute === this.#minute) return;
    this.#minute = minute;
    this.#close();
  }

  #close(): void {
    this.#passed.addAll(this.#open);
    this.#open = new Notes();
  }

  async #write(): Promise<void> {
    await this.#confirm();
    const { newId } = this.#options;
    const notes = this.#passed;
    if (notes.size === 0) return;
    this.#passed = new Notes();
    const events = notes.all().map((note) => accessEventOf(newId, note));
    try {
      await this.#insert(events);
    } catch (error) {
      if (error instanceof Unavailable) {
        this.#unconfirmed = events;
      } else {
        notes.addAll(this.#passed);
        this.#passed = notes;
      }
      throw error;
    }
  }

  /** Writes the unconfirmed events unless they are there. They are one transaction: all of them are, or none is. */
  async #confirm(): Promise<void> {
    if (this.#unconfirmed.length === 0) return;
    await this.#insert(this.#unconfirmed).catch((error: unknown) => {
      if (!(error instanceof AlreadyExists)) throw error;
    });
    this.#unconfirmed = [];
  }

  #insert(events: readonly AuditEvent[]): Promise<void> {
    return this.#options.store.transact('ALL', async (tx) => {
      for (const event of events) tx.auditEvents.insert(event);
    });
  }
}

/** What will be one event each: never more of them than there may be in a minute. */
class Notes {
  readonly #strangers = new Map<string, TurnedAway>();
  readonly #keys = new Map<string, TurnedAway>();
  /** What there was no room for, by action. */
  readonly #rest = new Map<string, TurnedAway>();

  get size(): number {
    return this.#strangers.size + this.#keys.size + this.#rest.size;
  }

  all(): readonly TurnedAway[] {
    return [this.#strangers, this.#keys, this.#rest].flatMap((notes) => [...notes.values()]);
  }

  add(note: TurnedAway): void {
    const { action, address, key } = note;
    const [notes, most] = key ? [this.#keys, KEYS_A_MINUTE] : [this.#strangers, STRANGERS_A_MINUTE];
    const name = `${action} ${key?.apiKeyId ?? address}`;
    if (address !== null && (notes.has(name) || notes.size < most)) count(notes, name, note);
    else count(this.#rest, action, { ...note, address: null, key: null });
  }

  addAll(notes: Notes): void {
    for (const note of notes.all()) this.add(note);
  }
}

function count(notes: Map<string, TurnedAway>, name: string, note: TurnedAway): void {
  const before = notes.get(name);
  notes.set(name, { ...note, ...before, occurrences: (before?.occurrences ?? 0) + note.occurrences });
}
