import { V7Generator } from 'uuidv7';
import { type NewId, typeId } from './domain/ids.ts';
import { type Clock, type Instant, notBefore } from './domain/time.ts';

/**
 * Returns a function that makes ids from the time and random bits. Each id sorts after the ones before it: while the
 * clock is behind the last id, because it was set back, ids use the time of the last one.
 */
export function createIds(clock: Clock): NewId {
  const generator = new V7Generator();
  let last: Instant = 0;
  return (prefix) => {
    last = notBefore(last, clock());
    return typeId(prefix, generator.generateOrResetWithTs(last).bytes);
  };
}
