import type { TemplateConfig } from '../domain/assetTemplate.ts';
import type { Change, SequencedChange } from '../domain/change.ts';
import type { ChatSession } from '../domain/chatSession.ts';
import type { CurrencyCode } from '../domain/currencies.ts';
import type { Id } from '../domain/ids.ts';
import type { PositionState } from '../domain/lifecycle.ts';
import type { Policy } from '../domain/policy.ts';
import type { Position } from '../domain/position.ts';
import type { Clock, Instant } from '../domain/time.ts';
import type { Scope } from '../domain/viewer.ts';
import type { WebhookDelivery } from '../domain/webhookDelivery.ts';
import type { ChangeFeed } from './changeFeed.ts';
import type { ConnectionCounts, ReplicaCounts } from './connectionCounts.ts';
import type { Deadline } from './deadline.ts';
import type { DueDeliveries } from './dueDeliveries.ts';
import type { TableName, Tables } from './entities.ts';
import type { Field, Page, Selection, UnreadOf, Window } from './query.ts';
import type { SharedCounters } from './sharedCounters.ts';

export type { ChangeFeed, StreamPage } from './changeFeed.ts';
export type { ConnectionCounts, ReplicaCounts } from './connectionCounts.ts';
export type { Deadline } from './deadline.ts';
export type { DueDeliveries } from './dueDeliveries.ts';
export type { TableName, Tables } from './entities.ts';
export type {
  AnyRow,
  Bring,
  Brought,
  BroughtPages,
  Condition,
  Field,
  Key,
  Order,
  Page,
  Parent,
  PartyMatch,
  Range,
  Selection,
  UnreadOf,
  Where,
  Window,
  WithUnread,
} from './query.ts';
export type { SharedCounters } from './sharedCounters.ts';

/** A value from a synchronous store, or a promise of it from any other. */
export type MaybePromise<T> = T | Promise<T>;

/** Batch reads. Results are in request order. */
export interface Reader<E> {
  /** Returns one row per id; undefined if it does not exist in the scope. */
  byIds(ids: readonly Id[]): MaybePromise<readonly (E | undefined)[]>;
  pages(windows: readonly Window<E>[]): MaybePromise<readonly Page<E>[]>;
  /** Returns one count per selection. */
  counts(selections: readonly Selection<E>[]): MaybePromise<readonly number[]>;
}

/** The sums of the positions of one currency and state, in minor units; not limited. */
export interface Total {
  readonly currency: CurrencyCode;
  readonly state: PositionState;
  readonly count: number;
  readonly amount: bigint;
  readonly held: bigint;
  readonly retained: bigint;
  readonly released: bigint;
  readonly refunded: bigint;
  readonly fees: bigint;
}

/** One reader per table. */
export type TableReaders = { readonly [T in TableName]: Reader<Tables[T]> };
/** The readers of all tables, and the reads that concern more than rows. */
export type Readers = TableReaders & {
  /** Returns one list of totals per selection, by currency code, then by state. */
  readonly positionTotals: (selections: readonly Selection<Position>[]) => MaybePromise<readonly (readonly Total[])[]>;
  /** Counts the messages above the participant's read mark that are neither the participant's own nor deleted. */
  readonly unreadCounts: (of: readonly UnreadOf[]) => MaybePromise<readonly number[]>;
};

/**
 * Exists only inside a transaction. Its writes are invisible before the commit, even to its own reads, so keep them.
 */
export interface Writer<E> extends Reader<E> {
  /** Returns the rows, locked until the transaction ends. */
  lock(ids: readonly Id[]): MaybePromise<readonly (E | undefined)[]>;
  /** Fails at the commit with AlreadyExistsError if such a row exists. */
  insert(entity: E): void;
  /**
   * Fails at the commit with StaleVersionError unless the row is one version older. Only `changed` fields differ; if it
   * is absent or empty, any field may.
   */
  replace(entity: E & { readonly version: number }, changed?: readonly Field<E>[]): void;
  /**
   * Removes the row and the rows that depend on it. Fails at the commit with StaleVersionError if its version differs.
   */
  remove(entity: E & { readonly version: number }): void;
}

/** The rules that apply to some positions. */
export interface PositionRules {
  /** The configs that the positions were opened under. */
  readonly configs: readonly TemplateConfig[];
  /** The policies of the positions' institutions for the regions of these configs. */
  readonly policies: readonly Policy[];
}

/** One writer per table. */
export type TableWriters = { readonly [T in TableName]: Writer<Tables[T]> };
/** The writers of all tables, and the calls that only a transaction may make. */
export type Writers = TableWriters & {
  /** Returns the rules of the positions, without duplicates; unknown ids have none. Costs one round trip. */
  rulesOf(positionIds: readonly Id[]): MaybePromise<PositionRules>;
  /**
   * Returns and locks the open positions that have expired, earliest first. Skips those locked by other transactions.
   */
  lockDue(now: Instant, limit: number): MaybePromise<readonly Position[]>;
  /**
   * Returns the deleted sessions that may be purged: deleted before the time, and of no position or of a terminal one.
   * Earliest first, locked until the transaction ends. Sessions that another transaction has locked are skipped.
   */
  lockPurgeable(deletedBefore: Instant, limit: number): MaybePromise<readonly ChatSession[]>;
  /**
   * Returns the next changes for which the deliveries of webhooks were not created yet, in order. The transaction that
   * commits has taken them: another one that runs at the same time takes none. Requires the scope ALL.
   */
  takeChanges(limit: number): MaybePromise<readonly SequencedChange[]>;
  /**
   * Returns and locks deliveries of enabled endpoints whose next attempt is due, earliest first per endpoint. The
   * endpoints that are due longest come first. Skips the deliveries that other transactions have locked.
   */
  lockDueDeliveries(due: DueDeliveries): MaybePromise<readonly WebhookDelivery[]>;
  /** Acquires an advisory lock until the transaction ends. Reads after it see all writes of earlier holders. */
  advisoryLock(what: string): MaybePromise<void>;
  /** Publishes a change to subscribers once the transaction is committed. */
  publish(change: Change): void;
  /** Throws CapacityExceededError if the store has no room for `newObjects` more. The commit checks the exact size. */
  checkCapacity(newObjects: number): void;
};

/** Reads whole tables of one snapshot, for an export. */
export interface TableScan {
  /** Returns all rows of the table that are in the scope, in pages, in the order of `SCAN_ORDERS`. */
  rows<T extends TableName>(table: T): AsyncIterable<readonly Tables[T][]>;
}

/** Inserts rows as they are, for an import. */
export interface TableLoad {
  /**
   * The rows that they refer to must be among them or inserted before, and the postings of one ledger event must be
   * inserted together.
   */
  insert<T extends TableName>(table: T, rows: readonly Tables[T][]): Promise<void>;
}

/** The memory that the data of a store uses. */
export interface StoreUsage {
  /** The estimated bytes in use. */
  readonly usedBytes: number;
  /** The bytes above which no new objects are accepted. */
  readonly maxBytes: number;
  /** The rejected attempts without an audit event, because the store had no room for one. */
  readonly unrecordedAttempts: number;
  countUnrecordedAttempt(): void;
}

/** Called after a commit, once per position that was created or moved, with its new state. */
export type OnTransition = (state: PositionState) => void;

/** The clock of a store that several servers share, by which all of them decide. */
export interface StoreClock {
  readonly now: Clock;
  /** Whether the clock of this machine is close to it. */
  isInStep(): boolean;
}

/**
 * Why a store cannot serve requests: it does not answer, it accepts no writes, it has another program's schema, or its
 * clock and that of this machine differ.
 */
export type StoreFault =
  | 'database_unreachable'
  | 'database_read_only'
  | 'schema_outdated'
  | 'schema_newer'
  | 'clock_skewed';

/** Options for reading rows that are only returned to a client. */
export interface ReadOptions {
  /** The fields that are needed, by table; others may be absent. All are needed of a table that is not named. */
  readonly fields?: { readonly [T in TableName]?: ReadonlySet<string> };
  /** The fields of JSON objects that may be returned as a JsonText. */
  readonly asText?: readonly string[];
}

/**
 * The interface of both stores. Objects outside the scope of a call do not exist for it. A call throws UnavailableError
 * if the store cannot be reached, BusyError if others hold its locks for too long, and DeadlineExceededError if its
 * deadline passes first; its running statements in the database then end, too.
 */
export interface Store {
  /** Whether readers return values instead of promises. */
  readonly isSynchronous: boolean;
  /** Returns readers. If the deadline has a minimum LSN, a replica may serve them, and the LSN of the reads is noted. */
  read(scope: Scope, until?: Deadline, options?: () => ReadOptions): Readers;
  /** Writes all that the work has written, or nothing. May run the work again if the database requires a retry. */
  transact<T>(scope: Scope, work: (tx: Writers) => Promise<T>, until?: Deadline): Promise<T>;
  /** Reads from one snapshot: concurrent writes are invisible. */
  snapshot<T>(scope: Scope, work: (readers: Readers) => Promise<T>, until?: Deadline): Promise<T>;
  /** Reads whole tables from one snapshot. May run the work again, like `transact`. */
  scan<T>(scope: Scope, work: (scan: TableScan) => Promise<T>): Promise<T>;
  /**
   * Inserts all rows of the work in one transaction, or nothing. Publishes no changes. May run the work again, like
   * `transact`. Throws AlreadyExistsError.
   */
  load<T>(work: (load: TableLoad) => Promise<T>): Promise<T>;
  readonly changes: ChangeFeed;
  readonly counters: SharedCounters;
  /** Undefined if the store uses the clock of the server. */
  readonly clock?: StoreClock;
  /** Undefined if the store has no limit of its own. */
  readonly usage?: StoreUsage;
  /** Returns the number of rows per table; absent if they are not in this process. */
  rowCounts?(): { readonly [T in TableName]: number };
  /** Absent if the store has no connections. */
  connectionCounts?(): ConnectionCounts;
  /** Absent if the store has no replica. */
  replicaCounts?(): ReplicaCounts;
  /** Recomputes words of texts that an earlier version of the server has stored. Returns whether none are left. */
  refreshWords(): Promise<boolean>;
  /** Updates the statistics by which the store plans its statements, after many rows were written at once. */
  analyze(): Promise<void>;
  /** Deletes what the store keeps for its own use and no longer needs. */
  cleanUp(): Promise<void>;
  /** Returns why the store cannot serve requests now; undefined if it can. */
  findFault(): Promise<StoreFault | undefined>;
  /**
   * Ends all work in progress with UnavailableError, except commits, which are completed. From then on every call throws
   * UnavailableError.
   */
  abandonWork(): void;
  close(): Promise<void>;
}
