type End = () => Promise<void> | void;

const ends: End[] = [];

/**
 * Calls the function when the test file ends, the last one first. A hook of vitest that is set within a test never
 * runs, and files share the modules that they import, so this can be called from anywhere.
 */
export const atFileEnd = (end: End): void => void ends.push(end);

/** Ends what the test file has started. */
export async function endFile(): Promise<void> {
  for (const end of ends.splice(0).toReversed()) await end();
}
