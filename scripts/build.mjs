// Compiles src into dist. With --if-stale it does so only where dist is missing or older than its sources, so that a
// built server also starts from a read-only tree and without the development packages.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const COMPILER = join(root, 'node_modules/typescript/bin/tsc');
/** Written last: a build that was interrupted counts as stale. */
const COMPLETED = join(root, 'dist/.completed');
const SOURCES = ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];
/** The folders of files that are not compiled. */
const COPIED = ['store/postgres/migrations', 'server/home'];

/** Whether a source, or a folder of sources (a file was added or removed), has changed since the last build. */
function isStale() {
  if (!existsSync(join(root, 'src'))) return false;
  if (!existsSync(COMPLETED)) return true;
  const builtAtMs = statSync(COMPLETED).mtimeMs;
  const within = (path) =>
    statSync(path).isDirectory() ? [path, ...readdirSync(path).flatMap((name) => within(join(path, name)))] : [path];
  return SOURCES.flatMap((name) => within(join(root, name))).some((path) => statSync(path).mtimeMs > builtAtMs);
}

/** Removes the output of sources that no longer exist: it would be part of the package. Keeps the builds of tests. */
function removeStaleOutput() {
  for (const name of readdirSync(join(root, 'dist'), { recursive: true })) {
    const [, path] = /^(?!escrowgrid_test_)(.+?)\.(d\.ts|js)$/.exec(name) ?? [];
    if (path && !existsSync(join(root, 'src', `${path}.ts`))) rmSync(join(root, 'dist', name));
  }
}

function build() {
  if (!existsSync(COMPILER)) {
    process.stderr.write(
      'EscrowGrid has no build that is newer than its sources, and the compiler is not installed. ' +
        'Run these commands, then start again:\n  npm ci --include=dev\n  npm run build\n',
    );
    return 1;
  }
  const { status } = spawnSync(process.execPath, [COMPILER, '-p', join(root, 'tsconfig.build.json')], {
    stdio: 'inherit',
  });
  if (status !== 0) return status ?? 1;
  removeStaleOutput();
  for (const folder of COPIED) {
    rmSync(join(root, 'dist', folder), { recursive: true, force: true });
    cpSync(join(root, 'src', folder), join(root, 'dist', folder), { recursive: true });
  }
  // The command `escrowgrid` of package.json.
  chmodSync(join(root, 'dist/main.js'), 0o755);
  writeFileSync(COMPLETED, '');
  return 0;
}

process.exitCode = process.argv.includes('--if-stale') && !isStale() ? 0 : build();
