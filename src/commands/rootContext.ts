import type { CommandContext } from './context.ts';
import { UNBOUNDED_FAILED_ATTEMPTS } from './failedAttempts.ts';
import { createStoredLedger } from './ledger.ts';

type Given = Omit<CommandContext, 'viewer' | 'ledger' | 'failedAttempts' | 'requestId'>;

/** Returns the context of commands that run as with the root key, outside of a request. */
export const rootContext = (given: Given): CommandContext => ({
  ...given,
  viewer: { role: 'ROOT' },
  ledger: createStoredLedger(given.newId),
  failedAttempts: UNBOUNDED_FAILED_ATTEMPTS,
  requestId: null,
});
