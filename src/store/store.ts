import type { ApiKey } from '../domain/apiKey.ts';
import type { Asset } from '../domain/asset.ts';
import type { AssetTemplate, TemplateConfig } from '../domain/assetTemplate.ts';
import type { AuditEvent } from '../domain/auditEvent.ts';
import type { Change } from '../domain/change.ts';
import type { ChatMessage, ChatRevision, ReadMark } from '../domain/chatMessage.ts';
import type { ChatSession } from '../domain/chatSession.ts';
import type { CurrencyCode } from '../domain/currencies.ts';
import type { Id } from '../domain/ids.ts';
import type { IdempotencyRecord } from '../domain/idempotency.ts';
import type { Institution } from '../domain/institution.ts';
import type { LedgerEvent, Posting } from '../domain/ledgerEvent.ts';
import type { PositionState } from '../domain/lifecycle.ts';
import type { LifecycleEvent } from '../domain/lifecycleEvent.ts';
import type { MetadataTerm } from '../domain/metadataTerms.ts';
import type { Policy } from '../domain/policy.ts';
import type { Position } from '../domain/position.ts';
import type { Instant } from '../domain/time.ts';
import type { Scope } from '../domain/viewer.ts';
import type { ChangeFeed } from './changeFeed.ts';
import type { Deadline } from './deadline.ts';

export type { ChangeFeed, StreamPage } from './changeFeed.ts';
export type { Deadline } from './deadline.ts';

/** What is kept: one line an entity. */
export interface Tables {
  readonly institutions: Institution;
  readonly assetTemplates: AssetTemplate;
  readonly templateConfigs: TemplateConfig;
  readonly assets: Asset;
  readonly positions: Position;
  readonly lifecycleEvents: LifecycleEvent;
  readonly ledgerEvents: LedgerEvent;
  readonly postings: Posting;
  readonly policies: Policy;
  readonly auditEvents: AuditEvent;
  readonly apiKeys: ApiKey;
  readonly idempotencyRecords: IdempotencyRecord;
  readonly chatSessions: ChatSession;
  readonly chatMessages: ChatMessage;
  readonly chatRevisions: ChatRevision;
  readonly readMarks: ReadMark;
}
export type TableName = keyof Tables;
export type Field<E> = keyof E & string;

/** A value now from a store that answers at once, else a promise of it. */
export type MaybePromise<T> = T | Promise<T>;

export interface Range<V> {
  readonly gte?: V;
  readonly gt?: V;
  readonly lte?: V;
  readonly lt?: V;
}

/**
 * What one field must be. `in`: one of the values (of a list field: at least one of its values is among them);
 * an empty list matches nothing. `range`: within all of the bounds; null is within none.
 */
export type Condition<V> = { readonly in: readonly V[] } | { readonly range: Range<V> };
type ValueOf<V> = NonNullable<V> extends readonly (infer Item)[] ? Item : NonNullable<V>;

/** Conditions and-ed over the fields of an entity. */
export type Where<E> = { readonly [F in Field<E>]?: Condition<ValueOf<E[F]>> };

/** The rows of one parent: `{ field: 'assetId', id }`; the field may be any text. Selections of one batch that differ in it alone cost one statement. */
export interface Parent<E> {
  readonly field: Field<E>;
  readonly id: Id;
}

/** Which rows are meant. */
export interface Selection<E> {
  readonly of?: Parent<E>;
  readonly where: Where<E>;
  /** Only rows that have all of these words in one of their texts; for entities that are searched. */
  readonly search?: readonly string[];
  /** Only rows whose metadata has all of these terms; for entities with metadata that is indexed. */
  readonly terms?: readonly MetadataTerm[];
}

/** By these fields in turn, then by id, all in one direction. Null is greater than any value; text goes by code point. */
export interface Order<E> {
  readonly by: readonly Field<E>[];
  readonly direction: 'ASC' | 'DESC';
}

/** Where a row stands in an order: its values of the order's fields, then its id. */
export type Key = readonly (string | number | bigint | null)[];

/** A part of a list. */
export interface Window<E> extends Selection<E> {
  readonly order: Order<E>;
  /** The most rows to answer. */
  readonly limit: number;
  /** True: the last rows of the part, still in the order asked. */
  readonly backward: boolean;
  /** Only rows behind this key. */
  readonly after: Key | null;
  /** Only rows ahead of this key. */
  readonly before: Key | null;
  /** Participants whose unread messages may be counted along with the rows, as `unread`. */
  readonly unreadFor?: readonly string[];
}

/** A session of a list that was told for whom to count along. */
export interface WithUnread {
  readonly unread?: { readonly [participantReference: string]: number };
}

/** Whose unread messages of which session. */
export interface UnreadOf {
  readonly sessionId: Id;
  readonly participantReference: string;
}

export interface Page<E> {
  readonly rows: readonly E[];
  /** Whether the part has more rows than the limit; known by reading one row more. */
  readonly more: boolean;
}

/** All questions are in plurals, and answers come in the order asked. */
export interface Reader<E> {
  /** One answer an id; undefined where there is none in the scope. */
  byIds(ids: readonly Id[]): MaybePromise<readonly (E | undefined)[]>;
  pages(windows: readonly Window<E>[]): MaybePromise<readonly Page<E>[]>;
  /** One count a selection. */
  counts(selections: readonly Selection<E>[]): MaybePromise<readonly number[]>;
}

/** The sums of the positions of one currency and state, in minor units; unbounded. */
export interface Total {
  readonly currency: CurrencyCode;
  readonly state: PositionState;
  readonly count: number;
  readonly amount: bigint;
  readonly held: bigint;
  readonly released: bigint;
  readonly refunded: bigint;
}

export type Readers = { readonly [T in TableName]: Reader<Tables[T]> } & {
  /** One list of totals a selection, by currency code, then by state. */
  readonly positionTotals: (selections: readonly Selection<Position>[]) => MaybePromise<readonly (readonly Total[])[]>;
  /** The messages above the participant's read mark that are neither the participant's own nor deleted. */
  readonly unreadCounts: (of: readonly UnreadOf[]) => MaybePromise<readonly number[]>;
};

/**
 * Exists only inside a transaction. What is written there is seen by nobody, the transaction's own reads included,
 * before it commits: a command carries what it has written itself.
 */
export interface Writer<E> extends Reader<E> {
  /** The same rows as `byIds` has, locked until the transaction ends; locks are taken in the order of the ids. */
  lock(ids: readonly Id[]): MaybePromise<readonly (E | undefined)[]>;
  /** Refuses at the commit, with AlreadyExists, where there is such a row already. */
  insert(entity: E): void;
  /** Refuses at the commit, with StaleVersion, unless the row is one version older. Only `changed` fields differ. */
  replace(entity: E & { readonly version: number }, changed?: readonly Field<E>[]): void;
  /** Takes the row out, and what cannot be without it; refuses at the commit, with StaleVersion, unless it is at the entity's own version. */
  remove(entity: E & { readonly version: number }): void;
}
/** The rules that some positions must keep. */
export interface PositionRules {
  /** The configs that the positions were opened under. */
  readonly configs: readonly TemplateConfig[];
  /** The policies of the positions' institutions for the regions of these configs. */
  readonly policies: readonly Policy[];
}

export type Writers = { readonly [T in TableName]: Writer<Tables[T]> } & {
  /** The rules of the positions with these ids, each once; unknown ids have none. Costs one round trip. */
  rulesOf(positionIds: readonly Id[]): MaybePromise<PositionRules>;
  /**
   * The positions whose hour has passed and that are not terminal yet, earliest first, locked until the transaction
   * ends; those that another transaction holds are left to it.
   */
  lockDue(now: Instant, limit: number): MaybePromise<readonly Position[]>;
  /**
   * The deleted sessions that may be removed for good: deleted before the time, and of no position or of a terminal
   * one. Earliest first, locked until the transaction ends; those that another transaction holds are left to it.
   */
  lockPurgeable(deletedBefore: Instant, limit: number): MaybePromise<readonly ChatSession[]>;
  /** Waits until no other transaction that has taken this turn is under way; what is read behind it is theirs too. */
  takeTurn(what: string): MaybePromise<void>;
  /** Tells subscribers of a change, once it is committed. */
  announce(change: Change): void;
  /** Throws CapacityExceeded if the store has no room for so many new objects. The commit checks the exact size. */
  checkCapacity(newObjects: number): void;
};

/** Counts that all servers on one record share: short-lived, of no institution, and lost where the database crashes. */
export interface Tallies {
  /**
   * Adds to counts of one window, which is named by its first moment, and answers what all servers together have
   * counted there under each of the names. A count stops growing at 2^53 - 1.
   */
  add(window: Instant, counts: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>>;
  /** Forgets the windows that began before the time, and answers how many counts that were. */
  forget(before: Instant): Promise<number>;
}

/** The memory that the data of a store takes, estimated. */
export interface StoreUsage {
  readonly usedBytes: number;
  /** Above it no new objects are accepted. */
  readonly maxBytes: number;
  /** The rejected attempts without an audit event, because the store had no room for one. */
  readonly unrecordedAttempts: number;
  countUnrecordedAttempt(): void;
}

/** How rows may be read that are only returned to a client. */
export interface ReadOptions {
  /** Fields that need not be loaded; they may come as null. */
  readonly omit?: readonly string[];
  /** Fields of JSON objects that may come as a JsonText. */
  readonly asText?: readonly string[];
}

/**
 * What both stores are. Every call is made within a scope: what lies outside it does not exist. A call refuses with
 * Unavailable where the record cannot be reached, with Busy where others hold it for too long, and with TooLate where
 * its deadline passes before it is done; what is under way in the database then ends there too.
 */
export interface Store {
  /** Readers give no promises. */
  readonly answersAtOnce: boolean;
  /** The options are asked for at each read. */
  read(scope: Scope, until?: Deadline, options?: () => ReadOptions): Readers;
  /** All that the work has written, or nothing. The work may run again where the database asks for another try. */
  transact<T>(scope: Scope, work: (tx: Writers) => Promise<T>, until?: Deadline): Promise<T>;
  /** Reads as of one moment: nothing that is written meanwhile is seen. */
  snapshot<T>(scope: Scope, work: (readers: Readers) => Promise<T>, until?: Deadline): Promise<T>;
  readonly changes: ChangeFeed;
  readonly tallies: Tallies;
  /** Undefined if the store has no limit of its own. */
  readonly usage?: StoreUsage;
  /**
   * Recomputes the words of some of the texts that an earlier version of the server has stored. Returns whether none are
   * left.
   */
  refreshWords(): Promise<boolean>;
  /** Deletes what the store keeps for its own use and no longer needs. */
  cleanUp(): Promise<void>;
  close(): Promise<void>;
}
