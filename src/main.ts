#!/usr/bin/env node
import { CommandError, runCommandLine } from './cli/index.ts';
import { ConfigurationError } from './config.ts';
import { GraphqlVersionError } from './graphqlVersionError.ts';
import { serializeError } from './server/serializeError.ts';
import { UnusableDatabaseError } from './store/postgres/unusableDatabase.ts';

/**
 * Ends the process after a failed start or stop, with a message for the operator if there is one, else with safe facts.
 */
function fail(error: unknown): void {
  process.stderr.write(`${sentence(error) ?? `EscrowGrid cannot run: ${JSON.stringify(serializeError(error))}`}\n`);
  process.exit(1);
}

function sentence(error: unknown): string | undefined {
  const expected = [ConfigurationError, UnusableDatabaseError, CommandError, GraphqlVersionError];
  if (error instanceof Error && expected.some((type) => error instanceof type)) return error.message;
  // An error of the system, such as a port in use, is not a bug in the program.
  return error instanceof Error && 'syscall' in error ? `EscrowGrid cannot run: ${error.message}` : undefined;
}

async function main(): Promise<void> {
  process.exitCode = await runCommandLine(process.argv.slice(2), async (options) => {
    // Loaded here, because the other commands do without it.
    const { serve } = await import('./serve.ts');
    await serve(options, fail);
  });
}

main().catch(fail);
