import type { Id } from '../../domain/ids.ts';
import { ownText } from '../../domain/text.ts';
import { bytesOfText } from './bytes.ts';

/** A text by which a session is found. */
export interface Text {
  readonly id: Id;
  readonly sessionId: Id;
}

/** The memory of a text without its words, of a word of a text, and of an index word without its letters, in bytes. */
const TEXT_BYTES = 240;
const POSTING_BYTES = 32;
const WORD_BYTES = 210;
/** The UTF-16 units of a short word and its separator. */
const SHORT_WORD_UNITS = 3;

/** A word with the texts that contain it. */
interface Word {
  readonly letters: string;
  readonly texts: Set<Text>;
}

/** An index of texts by their words. */
export class WordIndex {
  readonly #texts = new Map<Id, { readonly text: Text; readonly words: readonly Word[] }>();
  readonly #words = new Map<string, Word>();

  /** Returns the maximum bytes that a text of `units` UTF-16 units is expected to take. */
  static maxBytesOf(units: number): number {
    return TEXT_BYTES + Math.ceil(units / SHORT_WORD_UNITS) * (POSTING_BYTES + wordBytes('ab'));
  }

  get isEmpty(): boolean {
    return this.#texts.size === 0;
  }

  /** Adds the text. Returns the bytes that it takes. */
  add(text: Text, letters: readonly string[]): number {
    let bytes = TEXT_BYTES + POSTING_BYTES * letters.length;
    const words = letters.map((each) => {
      const word = this.#words.get(each) ?? { letters: ownText(each), texts: new Set() };
      if (word.texts.size === 0) {
        this.#words.set(word.letters, word);
        bytes += wordBytes(word.letters);
      }
      word.texts.add(text);
      return word;
    });
    this.#texts.set(text.id, { text, words });
    return bytes;
  }

  /** Removes the text. Returns the freed bytes. */
  remove(id: Id): number {
    const indexed = this.#texts.get(id);
    if (!indexed) return 0;
    this.#texts.delete(id);
    let bytes = TEXT_BYTES + POSTING_BYTES * indexed.words.length;
    for (const { letters, texts } of indexed.words) {
      texts.delete(indexed.text);
      if (texts.size > 0) continue;
      this.#words.delete(letters);
      bytes += wordBytes(letters);
    }
    return bytes;
  }

  /** Adds to `found` the sessions that have a text with all of the words. */
  find(words: readonly string[], found: Set<Id>): void {
    const sets = words.map((word) => this.#words.get(word)?.texts ?? NONE);
    const [fewest = NONE, ...others] = sets.toSorted((a, b) => a.size - b.size);
    for (const text of fewest) if (others.every((texts) => texts.has(text))) found.add(text.sessionId);
  }

  /** Counts the bytes of all texts and words again. */
  recount(): number {
    let bytes = this.#texts.size * TEXT_BYTES;
    for (const { letters, texts } of this.#words.values()) bytes += wordBytes(letters) + texts.size * POSTING_BYTES;
    return bytes;
  }
}

const NONE: ReadonlySet<Text> = new Set();

const wordBytes = (letters: string): number => WORD_BYTES + bytesOfText(letters);
