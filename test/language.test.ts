import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DOCUMENTS, ROOT_FOLDER } from './support/documents.ts';

/** Words that have a plainer equivalent, which docs/glossary.md and the code use. */
const REJECTED_WORDS = [
  'anew',
  'audit trail',
  'at the most',
  'goesOn',
  'hence',
  'hitherto',
  'judge',
  'judged',
  'judges',
  'keepKeysMs',
  'leavable',
  'lend',
  'lent',
  'rival',
  'rivals',
  'shall',
  'so many',
  'takeTurn',
  'thereof',
  'told',
  'turned away',
  'twin',
  'twins',
  'unit of work',
  'whoever',
  'whom',
  'whomever',
];
const REJECTED = new RegExp(`(?<![\\w-])(${REJECTED_WORDS.join('|')})(?![\\w-])`, 'i');

/** The parts of src that other parts and other programs use: exports need a doc comment there. */
const PUBLIC_PARTS =
  /^(\w+\.ts|(client(?!\/generated)|commands|domain|jobs|subscriptions|verify)\/.*|store\/(\w+|memory\/index|postgres\/index)\.ts)$/;
const EXPORT =
  /^export (?:async )?(?:interface|type|class|function\*?|const (?=\w+(?:: [^=]+)? = (?:async )?(?:<|\()))\s*(\w+)/;

const sources = readdirSync(join(ROOT_FOLDER, 'src'), { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /\.(ts|sql)$/.test(path))
  .map((path) => ({ path, lines: readFileSync(join(ROOT_FOLDER, 'src', path), 'utf8').split('\n') }));

/** The lines of a document, with quoted code left out. */
const proseOf = (markdown: string): readonly string[] => {
  const withoutBlocks = markdown.replaceAll(/^```.*?^```/gms, (block) => block.replaceAll(/[^\n]/g, ''));
  return withoutBlocks.replaceAll(/`[^`\n]*`/g, '').split('\n');
};

it('rejected words occur neither in src, the schema nor the documents', () => {
  const schema = {
    path: 'schema.graphql',
    lines: readFileSync(join(ROOT_FOLDER, 'schema.graphql'), 'utf8').split('\n'),
  };
  const documents = [...DOCUMENTS]
    .filter(([path]) => path !== 'docs/glossary.md')
    .map(([path, markdown]) => ({ path, lines: proseOf(markdown) }));
  const files = [...sources, schema, ...documents];
  expect(files.length).toBeGreaterThan(200);
  const found = files.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => (REJECTED.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});

it('every exported function and type of the public parts has a doc comment', () => {
  const publicFiles = sources.filter(({ path }) => PUBLIC_PARTS.test(path));
  const exported = publicFiles.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => {
      const name = EXPORT.exec(line)?.[1];
      return name === undefined
        ? []
        : [{ name: `${path}: ${name}`, isDocumented: lines[index - 1]?.trim().endsWith('*/') }];
    }),
  );
  expect(exported.length).toBeGreaterThan(200);
  expect(exported.filter(({ isDocumented }) => !isDocumented).map(({ name }) => name)).toEqual([]);
});
