import type { CommandContext } from '../commands/context.ts';
import { rootContext } from '../commands/rootContext.ts';

/** Returns the context of the commands that write sample data. */
export const sampleContext = (given: Pick<CommandContext, 'store' | 'clock' | 'newId'>): CommandContext =>
  rootContext({
    ...given,
    // Samples have no API keys: a token in public source code must not be valid.
    newToken: () => '',
    apiKeysPerInstitution: 0,
    chatLimits: { sessions: null, messagesPerSession: Number.MAX_SAFE_INTEGER },
  });
