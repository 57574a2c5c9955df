import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { BACKENDS, type StoreConfig } from '../config.ts';
import type { DataSize } from '../demo/sizedData.ts';
import { API_KEY_ROLES } from '../domain/apiKey.ts';
import { toCommandError } from './commandError.ts';
import type { CreateKeyOptions } from './createKey.ts';
import type { ExportOptions } from './export.ts';

export { CommandError } from './commandError.ts';

/** The exit code for a command line that cannot be understood. */
const USAGE_EXIT_CODE = 2;

/** The options of `serve`. An absent option leaves the setting of the environment. */
export interface ServeOptions {
  readonly store?: StoreConfig['backend'];
  /** Whether an empty store is filled with demo data. */
  readonly demo?: boolean;
  /** The TCP port; 0 selects a free one. */
  readonly port?: number;
  /** Whether the only line on stdout is one of JSON when the server is ready. The log is on stderr. */
  readonly json?: boolean;
  /** A file of an export that is imported before the server accepts requests. */
  readonly import?: string;
}

/**
 * Runs the command of the command line; `serve` if it names none. Returns the exit code: 0 after success, 1 if the
 * command has found a problem, 2 if the command line is wrong. Throws CommandError if the command fails for an expected
 * reason.
 */
export async function runCommandLine(args: readonly string[], serve: Serve): Promise<number> {
  let exitCode = 0;
  const program = createProgram(serve, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(withCommand(args), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw toCommandError(error);
    return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
  }
  return exitCode;
}

type Serve = (options: ServeOptions) => Promise<void>;
/** Sets the exit code of a command that has ended. */
type Exit = (code: number) => void;

const GENERAL_OPTIONS: ReadonlySet<string> = new Set(['-h', '--help']);

/** Adds the default command. */
function withCommand([first, ...rest]: readonly string[]): readonly string[] {
  if (first === undefined) return ['serve'];
  return first.startsWith('-') && !GENERAL_OPTIONS.has(first) ? ['serve', first, ...rest] : [first, ...rest];
}

/** The modules of the commands are loaded when they run, so that the server does not load them. */
function createProgram(serve: Serve, exit: Exit): Command {
  const program = new Command('escrowgrid')
    .description('EscrowGrid: a GraphQL server for escrow. The environment and a .env file configure every command.')
    .exitOverride()
    .configureOutput({ outputError: (message, write) => write(sentenceOf(message)) })
    .helpCommand(false);
  addServe(program, serve);
  addMigrate(program, exit);
  program
    .command('verify')
    .description('Rebuilds every position from its events and its ledger. Exits with 1 if one differs.')
    .action(async () => exit(await (await import('./verify.ts')).verifyStore()));
  program
    .command('cleanup')
    .description('Deletes once what is past its retention, and prints the numbers.')
    .action(async () => (await import('./cleanUp.ts')).cleanUpStore());
  program
    .command('create-key')
    .description('Creates an API key, and prints its token on standard output.')
    .requiredOption('--institution <id>', 'the institution of the API key')
    .requiredOption('--label <text>', 'a name for people')
    .addOption(new Option('--role <role>', 'the permissions').choices(API_KEY_ROLES).makeOptionMandatory())
    .option('--expires-at <time>', 'an RFC 3339 time (default: it never expires)')
    .action(async (options: CreateKeyOptions) => (await import('./createKey.ts')).createKey(options));
  addSeed(program);
  addTransfers(program);
  return program;
}

function addServe(program: Command, serve: Serve): void {
  program
    .command('serve')
    .description('Starts the server. The default command. Its options take precedence over the environment.')
    .addOption(new Option('--store <backend>', 'where the data is stored').choices(BACKENDS))
    .addOption(new Option('--demo', 'fills an empty store with demo data').conflicts('import'))
    .option('--no-demo', 'leaves an empty store empty')
    .option('--port <number>', 'the TCP port; 0 selects a free one', wholeFrom(0, 65_535))
    .option('--json', 'prints one line of JSON on standard output when the server is ready, and the log on stderr')
    .option('--import <file>', 'imports an export before the server accepts requests')
    .action(serve);
}

function addMigrate(program: Command, exit: Exit): void {
  const migrate = program.command('migrate').description('Shows or applies the migrations of the database.');
  migrate
    .command('up')
    .description('Migrates the database to the schema of this version.')
    .action(async () => (await import('./migrate.ts')).migrateUp());
  migrate
    .command('status')
    .description('Prints which migrations are applied. Exits with 1 if the schema is not that of this version.')
    .action(async () => exit(await (await import('./migrate.ts')).printMigrationStatus()));
}

function addSeed(program: Command): void {
  const count = wholeFrom(0, 10_000_000);
  program
    .command('seed')
    .description('Writes sample data, the same for equal options.')
    .option('--seed <number>', 'the number that all random values derive from', wholeFrom(0, 2 ** 31 - 1), 1)
    .option('--institutions <number>', 'institutions', wholeFrom(1, 10_000), 1)
    .option('--positions <number>', 'positions of each institution', count, 1_000)
    .option('--chat-sessions <number>', 'chat sessions of each institution', count, 10)
    .option('--messages <number>', 'messages of each chat session', count, 10)
    .action(async (size: DataSize) => (await import('./seed.ts')).seedStore(size));
}

function addTransfers(program: Command): void {
  program
    .command('export')
    .description('Writes all rows of one institution, or of all, to a new file.')
    .argument('<file>', 'the file, which only its owner may read')
    .option('--institution <id>', 'the only institution to export')
    .action(async (path: string, options: ExportOptions) => (await import('./export.ts')).exportStore(path, options));
  program
    .command('import')
    .description('Adds the institutions of an export to the database, in one transaction.')
    .argument('<file>', 'a file that export has written')
    .action(async (path: string) => (await import('./import.ts')).importStore(path));
}

/** Returns a function that parses a whole number within these bounds. */
const wholeFrom =
  (min: number, max: number) =>
  (text: string): number => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };

/** Returns a message of the parser, such as "error: unknown command 'serv'\n(Did you mean serve?)", as sentences. */
function sentenceOf(message: string): string {
  const [problem = '', suggestion = ''] = message
    .replace(/^error: /, '')
    .trim()
    .split('\n');
  const sentence = problem.charAt(0).toUpperCase() + problem.slice(1).replace(/\.?$/, '.');
  const advice = suggestion === '' ? '' : ` ${suggestion.replaceAll(/^\(|\)$/g, '')}`;
  return `${sentence}${advice} Run \`escrowgrid --help\` for the commands and their options.\n`;
}
