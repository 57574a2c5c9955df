import { writeDemoData } from '../demo/data.ts';
import { verify } from '../verify/verify.ts';
import { readProcessConfig, withStore } from './databaseCommand.ts';

/**
 * Checks the configured store, prints the result and returns the exit code. A memory store is filled with the demo data
 * first.
 */
export async function verifyStore(): Promise<number> {
  const config = readProcessConfig();
  return withStore(config, async (store) => {
    if (config.store.backend === 'memory' && config.demoData) await writeDemoData(store, Date.now);
    const { positions, events, postings, difference } = await verify(store);
    const result = difference ? `position ${difference.positionId} ${difference.message}.` : 'consistent.';
    process.stdout.write(`Checked ${positions} positions, ${events} events and ${postings} postings: ${result}\n`);
    return difference ? 1 : 0;
  });
}
