import { type ChatMessage, tokensOfMessage } from '../../domain/chatMessage.ts';
import { type ChatSession, tokensOfSession } from '../../domain/chatSession.ts';
import type { Id } from '../../domain/ids.ts';
import type { MemoryMeter } from './meter.ts';
import type { ScanStats } from './plan.ts';
import { type Text, WordIndex } from './wordIndex.ts';

type Entity = ChatSession | ChatMessage;

/** The fraction of the store's limit that the waiting texts of one institution may count, at their maximum size. */
const WAITING_PART = 0.01;
/** The number of waiting texts that are indexed per write once too many wait, so that their number decreases. */
const INDEXED_PER_WRITE = 2;

/**
 * Finds the sessions that have a text with given words: their own, or that of one of their messages. Each institution
 * has its own index, so the time of its searches does not depend on the texts of others. A written text first waits: it
 * is indexed at the institution's next search, or when too many wait. Until then it is counted with its maximum size.
 */
export class TextIndex {
  readonly #byInstitution = new Map<Id, InstitutionTexts>();
  readonly #meter: MemoryMeter;
  readonly #scanStats: ScanStats;

  constructor(meter: MemoryMeter, scanStats: ScanStats) {
    this.#meter = meter;
    this.#scanStats = scanStats;
  }

  /** Adds or replaces the text of a session or message. */
  put(entity: Entity): void {
    const { institutionId } = entity;
    const texts = this.#byInstitution.get(institutionId) ?? new InstitutionTexts();
    this.#byInstitution.set(institutionId, texts);
    this.#meter.add(texts.put(entity));
    if (texts.waitingBytes > this.#meter.maxBytes * WAITING_PART) this.#meter.add(texts.index(INDEXED_PER_WRITE));
  }

  remove({ id, institutionId }: Entity): void {
    const texts = this.#byInstitution.get(institutionId);
    if (!texts) return;
    this.#meter.add(-texts.remove(id));
    if (texts.isEmpty) this.#byInstitution.delete(institutionId);
  }

  /** Returns the sessions that have a text with all of the words: those of the institution, or of all if it is null. */
  find(words: readonly string[], institutionId: Id | null): ReadonlySet<Id> {
    const own = institutionId === null ? undefined : this.#byInstitution.get(institutionId);
    const searched = institutionId === null ? [...this.#byInstitution.values()] : own ? [own] : [];
    const found = new Set<Id>();
    for (const texts of searched) {
      this.#meter.add(texts.index(Infinity));
      texts.words.find(words, found);
    }
    this.#scanStats.rows += found.size;
    return found;
  }

  /** Counts the bytes of all texts and words again. */
  recount(): number {
    return [...this.#byInstitution.values()].reduce((bytes, texts) => bytes + texts.recount(), 0);
  }
}

/** The texts of one institution. Methods that change them return the bytes that they add. */
class InstitutionTexts {
  readonly words = new WordIndex();
  readonly #waiting = new Map<Id, Entity>();
  waitingBytes = 0;

  get isEmpty(): boolean {
    return this.#waiting.size === 0 && this.words.isEmpty;
  }

  put(entity: Entity): number {
    const before = this.#forget(entity.id);
    this.#waiting.set(entity.id, entity);
    this.waitingBytes += maxTextBytes(entity);
    return maxTextBytes(entity) - before;
  }

  /** Removes the text. Returns the freed bytes. */
  remove(id: Id): number {
    return this.#forget(id) + this.words.remove(id);
  }

  /** Indexes waiting texts, oldest first. */
  index(maxTexts: number): number {
    let bytes = 0;
    let left = maxTexts;
    for (const [id, entity] of this.#waiting) {
      if (left <= 0) break;
      left -= 1;
      bytes -= this.remove(id);
      const words = tokensOfEntity(entity);
      if (words.length > 0) bytes += this.words.add(textOf(entity), words);
    }
    return bytes;
  }

  recount(): number {
    return [...this.#waiting.values()].reduce((bytes, each) => bytes + maxTextBytes(each), this.words.recount());
  }

  #forget(id: Id): number {
    const waiting = this.#waiting.get(id);
    if (!waiting) return 0;
    this.#waiting.delete(id);
    this.waitingBytes -= maxTextBytes(waiting);
    return maxTextBytes(waiting);
  }
}

/**
 * Returns the maximum bytes of a text: that of short words that are all new. There are too few shorter words to fill a
 * long text.
 */
export function maxTextBytes(entity: Entity): number {
  const [one, other] = 'sessionId' in entity ? [entity.body] : [entity.title, entity.description];
  return WordIndex.maxBytesOf((one?.length ?? 0) + (other?.length ?? 0));
}

const textOf = (entity: Entity): Text => ({
  id: entity.id,
  sessionId: 'sessionId' in entity ? entity.sessionId : entity.id,
});
const tokensOfEntity = (entity: Entity): readonly string[] =>
  'sessionId' in entity ? tokensOfMessage(entity) : tokensOfSession(entity);
