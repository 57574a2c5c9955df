import { ConfigurationError, environment, readConfig } from '../config.ts';
import { writeDemoData } from '../demo/data.ts';
import { openStore } from '../openStore.ts';
import { UnusableDatabaseError } from '../store/postgres/unusableDatabase.ts';
import { verify } from './verify.ts';

/** `npm run verify`: checks the configured store; a memory store is filled with the demo data first. */
async function main(): Promise<void> {
  const config = readConfig(environment());
  const store = await openStore(config, { onError: (error) => process.stderr.write(`${error.message}\n`) });
  if (config.store.backend === 'memory' && config.demoData) await writeDemoData(store, Date.now);
  const { positions, events, postings, difference } = await verify(store);
  process.stdout.write(`Checked ${positions} positions, ${events} events and ${postings} postings: `);
  process.stdout.write(difference ? `position ${difference.positionId} ${difference.message}.\n` : 'consistent.\n');
  await store.close();
  process.exitCode = difference ? 1 : 0;
}

main().catch((error: unknown) => {
  const isExpected = error instanceof ConfigurationError || error instanceof UnusableDatabaseError;
  process.stderr.write(`${isExpected ? error.message : `The check cannot be made: ${String(error)}`}\n`);
  process.exitCode = 1;
});
