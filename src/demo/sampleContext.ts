import type { CommandContext } from '../commands/context.ts';
import { UNBOUNDED_FAILED_ATTEMPTS } from '../commands/failedAttempts.ts';
import { createStoredLedger } from '../commands/ledger.ts';

/** Returns the context of the commands that write sample data. */
export const sampleContext = (given: Pick<CommandContext, 'store' | 'clock' | 'newId'>): CommandContext => ({
  ...given,
  viewer: { role: 'ROOT' },
  ledger: createStoredLedger(given.newId),
  // Samples have no API keys: a token in public source code must not be valid.
  newToken: () => '',
  apiKeysPerInstitution: 0,
  chatLimits: { sessions: null, messagesPerSession: Number.MAX_SAFE_INTEGER },
  failedAttempts: UNBOUNDED_FAILED_ATTEMPTS,
  requestId: null,
});
