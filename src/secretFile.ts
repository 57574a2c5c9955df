import { readFileSync, statSync } from 'node:fs';

/** The maximum size of a file with one secret, in bytes. */
const MAX_BYTES = 65_536;

/** The reasons why the system does not let this process read a file, by its error code. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'the user of this process may not read',
};

/** The secret of a file, or a clause with the problem of the file. */
export type SecretFile = { readonly text: string } | { readonly problem: string };

/** Reads a file that contains one secret, without the end of its last line, which editors and `echo` add. */
export function readSecretFile(path: string): SecretFile {
  try {
    const file = statSync(path);
    // A pipe could block the start.
    if (!file.isFile()) return { problem: 'is not a file' };
    if (file.size > MAX_BYTES) return { problem: `is larger than ${MAX_BYTES} bytes` };
    const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    return text === '' ? { problem: 'is empty' } : { text };
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return { problem: REASONS[code] ?? `cannot be read (${code})` };
  }
}
