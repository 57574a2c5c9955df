import type { TableName } from '../store.ts';
import { CHANGE_BYTES } from './changes.ts';
import type { MemoryMeter, Reserve } from './meter.ts';
import { maxTextBytes } from './search.ts';
import { type Committed, growthByWrite, textOfWrite, type Write } from './write.ts';

/** The maximum memory of a new object without long texts, including its events, in bytes. */
export const NEW_OBJECT_BYTES = 12_000;

/**
 * Throws CapacityExceededError or StoreFullError if the transaction does not fit. Only near the limit does it determine
 * exactly which indexes the new rows create: further below, any transaction fits.
 */
export function checkRoom(meter: MemoryMeter, written: Committed): void {
  if (!meter.isLimited) return;
  const reserve = reserveOf(written.writes);
  if (meter.fits(growthOf(written, false), reserve)) return;
  meter.check(growthOf(written, true), reserve);
}

/** Returns the bytes that a transaction adds, rather overestimated than underestimated; negative if it frees memory. */
function growthOf({ writes, changes }: Committed, isExact: boolean): number {
  let bytes = changes.length * CHANGE_BYTES;
  for (const write of writes) {
    bytes += growthByWrite(write, isExact);
    const text = write.kind === 'remove' ? undefined : textOfWrite(write);
    if (text) bytes += maxTextBytes(text);
  }
  return bytes;
}

/** The tables of the objects that clients create. All other rows are written because of an existing object. */
const OBJECTS: ReadonlySet<TableName> = new Set([
  'institutions',
  'assetTemplates',
  // Every version of a template's config is kept.
  'templateConfigs',
  'assets',
  'positions',
  // Terms are written with a new position or replace earlier ones, which are kept.
  'positionTerms',
  'parties',
  'milestones',
  'policies',
  'apiKeys',
  'chatSessions',
  'chatMessages',
  'webhookEndpoints',
]);

/** The objects that must not grow above the limit. */
const UPDATED: ReadonlySet<TableName> = new Set(['institutions', 'assetTemplates', 'assets', 'positions']);

/**
 * Returns the reserve above the limit that a transaction may use. None if it creates objects or makes one larger. The
 * whole reserve if it moves positions, or revokes or rotates API keys, so that neither money nor access is ever blocked
 * by other writes. Half of it for anything else: other edits, and audit events of rejected attempts.
 */
function reserveOf(writes: readonly Write[]): Reserve {
  const rotates = writes.some(({ name, kind }) => name === 'apiKeys' && kind === 'replace');
  const creates = ({ name, kind }: Write): boolean =>
    kind === 'insert' && OBJECTS.has(name) && !(rotates && name === 'apiKeys');
  if (writes.some(creates) || writes.some(enlarges)) return 'NONE';
  return rotates || writes.some(isMove) ? 'WHOLE' : 'HALF';
}

/** The field that only an amendment changes. It could be repeated without end, so it may not use the whole reserve. */
const AMENDED = 'expiresAt';

/** Whether the write is a move or an agreement. An update of a position changes other fields. */
const isMove = ({ name, kind, changed }: Write): boolean =>
  name === 'positions' &&
  kind === 'replace' &&
  (changed === undefined || (changed.includes('sequence') && !changed.includes(AMENDED)));

const enlarges = (write: Write): boolean =>
  write.kind === 'replace' && UPDATED.has(write.name) && !isMove(write) && growthByWrite(write, true) > 0;
