import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Copies the project without its packages, and returns how to run the script that `npm start` runs first. */
function projectWithoutPackages() {
  const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-build-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of ['src', 'scripts', 'package.json', 'tsconfig.json', 'tsconfig.build.json']) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  const run = () =>
    spawnSync(process.execPath, [join(folder, 'scripts/build.mjs'), '--if-stale'], { encoding: 'utf8' });
  return { folder, run };
}

const WHICH_COMMANDS =
  'EscrowGrid has no build that is newer than its sources, and the compiler is not installed. ' +
  'Run these commands, then start again:\n  npm ci --include=dev\n  npm run build\n';

it('a start without a build and without the compiler names the commands to run', () => {
  const { run } = projectWithoutPackages();
  expect(run()).toMatchObject({ status: 1, stdout: '', stderr: WHICH_COMMANDS });
});

it('a start compiles only if a source is newer than the build', () => {
  const { folder, run } = projectWithoutPackages();
  mkdirSync(join(folder, 'dist'));
  const completed = join(folder, 'dist/.completed');
  writeFileSync(completed, '');
  const later = new Date(Date.now() + 60_000);
  utimesSync(completed, later, later);
  expect(run()).toMatchObject({ status: 0, stderr: '' });
  const latest = new Date(later.getTime() + 60_000);
  utimesSync(join(folder, 'src/domain/money.ts'), latest, latest);
  expect(run()).toMatchObject({ status: 1, stderr: WHICH_COMMANDS });
  rmSync(join(folder, 'src'), { recursive: true });
  expect(run()).toMatchObject({ status: 0, stderr: '' });
});
