import { V7Generator } from 'uuidv7';
import { type NewId, typeId } from './domain/ids.ts';
import { type Clock, type Instant, notBefore } from './domain/time.ts';

/**
 * Makes ids of the clock's time, random in the rest. Each sorts after those before it: while the clock is behind the
 * last id, as after it was set back, ids take the time of the last one.
 */
export function createIds(clock: Clock): NewId {
  const generator = new V7Generator();
  let last: Instant = 0;
  return (prefix) => {
    last = notBefore(last, clock());
    return typeId(prefix, generator.generateOrResetWithTs(last).bytes);
  };
}
