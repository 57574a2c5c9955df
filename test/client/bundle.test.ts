import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { bundle } from './bundle.ts';

const MAX_BYTES = 10_000;

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
  expect(code).toContain('mutation FundPosition(');
  expect(code).not.toContain('mutation ReleasePosition(');
});
