import type { Change } from '../../domain/change.ts';
import type { ChatMessage } from '../../domain/chatMessage.ts';
import type { ChatSession } from '../../domain/chatSession.ts';
import type { TableName, Tables } from '../store.ts';
import type { Table } from './table.ts';

export type Entity = Tables[TableName];

export interface Write {
  readonly name: TableName;
  readonly table: Table<Entity>;
  readonly kind: 'insert' | 'replace' | 'remove';
  readonly entity: Entity;
  /** The fields that may have changed; all if absent. */
  readonly changed?: readonly string[] | undefined;
}

/** The writes and changes of a committed transaction. */
export interface Committed {
  readonly writes: readonly Write[];
  readonly changes: readonly Change[];
}

/** Returns the session or message whose text the write adds to the word index or removes from it; undefined if none. */
export function textOfWrite({ name, kind, entity, changed }: Write): ChatSession | ChatMessage | undefined {
  if (name === 'chatMessages') return entity as ChatMessage;
  if (name !== 'chatSessions') return undefined;
  const isChanged = kind === 'remove' || !changed || changed.includes('title') || changed.includes('description');
  return isChanged ? (entity as ChatSession) : undefined;
}
