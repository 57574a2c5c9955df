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
  // Each version of a template's config is kept.
  'templateConfigs',
  'assets',
  'positions',
  'policies',
  'apiKeys',
  'chatSessions',
  'chatMessages',
]);

/** The objects that may not grow above the limit. */
const UPDATED: ReadonlySet<TableName> = new Set(['institutions', 'assetTemplates', 'assets', 'positions']);

/**
 * What a transaction may fill above the limit. Nothing if it creates objects or makes one larger. The whole reserve if
 * it moves positions, or revokes or rotates API keys, so that neither money nor access is ever blocked by other writes.
 * Half of it if it does anything else: other edits, and audit events of rejected attempts.
 */
function reserveOf(writes: readonly Write[]): Reserve {
  const rotates = writes.some(({ name, kind }) => name === 'apiKeys' && kind === 'replace');
  const creates = ({ name, kind }: Write): boolean =>
    kind === 'insert' && OBJECTS.has(name) && !(rotates && name === 'apiKeys');
  if (writes.some(creates) || writes.some(enlarges)) return 'NONE';
  return rotates || writes.some(isMove) ? 'WHOLE' : 'HALF';
}

/** Whether the write moves a position. An update of one changes other fields. */
const isMove = ({ name, kind, changed }: Write): boolean =>
  name === 'positions' && kind === 'replace' && (changed === undefined || changed.includes('sequence'));

const enlarges = (write: Write): boolean =>
  write.kind === 'replace' &&
  UPDATED.has(write.name) &&
  !isMove(write) &&
  write.table.growthBy('replace', write.entity, true) > 0;
