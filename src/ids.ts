import { V7Generator } from 'uuidv7';
import { type NewId, typeId } from './domain/ids.ts';
import type { Clock } from './domain/time.ts';

/** Ids of the given clock's time: each sorts behind those before it, and the rest of it is random. */
export function createIds(clock: Clock): NewId {
  const generator = new V7Generator();
  return (prefix) => typeId(prefix, generator.generateOrResetWithTs(clock()).bytes);
}
