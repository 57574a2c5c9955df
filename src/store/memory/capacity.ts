import type { TableName } from '../store.ts';
import { CHANGE_BYTES } from './changes.ts';
import type { Reserve } from './meter.ts';
import { maxTextBytes } from './search.ts';
import { type Committed, textOfWrite, type Write } from './write.ts';

/** The most memory that a new object without long texts is expected to take, with its events, in bytes. */
export const NEW_OBJECT_BYTES = 20_000;

/** The bytes that a transaction is expected to add, rather too many than too few; negative if it frees some. */
export function growthOf({ writes, changes }: Committed): number {
  let bytes = changes.length * CHANGE_BYTES;
  for (const write of writes) {
    bytes += write.table.growthBy(write.kind, write.entity);
    const text = write.kind === 'remove' ? undefined : textOfWrite(write);
    if (text) bytes += maxTextBytes(text);
  }
  return bytes;
}

/** What clients create. Everything else is written because something happens to an object that exists. */
const OBJECTS: ReadonlySet<TableName> = new Set([
  'institutions',
  'assetTemplates',
  'assets',
  'positions',
  'policies',
  'apiKeys',
  'chatSessions',
  'chatMessages',
]);

/**
 * What a transaction may fill above the limit. Nothing if it creates objects. The whole reserve if it moves positions,
 * or revokes or rotates API keys, so that neither money nor access is ever blocked by other writes. Half of it if it
 * does anything else: edits, and audit events of rejected attempts.
 */
export function reserveOf(writes: readonly Write[]): Reserve {
  const replaces = (table: TableName): boolean => writes.some(({ name, kind }) => name === table && kind === 'replace');
  const rotates = replaces('apiKeys');
  const creates = ({ name, kind }: Write): boolean =>
    kind === 'insert' && OBJECTS.has(name) && !(rotates && name === 'apiKeys');
  if (writes.some(creates)) return 'NONE';
  return rotates || replaces('positions') ? 'WHOLE' : 'HALF';
}
