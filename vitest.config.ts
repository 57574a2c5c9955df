import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longestFirst.ts';

/** Test files that replace a module of the program: they share none with other files. */
const REPLACING_MODULES = [
  'test/access/rightsRestricted.test.ts',
  'test/access/mistakes.test.ts',
  'test/access/matrixRowSecurity.test.ts',
  'test/tenants/rowSecurity.test.ts',
];

const full = process.env['TEST_COUNTS'] === 'full';
const timeoutMs = full ? 600_000 : 60_000;

export default defineConfig({
  resolve: {
    // Vite would take graphql's ES modules where Node gives Pothos and Yoga the CommonJS ones: two copies, and no type
    // of one is a type of the other.
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
  test: {
    pool: 'forks',
    // Many files mostly wait: for timeouts, for PostgreSQL, for a program. Two more files than processors keep all busy.
    maxWorkers: availableParallelism() + 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    // Importing the program takes longer than most files do, so files share it.
    isolate: false,
    setupFiles: ['test/support/fileSetup.ts'],
    // The global set-up runs only for the projects that have files to run: the law alone needs no PostgreSQL.
    projects: [
      { extends: true, test: { name: 'law', include: ['test/domain/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'server',
          include: ['test/**/*.test.ts'],
          exclude: ['test/domain/**', ...REPLACING_MODULES],
          globalSetup: ['test/support/globalSetup.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'isolated',
          include: REPLACING_MODULES,
          isolate: true,
          globalSetup: ['test/support/globalSetup.ts'],
        },
      },
    ],
  },
});
