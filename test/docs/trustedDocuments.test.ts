import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { preset } from '@graphql-codegen/client-preset';
import { codegen } from '@graphql-codegen/core';
import { parse } from 'graphql';
import { expect, it, onTestFinished } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { readConfig } from '../../src/config.ts';
import { schema, schemaText } from '../../src/schema/index.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { readTrustedDocuments } from '../../src/trustedDocumentsFile.ts';
import { codeBlocks, sectionOf } from '../support/documents.ts';
import { ROOT_TOKEN, serveKeys } from '../support/keyed.ts';
import { atAddress } from '../support/limited.ts';

/** The steps, without their indentation. */
const STEPS = sectionOf('docs/api.md', 'Trusted documents').replaceAll(/^ {3}/gm, '');
const stepIn = (language: string): string => codeBlocks(STEPS, language)[0] ?? '';

const DOCUMENT = 'query Institutions($first: Int!) { institutions(first: $first) { totalCount } }';

/** Returns the files that the documented configuration generates, by their names. */
async function generated(): Promise<ReadonlyMap<string, string>> {
  interface Codegen {
    readonly generates: Readonly<Record<string, { readonly presetConfig: object }>>;
  }
  const [[baseOutputDir, { presetConfig }] = ['', { presetConfig: {} }]] = Object.entries(
    (parseYaml(stepIn('yaml')) as Codegen).generates,
  );
  const sections = await preset.buildGeneratesSection({
    baseOutputDir,
    schema: parse(schemaText()),
    schemaAst: schema,
    documents: [{ location: 'institutions.graphql', rawSDL: DOCUMENT, document: parse(DOCUMENT) }],
    presetConfig,
    config: { useTypeImports: true },
    plugins: [],
    pluginMap: {},
  });
  const named = sections.map(
    async (section) => [section.filename.slice(baseOutputDir.length), await codegen(section)] as const,
  );
  return new Map(await Promise.all(named));
}

interface Generated {
  readonly InstitutionsDocument: object;
}
interface Documented {
  readonly send: (document: object, variables: object) => Promise<unknown>;
}

it('a frontend registers its documents with the documented steps', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of await generated()) writeFileSync(join(folder, name), text);

  const [, file = '', only = ''] = /^TRUSTED_DOCUMENTS=(\S+) TRUSTED_DOCUMENTS_ONLY=(\S+) /.exec(stepIn('sh')) ?? [];
  const env = { TRUSTED_DOCUMENTS: join(folder, file), TRUSTED_DOCUMENTS_ONLY: only };
  const trusted = readTrustedDocuments(readConfig(env).trustedDocuments);
  const { app } = serveKeys(createMemoryStore(), { trusted });
  const address = await atAddress(app);

  const program = stepIn('js').replace('http://127.0.0.1:4000/graphql', address);
  writeFileSync(join(folder, 'send.ts'), `const key = '${ROOT_TOKEN}';\nexport ${program}`);
  const { InstitutionsDocument } = (await import(join(folder, 'graphql.ts'))) as Generated;
  const { send } = (await import(join(folder, 'send.ts'))) as Documented;
  expect(await send(InstitutionsDocument, { first: 1 })).toEqual({ data: { institutions: { totalCount: 0 } } });
  const unknown = { __meta__: { hash: `sha256:${'0'.repeat(64)}` } };
  expect(await send(unknown, {})).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
});
