import * as fc from 'fast-check';
import { SEED } from '../counts.ts';

/**
 * Checks a property with the given number of random cases; its predicate may be asynchronous. A failure reports the
 * smallest case found and the seed that replays it.
 */
export async function checked<Ts>(runs: number, property: fc.IRawProperty<Ts>): Promise<void> {
  const details = await fc.check(property, { numRuns: runs, seed: SEED });
  if (!details.failed) return;
  const message = `${fc.defaultReportMessage(details)}\nReplay it with TEST_SEED=${SEED}.`;
  throw new Error(message, { cause: details.errorInstance });
}
