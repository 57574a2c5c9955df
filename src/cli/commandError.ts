import { UserError } from '../domain/userErrors.ts';
import { StoreError } from '../store/errors.ts';
import { ExportFormatError } from '../transfer/format.ts';
import { ImportError } from '../transfer/importFile.ts';

/** A command of the command line cannot do its work; the message states why, and what to do. */
export class CommandError extends Error {}

/**
 * Returns an expected error of the domain or of the store as one with a sentence for the operator, and any other error
 * as it is.
 */
export function toCommandError(error: unknown): unknown {
  const isExpected =
    error instanceof UserError ||
    error instanceof StoreError ||
    error instanceof ExportFormatError ||
    error instanceof ImportError;
  return isExpected ? new CommandError(error.message, { cause: error }) : error;
}
