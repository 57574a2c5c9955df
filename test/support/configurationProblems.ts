import { ConfigurationError, type Environment, readConfig } from '../../src/config.ts';

/** Returns the problems with which a configuration is rejected, one per line, or none if it is valid. */
export function problemsOf(env: Environment): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message.split('\n').slice(1);
    throw error;
  }
  return [];
}
