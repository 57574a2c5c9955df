// Writes the generated files: schema.graphql from the code, typed documents for the API's tests from both, and
// .env.example from the settings in docs/operations.md.
// `--check` writes nothing and fails if something is out of step.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { preset } from '@graphql-codegen/client-preset';
import { codegen } from '@graphql-codegen/core';
import { parse } from 'graphql';
import { exampleEnvironment, readSettings } from './scripts/exampleEnvironment.ts';
import { schema, schemaText } from './src/schema/index.ts';

const OPERATIONS = 'test/api/operations';
const DOCUMENTS = 'test/api/documents/';

async function generated(): Promise<ReadonlyMap<string, string>> {
  const settings = readSettings(readFileSync('docs/operations.md', 'utf8'));
  const files = new Map([
    ['schema.graphql', schemaText()],
    ['.env.example', exampleEnvironment(settings)],
  ]);
  const documents = readdirSync(OPERATIONS)
    .toSorted()
    .map((name) => {
      const location = join(OPERATIONS, name);
      const rawSDL = readFileSync(location, 'utf8');
      return { location, rawSDL, document: parse(rawSDL) };
    });
  const sections = await preset.buildGeneratesSection({
    baseOutputDir: DOCUMENTS,
    schema: parse(schemaText()),
    schemaAst: schema,
    documents,
    presetConfig: {
      fragmentMasking: false,
      persistedDocuments: { hashAlgorithm: 'sha256', hashPropertyName: 'documentId' },
    },
    config: {
      useTypeImports: true,
      enumsAsTypes: true,
      importExtension: '.ts',
      scalars: { DateTime: 'string', Decimal: 'string', CurrencyCode: 'string', JSONObject: 'Record<string, unknown>' },
    },
    plugins: [],
    pluginMap: {},
  });
  for (const section of sections) {
    if (/(graphql\.ts|persisted-documents\.json)$/.test(section.filename))
      files.set(section.filename, await codegen(section));
  }
  return files;
}

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [file, text] of await generated()) {
  if (read(file) === text) continue;
  stale.push(file);
  if (!check) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
if (stale.length > 0) {
  process.stdout.write(`${check ? 'Out of step, run npm run generate' : 'Written'}: ${stale.join(', ')}\n`);
  if (check) process.exitCode = 1;
}
