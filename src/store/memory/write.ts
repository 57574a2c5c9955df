import type { Change } from '../../domain/change.ts';
import type { ChatMessage } from '../../domain/chatMessage.ts';
import type { ChatSession } from '../../domain/chatSession.ts';
import type { TableName, Tables } from '../store.ts';
import type { Table } from './table.ts';

export type MemoryTables = { readonly [T in TableName]: Table<Tables[T]> };

interface WriteTo<T extends TableName> {
  readonly name: T;
  readonly table: Table<Tables[T]>;
  readonly kind: 'insert' | 'replace' | 'remove';
  readonly entity: Tables[T];
  /** The fields that may have changed; all if absent. */
  readonly changed?: readonly string[] | undefined;
}
/** A write to one of the tables. */
export type Write<N extends TableName = TableName> = { readonly [T in N]: WriteTo<T> }[N];

/** Returns a write to any table. TypeScript does not see that WriteTo<T> is a member of the union, so it casts. */
export const anyWrite = <T extends TableName>(write: WriteTo<T>): Write => write as unknown as Write;

export const applyWrite = <T extends TableName>({ table, kind, entity }: Write<T>): void => table[kind](entity);

/** Returns the bytes that the write adds, or frees if negative; an upper bound unless `isExact` is set. */
export const growthByWrite = <T extends TableName>({ table, kind, entity }: Write<T>, isExact: boolean): number =>
  table.growthBy(kind, entity, isExact);

/** The writes and changes of a committed transaction. */
export interface Committed {
  readonly writes: readonly Write[];
  readonly changes: readonly Change[];
  /** The sequence of the last change that it has taken for webhooks; undefined if it has taken none. */
  readonly takenThrough: number | undefined;
}

/** Returns the session or message whose text the write adds to the word index or removes from it; undefined if none. */
export function textOfWrite(write: Write): ChatSession | ChatMessage | undefined {
  if (write.name === 'chatMessages') return write.entity;
  if (write.name !== 'chatSessions') return undefined;
  const { kind, entity, changed } = write;
  const isChanged = kind === 'remove' || !changed || changed.includes('title') || changed.includes('description');
  return isChanged ? entity : undefined;
}
