import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { codeBlocks, DOCUMENTS, ROOT_FOLDER } from '../support/documents.ts';

const EXAMPLES = codeBlocks(DOCUMENTS.get('docs/testing.md') ?? '', 'ts');
const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-examples-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('finds the examples of the document', () => {
  expect(EXAMPLES).toHaveLength(4);
});

// The tests of each example are tests of this file.
for (const [index, example] of EXAMPLES.entries()) {
  const file = join(folder, `example${index}.ts`);
  writeFileSync(file, example.replace("'escrowgrid/testing'", `'${join(ROOT_FOLDER, 'src/testing/index.ts')}'`));
  await import(file);
}
