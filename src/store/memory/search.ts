import MiniSearch from 'minisearch';
import { type ChatMessage, tokensOfMessage } from '../../domain/chatMessage.ts';
import { type ChatSession, tokensOfSession } from '../../domain/chatSession.ts';
import type { Id } from '../../domain/ids.ts';
import type { Touched } from './plan.ts';

/** One text by which a session is found. */
interface Text {
  readonly id: Id;
  readonly sessionId: Id;
  readonly words: readonly string[];
}

/** To rank a text takes as long as to look at so many rows. */
const ROWS_OF_A_HIT = 10;

/**
 * Which sessions have a text with given words: their own, or one of their messages'. Writes only note what has
 * changed; the index is fed at the next search.
 */
export class TextIndex {
  readonly #changed = new Map<Id, ChatSession | ChatMessage | null>();
  readonly #index = new MiniSearch<Text>({
    fields: ['words'],
    storeFields: ['sessionId'],
    // The domain's words as they are: joined, split at what none of them holds, and not changed again.
    extractField: (text, field) => (field === 'words' ? text.words.join(' ') : text[field as 'id']),
    tokenize: (words) => words.split(' '),
    processTerm: (word) => word,
  });

  readonly #touched: Touched;
  #last: { readonly key: string; readonly found: ReadonlySet<Id> } | undefined;

  constructor(touched: Touched) {
    this.#touched = touched;
  }

  session(session: ChatSession): void {
    this.#changed.set(session.id, session);
  }

  message(message: ChatMessage): void {
    this.#changed.set(message.id, message);
  }

  /** Forgets a session's or a message's text. */
  remove(id: Id): void {
    this.#changed.set(id, null);
  }

  /** The sessions that have a text with all of the words. A page and its count search for the same words. */
  find(words: readonly string[]): ReadonlySet<Id> {
    const key = words.join(' ');
    if (this.#changed.size > 0 || this.#last?.key !== key) {
      this.#feed();
      this.#last = { key, found: this.#search(words) };
    }
    return this.#last.found;
  }

  #search(words: readonly string[]): ReadonlySet<Id> {
    if (words.length === 0) return new Set();
    const found = this.#index.search({ combineWith: 'AND', queries: [...words], tokenize: (word) => [word] });
    this.#touched.rows += ROWS_OF_A_HIT * found.length;
    return new Set(found.map(({ sessionId }) => sessionId as Id));
  }

  #feed(): void {
    for (const [id, entity] of this.#changed) {
      if (this.#index.has(id)) this.#index.discard(id);
      const text = entity && textOf(entity);
      if (text) this.#index.add(text);
    }
    this.#changed.clear();
  }
}

/** The text of a session or a message; undefined for a message that was deleted. */
function textOf(entity: ChatSession | ChatMessage): Text | undefined {
  const { id } = entity;
  if (!('sessionId' in entity)) return { id, sessionId: id, words: tokensOfSession(entity) };
  return entity.body === null ? undefined : { id, sessionId: entity.sessionId, words: tokensOfMessage(entity) };
}
