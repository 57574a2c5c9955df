import { type ChatMessage, type ReadMark, readMarkId } from '../../domain/chatMessage.ts';
import type { Id } from '../../domain/ids.ts';
import type { UnreadOf } from '../store.ts';
import type { Table } from './table.ts';
import type { Write } from './write.ts';

/** The maximum number of counted sessions and their messages together. A message needs about 16 bytes. */
const MAX_SIZE = 1_000_000;

/** The messages of one session that are not deleted, by sequence, and the marks that were looked up. */
interface CountedSession {
  readonly institutionId: Id;
  readonly sequences: number[];
  readonly byAuthor: Map<string, number[]>;
  readonly marks: Map<string, number>;
}

/**
 * Counts unread messages: those above the participant's mark that are neither the participant's own nor deleted. A
 * session is read when it is first counted; from then on, a count is a binary search, and new messages are added. A
 * session with any other change is read again.
 */
export class UnreadCounter {
  readonly #messages: Table<ChatMessage>;
  readonly #readMarks: Table<ReadMark>;
  /** The counted sessions, in the order in which they were read. */
  readonly #sessions = new Map<Id, CountedSession>();
  #size = 0;

  constructor(messages: Table<ChatMessage>, readMarks: Table<ReadMark>) {
    this.#messages = messages;
    this.#readMarks = readMarks;
  }

  count({ sessionId, participantReference }: UnreadOf, tenant: Id | null): number {
    const session = this.#sessions.get(sessionId) ?? this.#read(sessionId);
    if (!session || (tenant !== null && session.institutionId !== tenant)) return 0;
    const mark = session.marks.get(participantReference) ?? this.#markOf(session, sessionId, participantReference);
    const own = session.byAuthor.get(participantReference) ?? [];
    return above(session.sequences, mark) - above(own, mark);
  }

  /** Updates the counted sessions. Must be called for every write, after it was applied. */
  note(write: Write): void {
    if (this.#sessions.size === 0) return;
    if (write.name === 'readMarks') this.#noteMark(write);
    if (write.name === 'chatMessages') this.#noteMessage(write);
  }

  #noteMark({ entity, kind }: Write<'readMarks'>): void {
    const marks = this.#sessions.get(entity.sessionId)?.marks;
    if (kind === 'remove') marks?.delete(entity.participantReference);
    else if (marks?.has(entity.participantReference)) marks.set(entity.participantReference, entity.sequence);
  }

  #noteMessage({ entity, kind }: Write<'chatMessages'>): void {
    const session = this.#sessions.get(entity.sessionId);
    if (!session) return;
    const isNext = kind === 'insert' && entity.deletedAt === null && entity.sequence > (session.sequences.at(-1) ?? 0);
    if (isNext) this.#add(session, entity);
    else this.#forget(entity.sessionId, session);
  }

  /** Reads the messages of the session; undefined if it has none. */
  #read(sessionId: Id): CountedSession | undefined {
    const parent = { field: 'sessionId', id: sessionId } as const;
    let session: CountedSession | undefined;
    // They are in the order of their sequences, because the only index of a session's messages has this order.
    for (const message of this.#messages.matches({ parent, where: {} }, null)) {
      session ??= { institutionId: message.institutionId, sequences: [], byAuthor: new Map(), marks: new Map() };
      if (message.deletedAt === null) this.#add(session, message);
    }
    if (!session) return undefined;
    this.#sessions.set(sessionId, session);
    this.#size += 1;
    for (const [id, oldest] of this.#sessions) {
      if (this.#size <= MAX_SIZE || id === sessionId) break;
      this.#forget(id, oldest);
    }
    return session;
  }

  #add({ sequences, byAuthor }: CountedSession, { sequence, authorReference }: ChatMessage): void {
    this.#size += 1;
    sequences.push(sequence);
    const own = byAuthor.get(authorReference);
    if (own) own.push(sequence);
    else byAuthor.set(authorReference, [sequence]);
  }

  #forget(sessionId: Id, { sequences }: CountedSession): void {
    this.#sessions.delete(sessionId);
    this.#size -= sequences.length + 1;
  }

  /** Looks up a mark. Only those of participants with messages are kept, so that their number is limited. */
  #markOf({ byAuthor, marks }: CountedSession, sessionId: Id, participantReference: string): number {
    const [row] = this.#readMarks.byIds([readMarkId(sessionId, participantReference)], null);
    const mark = row?.sequence ?? 0;
    if (byAuthor.has(participantReference)) marks.set(participantReference, mark);
    return mark;
  }
}

/** Returns how many of the ascending numbers are above the mark. */
function above(numbers: readonly number[], mark: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] as number) <= mark) low = middle + 1;
    else high = middle;
  }
  return numbers.length - low;
}
