import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { ROOT_FOLDER } from '../support/documents.ts';

const MAX_BYTES = 10_000;

/** Bundles a program for browsers. Fails if it imports a module of Node.js. */
async function bundle(contents: string) {
  const resolveDir = join(ROOT_FOLDER, 'src/client');
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir, loader: 'ts' },
    absWorkingDir: resolveDir,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    metafile: true,
    write: false,
  });
  return { inputs: Object.keys(metafile.inputs), code: outputFiles[0]?.contents ?? new Uint8Array() };
}

it('the client has at most 10,000 bytes, minified and with gzip, and needs no package', async () => {
  const { inputs, code } = await bundle("export * from './index.ts';");
  const bytes = gzipSync(code).length;
  process.stdout.write(`The whole client has ${bytes} bytes, minified and with gzip.\n`);
  expect(bytes).toBeLessThanOrEqual(MAX_BYTES);
  expect(inputs).toContain('execute.ts');
  expect(inputs.filter((path) => /node_modules|^\.\./.test(path))).toEqual([]);
});

it('documents that a program does not use are not in its bundle', async () => {
  const { code } = await bundle(
    "import { FundPositionDocument } from './index.ts'; globalThis.a = FundPositionDocument;",
  );
  const text = new TextDecoder().decode(code);
  expect(text).toContain('mutation FundPosition(');
  expect(text).not.toContain('mutation ReleasePosition(');
});
