import { LRUCache } from 'lru-cache';
import type { Statement } from './sql.ts';
import type { Decode } from './typeParsers.ts';

/** The limits of the prepared statements of one connection. */
const LIMITS = {
  /** The maximum number of statements: filters and selections of clients make many texts. */
  statements: 256,
  /**
   * The time after which a statement is prepared again, in ms. Its plan may be of a time when the table was empty, and
   * the server plans it again only when it has new statistics.
   */
  ageMs: 60_000,
} as const;

/** The state that all connections of a pool share about their prepared statements. */
export interface Preparing {
  /** Whether statements are named. A pooler in transaction mode gives each transaction another connection. */
  readonly isNamed: boolean;
  /** The statement that sets up a connection before its first transaction, if statements are named. */
  readonly setUp: Statement;
  /** Raised when the statements of all connections must be prepared again. */
  generation: number;
}

/** A statement that the server knows by a name. */
export interface Prepared {
  readonly name: string;
  /** Decodes its rows, which the server describes only once. */
  readonly decode: Decode | undefined;
}

/** The prepared statements of one connection. A text is named when it is seen for the second time. */
export class PreparedStatements {
  readonly shared: Preparing;
  /** Whether the settings of the connection were set. */
  isSetUp = false;
  /** By text. Whatever leaves the cache, its name is dropped. */
  readonly #known = new LRUCache<string, Prepared>({
    max: LIMITS.statements,
    ttl: LIMITS.ageMs,
    dispose: ({ name }) => this.drop(name),
  });
  readonly #seen = new Set<string>();
  readonly #dropped: string[] = [];
  #generation: number;
  #count = 0;

  constructor(shared: Preparing) {
    this.shared = shared;
    this.#generation = shared.generation;
  }

  /** Returns the statement if the server knows it. */
  find(text: string): Prepared | undefined {
    if (this.#generation !== this.shared.generation) {
      this.#generation = this.shared.generation;
      this.#known.clear();
    }
    return this.#known.get(text);
  }

  /** Returns the name under which a statement is prepared now; empty if it is used only once. */
  nameOf({ text, name, keepsPlan = false }: Statement): string {
    if (!this.shared.isNamed) return '';
    if (name !== undefined) return name;
    if (!keepsPlan) return '';
    if (!this.#seen.has(text)) {
      if (this.#seen.size >= LIMITS.statements) this.#seen.clear();
      this.#seen.add(text);
      return '';
    }
    this.#count += 1;
    return `s${this.#count}`;
  }

  /** Remembers a statement that the server has prepared. */
  keep(text: string, name: string, decode: Decode | undefined): void {
    this.#known.set(text, { name, decode });
  }

  /** Notes a name that the server may know and that is no longer used. */
  drop(name: string): void {
    this.#dropped.push(name);
  }

  /** Returns the names that the server can forget, once. */
  takeDropped(): readonly string[] {
    return this.#dropped.length === 0 ? [] : this.#dropped.splice(0);
  }
}
