import type { Id } from '../domain/ids.ts';
import type { MetadataTerm } from '../domain/metadataTerms.ts';
import type { PartyRole } from '../domain/terms.ts';
import type { TableName, Tables } from './entities.ts';

/** The name of a field of an entity. */
export type Field<E> = keyof E & string;

/** Bounds of a value; an absent one does not restrict it. */
export interface Range<V> {
  readonly gte?: V;
  readonly gt?: V;
  readonly lte?: V;
  readonly lt?: V;
}

/**
 * A condition on one field. `in`: it has one of the values (a list field: at least one of its values is among them); an
 * empty list matches nothing. `range`: it is within all of the bounds; null is within none.
 */
export type Condition<V> = { readonly in: readonly V[] } | { readonly range: Range<V> };
type ValueOf<V> = NonNullable<V> extends readonly (infer Item)[] ? Item : NonNullable<V>;

/** Conditions on the fields of an entity, combined with AND. */
export type Where<E> = { readonly [F in Field<E>]?: Condition<ValueOf<E[F]>> };

/**
 * The parent of the rows: `{ field: 'assetId', id }`; the id may be any text. Selections of one batch that differ only
 * in it cost one statement.
 */
export interface Parent<E> {
  readonly field: Field<E>;
  readonly id: Id;
}

/** The rows that a read is about. The conditions are combined with AND. */
export interface Selection<E> {
  readonly parent?: Parent<E> | undefined;
  readonly where: Where<E>;
  /** Only rows with all of these words in one of their texts; for entities that are searched. */
  readonly search?: readonly string[] | undefined;
  /** Only rows whose metadata has all of these terms; for entities with indexed metadata. */
  readonly terms?: readonly MetadataTerm[] | undefined;
  /** Only positions with this party in their current terms. */
  readonly party?: PartyMatch | undefined;
  /** Only positions that were opened under a template config with this country. */
  readonly country?: string | undefined;
}

/** A party of a position: its reference, and its role unless any will do. */
export interface PartyMatch {
  readonly reference: string;
  readonly role: PartyRole | null;
}

/**
 * The sort fields; the id comes last. One direction for all. Null is greater than any value; text is in code point
 * order.
 */
export interface Order<E> {
  readonly by: readonly Field<E>[];
  readonly direction: 'ASC' | 'DESC';
}

/** A sort key: the values of the order's fields, then the id. */
export type Key = readonly (string | number | bigint | null)[];

/** A range of a list. */
export interface Window<E> extends Selection<E> {
  readonly order: Order<E>;
  /** The maximum number of rows to return. */
  readonly limit: number;
  /** Whether the last rows of the range are returned instead of the first, still in the requested order. */
  readonly backward: boolean;
  /** Only rows after this sort key. */
  readonly after: Key | null;
  /** Only rows before this sort key. */
  readonly before: Key | null;
  /** Participants whose unread messages may be counted with the rows, as `unread`. */
  readonly unreadFor?: readonly string[] | undefined;
  /** The rows that the store may return together with those of the window. */
  readonly bring?: Bring | undefined;
}

/** A row of any table. */
export type AnyRow = Tables[TableName];

/** The rows that are read together with each row of a table. */
export interface Bring {
  /** The rows that the fields of the row refer to. */
  readonly parents: readonly { readonly field: string; readonly table: TableName; readonly bring: Bring }[];
  /** Windows of the rows that refer to the row by a field, without their parent. */
  readonly children: readonly { readonly field: string; readonly table: TableName; readonly window: Window<AnyRow> }[];
}

/** Pages of the rows that refer to other rows, by the ids of these. */
export interface BroughtPages {
  readonly table: TableName;
  readonly field: string;
  /** The window of each page, without its parent. */
  readonly window: Window<AnyRow>;
  readonly byParent: ReadonlyMap<Id, Page<AnyRow>>;
}

/** The rows that were read together with pages: the same as separate reads return. */
export interface Brought {
  /** The rows that others refer to, by their ids. */
  readonly rows: ReadonlyMap<TableName, ReadonlyMap<Id, AnyRow>>;
  readonly pages: readonly BroughtPages[];
}

/** A session with the unread counts of the requested participants. */
export interface WithUnread {
  readonly unread?: { readonly [participantReference: string]: number };
}

/** The session and the participant of an unread count. */
export interface UnreadOf {
  readonly sessionId: Id;
  readonly participantReference: string;
}

/** The rows that a window selects. */
export interface Page<E> {
  readonly rows: readonly E[];
  /** Whether the range has more rows than the limit; determined by reading one row more. */
  readonly more: boolean;
  /** The rows that the store has brought along. Pages that were read together may share them. */
  readonly brought?: Brought | undefined;
}
