import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Loads a package of the peers. Its types are unknown to the compiler, because it is installed on demand. */
export const loadPeer = (folder: string, name: string): unknown => createRequire(join(folder, 'package.json'))(name);

/** Returns the version of a package of the peers. */
export function versionOf(folder: string, name: string): string {
  const text = readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
