import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HANG_MS } from '../counts.ts';
import { executablePath, noBrowser } from '../support/browser.ts';
import { ROOT_FOLDER } from '../support/documents.ts';
import { atFileEnd } from '../support/fileEnd.ts';
import { npmInstall, runIn } from '../support/npm.ts';
import { buildProgram } from '../support/program.ts';

/** How programs resolve ES modules. Others ignore `exports`, or cannot load ES modules. */
const RESOLUTIONS: readonly string[] = ['node16-esm', 'bundler'];

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<'types' | 'default', string>>>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readFileSync(join(ROOT_FOLDER, 'package.json'), 'utf8')) as Manifest;

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-package-'));
  atFileEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

let tarball: string;
let files: readonly string[];
beforeAll(async () => {
  const folder = temporaryFolder();
  for (const name of [
    'package.json',
    'schema.graphql',
    'trusted-documents.json',
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    'scripts',
    'docs',
  ]) {
    cpSync(join(ROOT_FOLDER, name), join(folder, name), { recursive: true });
  }
  cpSync(dirname(await buildProgram()), join(folder, 'dist'), { recursive: true });
  const { output } = await runIn(folder, ['npm', 'pack', '--json', '--silent']);
  const [packed] = JSON.parse(output) as readonly [
    { readonly filename: string; readonly files: readonly { readonly path: string }[] },
  ];
  tarball = join(folder, packed.filename);
  files = packed.files.map(({ path }) => path);
}, HANG_MS.longTest);

describe('the tarball', () => {
  it('contains what is built of each source, its types, the documents, the schema, and nothing else', () => {
    const sources = readdirSync(join(ROOT_FOLDER, 'src'), { recursive: true, encoding: 'utf8' });
    const expected = sources.flatMap((path) => {
      if (/\.sql$|^server\/home\//.test(path)) return [`dist/${path}`];
      const [, name] = /^(.+)\.ts$/.exec(path) ?? [];
      return name === undefined ? [] : [`dist/${name}.js`, `dist/${name}.d.ts`];
    });
    const others = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', 'schema.graphql', 'trusted-documents.json'];
    const documents = readdirSync(join(ROOT_FOLDER, 'docs'), { recursive: true, encoding: 'utf8' });
    const guides = documents.filter((path) => path.endsWith('.md')).map((path) => `docs/${path}`);
    expect(files.toSorted()).toEqual([...expected, ...guides, ...others].toSorted());
  });

  it('publint and arethetypeswrong find no problem', async () => {
    const data = readFileSync(tarball);
    const { messages } = await publint({ pack: { tarball: new Uint8Array(data).buffer }, strict: true });
    expect(messages).toEqual([]);
    const checked = await checkPackage(createPackageFromTarballData(data));
    expect(checked.types).toMatchObject({ kind: 'included' });
    const problems = checked.types === false ? [] : checked.problems;
    // The schema has no types.
    const relevant = problems.filter(
      (problem) =>
        !('entrypoint' in problem) ||
        (RESOLUTIONS.includes(problem.resolutionKind) && problem.entrypoint !== './schema.graphql'),
    );
    expect(relevant).toEqual([]);
  });
});

/** The example project, with the package and its own packages. */
describe('the package in the project of another team', { timeout: HANG_MS.longTest }, () => {
  let project: string;
  let isInstalled: boolean;
  beforeAll(async () => {
    project = mkdtempSync(join(tmpdir(), 'escrowgrid-project-'));
    cpSync(join(ROOT_FOLDER, 'examples/integration-tests'), project, {
      recursive: true,
      filter: (path) => !path.includes('node_modules') && !path.endsWith('.tgz'),
    });
    isInstalled = await npmInstall(project, 'the tests of the installed package', ['--save-dev', tarball]);
  }, HANG_MS.longTest);

  afterAll(() => rm(project, { recursive: true }), HANG_MS.longTest);
  beforeEach(({ skip }) => skip(!isInstalled, 'The package registry cannot be reached.'));

  const run = (command: readonly string[], env: Readonly<Record<string, string>> = {}) => runIn(project, command, env);
  const importing = () => run([process.execPath, '--input-type=module', '--eval', "await import('escrowgrid')"]);
  const ENDED = { code: 0 };

  it('has one copy of graphql, of a version that the range of the peer dependency includes', async () => {
    const { output } = await run(['npm', 'ls', 'graphql', '--all', '--parseable']);
    expect(output.trim().split('\n')).toEqual([join(project, 'node_modules/graphql')]);
    expect(manifest.peerDependencies['graphql']).toBe('^16.10.0');
  });

  it('has types with moduleResolution nodenext and bundler', async () => {
    for (const options of [[], ['--module', 'esnext', '--moduleResolution', 'bundler']]) {
      expect(await run(['npx', 'tsc', ...options])).toEqual({ code: 0, output: '' });
    }
  });

  it('its tests pass with vitest', async () => {
    expect(await run(['npx', 'vitest', 'run'])).toMatchObject(ENDED);
  });

  it('reports that vitest has loaded graphql a second time if it inlines the package', async () => {
    const test = { include: ['tests/vitest/createApp.test.ts'], server: { deps: { inline: ['escrowgrid'] } } };
    writeFileSync(join(project, 'inlined.config.js'), `export default ${JSON.stringify({ test })};`);
    const { code, output } = await run(['npx', 'vitest', 'run', '--config', 'inlined.config.js']);
    expect(code).toBe(1);
    expect(output).toContain('/graphql/index.js loaded twice, as an ES module and as CommonJS. Exclude escrowgrid ');
  });

  it('its tests pass with jest', async () => {
    expect(await run(['npm', 'run', 'test:jest'])).toMatchObject(ENDED);
  });

  it.skipIf(noBrowser)('its tests pass with Playwright', async () => {
    expect(await run(['npx', 'playwright', 'test'], { CHROMIUM: executablePath ?? '' })).toMatchObject(ENDED);
  });

  it('exports the schema and package.json, and no internal file', async () => {
    const text = `const { createRequire } = await import('node:module');
      const { resolve } = createRequire(import.meta.url);
      console.log(resolve('escrowgrid/schema.graphql'), resolve('escrowgrid/package.json'));
      resolve('escrowgrid/dist/app.js');`;
    const { code, output } = await run([process.execPath, '--input-type=module', '--eval', text]);
    expect(code).toBe(1);
    expect(output).toMatch(/^\S+\/escrowgrid\/schema\.graphql \S+\/escrowgrid\/package\.json\n/);
    expect(output).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it('a second copy of graphql, or another version, is reported with the files and what to do', async () => {
    expect(await importing()).toEqual({ code: 0, output: '' });
    const shared = join(project, 'node_modules/graphql');
    const nested = join(project, 'node_modules/escrowgrid/node_modules/graphql');
    cpSync(shared, nested, { recursive: true });
    const { version } = JSON.parse(readFileSync(join(shared, 'package.json'), 'utf8')) as Manifest;
    const sentence = (own: string): string =>
      `GraphqlVersionError: EscrowGrid needs exactly one copy of graphql ^16.10.0, but found graphql ${own} in ` +
      `${join(nested, 'index.js')}, used by escrowgrid; graphql ${version} in ${join(shared, 'index.js')}, used by ` +
      '@pothos/core and graphql-yoga. Run `npm install graphql@16` and `npm dedupe`; `npm ls graphql` lists the ' +
      'packages that need another version.\n';
    const doubled = await importing();
    const file = join(nested, 'version.js');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(version, '17.0.0').replace('major: 16', 'major: 17'));
    const foreign = await importing();
    rmSync(nested, { recursive: true });
    expect([doubled.code, foreign.code]).toEqual([1, 1]);
    expect(doubled.output).toContain(sentence(version));
    expect(foreign.output).toContain(sentence('17.0.0'));
  });
});

it('every entry of exports exists', () => {
  const targets = Object.entries(manifest.exports).flatMap(([entry, target]) =>
    Object.values(typeof target === 'string' ? [target] : target).map((path) => ({ entry, path: path.slice(2) })),
  );
  const missing = targets.filter(({ path }) => path.startsWith('dist/') && !files.includes(path));
  expect(missing).toEqual([]);
  expect(targets.filter(({ path }) => !path.startsWith('dist/') && !existsSync(join(ROOT_FOLDER, path)))).toEqual([]);
});
