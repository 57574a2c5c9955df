import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT_FOLDER } from '../support/documents.ts';

/**
 * Bundles a program that imports files of the client, minified for browsers. Its exports become properties of the global
 * variable `client`. Fails if it imports a module of Node.js.
 */
export async function bundle(contents: string) {
  const resolveDir = join(ROOT_FOLDER, 'src/client');
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir, loader: 'ts' },
    absWorkingDir: resolveDir,
    bundle: true,
    minify: true,
    format: 'iife',
    globalName: 'client',
    platform: 'browser',
    target: 'es2022',
    metafile: true,
    write: false,
  });
  return { inputs: Object.keys(metafile.inputs), code: outputFiles[0]?.text ?? '' };
}
