import { createApiKey } from '../commands/apiKey.ts';
import type { ApiKeyRole } from '../domain/apiKey.ts';
import { formatInstant, parseInstant } from '../domain/time.ts';
import { CommandError } from './commandError.ts';
import { operatorContext, withDatabase } from './databaseCommand.ts';

/** The options of `create-key`. */
export interface CreateKeyOptions {
  readonly institution: string;
  readonly label: string;
  readonly role: ApiKeyRole;
  /** An RFC 3339 time; absent if the API key never expires. */
  readonly expiresAt?: string;
}

/** Creates an API key. Prints its token, which is stored nowhere, on stdout, and everything else on stderr. */
export function createKey({ institution: institutionId, label, role, expiresAt }: CreateKeyOptions): Promise<void> {
  const expiry = expiresAt === undefined ? null : parseInstant(expiresAt);
  if (expiry === undefined) {
    throw new CommandError('--expires-at must be a time with a time zone, such as 2027-01-31T00:00:00Z.');
  }
  return withDatabase(async (store, { settings }) => {
    const input = { institutionId, label, role, expiresAt: expiry };
    const { apiKey, token } = await createApiKey(operatorContext(store, settings), input);
    const end = expiry === null ? 'It never expires.' : `It expires at ${formatInstant(expiry)}.`;
    process.stderr.write(`Created the API key ${apiKey.id}. ${end} Its token is not shown again.\n`);
    process.stdout.write(`${token}\n`);
  });
}
