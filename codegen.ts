// Writes the generated files: schema.graphql from the code, typed documents for the client and for the API's tests from
// both, the trusted documents of the client, and .env.example from the settings in docs/operations.md.
// `--check` writes nothing and fails if something is out of step.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { preset } from '@graphql-codegen/client-preset';
import { codegen } from '@graphql-codegen/core';
import { parse } from 'graphql';
import { plainDocuments, schemaFacts } from './scripts/clientDocuments.ts';
import { exampleEnvironment, readSettings } from './scripts/exampleEnvironment.ts';
import { trustedDocuments } from './scripts/trustedDocuments.ts';
import { schema, schemaText } from './src/schema/index.ts';

/** The preset's files with the documents, and with their hashes. */
const DOCUMENTS = 'graphql.ts';
const HASHES = 'persisted-documents.json';
/** The folder of the preset, which requires one and writes nothing. */
const OUTPUT = './';

const SCALARS = {
  DateTime: 'string',
  Decimal: 'string',
  CurrencyCode: 'string',
  JSONObject: 'Record<string, unknown>',
};

async function generated(): Promise<ReadonlyMap<string, string>> {
  const settings = readSettings(readFileSync('docs/operations.md', 'utf8'));
  const tests = await typedDocuments('test/api/operations', {
    presetConfig: { persistedDocuments: { hashAlgorithm: 'sha256', hashPropertyName: 'documentId' } },
  });
  const client = await typedDocuments('src/client/operations', {
    config: { documentMode: 'string', immutableTypes: true, scalars: { ...SCALARS, ID: 'string' } },
  });
  const documents = plainDocuments(client.get(DOCUMENTS) ?? '');
  return new Map([
    ['schema.graphql', schemaText()],
    ['trusted-documents.json', trustedDocuments(documents)],
    ['.env.example', exampleEnvironment(settings)],
    [`test/api/documents/${DOCUMENTS}`, tests.get(DOCUMENTS) ?? ''],
    [`test/api/documents/${HASHES}`, tests.get(HASHES) ?? ''],
    ['src/client/generated/documents.ts', documents],
    ['src/client/generated/schema.ts', schemaFacts(schema)],
  ]);
}

/** Returns the files of the preset for the operations in a folder, by their names. */
async function typedDocuments(
  folder: string,
  { presetConfig = {}, config = {} }: { readonly presetConfig?: object; readonly config?: object },
): Promise<ReadonlyMap<string, string>> {
  const documents = readdirSync(folder)
    .toSorted()
    .map((name) => {
      const location = join(folder, name);
      const rawSDL = readFileSync(location, 'utf8');
      return { location, rawSDL, document: parse(rawSDL) };
    });
  const sections = await preset.buildGeneratesSection({
    baseOutputDir: OUTPUT,
    schema: parse(schemaText()),
    schemaAst: schema,
    documents,
    presetConfig: { fragmentMasking: false, ...presetConfig },
    config: {
      useTypeImports: true,
      enumsAsTypes: true,
      importExtension: '.ts',
      scalars: SCALARS,
      ...config,
    },
    plugins: [],
    pluginMap: {},
  });
  const wanted = sections.filter(({ filename }) => [DOCUMENTS, HASHES].includes(filename.slice(OUTPUT.length)));
  const files = await Promise.all(
    wanted.map(async (section) => [section.filename.slice(OUTPUT.length), await codegen(section)] as const),
  );
  return new Map(files);
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
