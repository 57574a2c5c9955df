import type { TableName } from '../store.ts';
import { CHANGE_BYTES } from './changes.ts';
import type { MemoryMeter, Reserve } from './meter.ts';
import { maxTextBytes } from './search.ts';
import { type Committed, textOfWrite, type Write } from './write.ts';

/** The most memory that a new object without long texts takes, with its events, in bytes. */
export const NEW_OBJECT_BYTES = 12_000;

/**
 * Throws CapacityExceeded or StoreFullError if the transaction does not fit. Only near the limit is it looked up which
 * indexes the new rows begin: elsewhere all of them would fit.
 */
export function checkRoom(meter: MemoryMeter, written: Committed): void {
  if (!meter.isLimited) return;
  const reserve = reserveOf(written.writes);
  if (meter.fits(growthOf(written, false), reserve)) return;
  meter.check(growthOf(written, true), reserve);
}

/** The bytes that a transaction adds, rather too many than too few; negative if it frees some. */
function growthOf({ writes, changes }: Committed, isExact: boolean): number {
  let bytes = changes.length * CHANGE_BYTES;
  for (const write of writes) {
    bytes += write.table.growthBy(write.kind, write.entity, isExact);
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
function reserveOf(writes: readonly Write[]): Reserve {
  const replaces = (table: TableName): boolean => writes.some(({ name, kind }) => name === table && kind === 'replace');
  const rotates = replaces('apiKeys');
  const creates = ({ name, kind }: Write): boolean =>
    kind === 'insert' && OBJECTS.has(name) && !(rotates && name === 'apiKeys');
  if (writes.some(creates)) return 'NONE';
  return rotates || replaces('positions') ? 'WHOLE' : 'HALF';
}
