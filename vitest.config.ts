import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { HANG_MS } from './test/counts.ts';
import { LongestFirst } from './test/support/longestFirst.ts';

/** Test files that replace modules of the program, and therefore run in an isolated process each. */
const REPLACING_MODULES = [
  'test/access/rightsRestricted.test.ts',
  'test/access/mistakes.test.ts',
  'test/access/matrixRowSecurity.test.ts',
  'test/tenants/rowSecurity.test.ts',
];

export default defineConfig({
  resolve: {
    // Vite would resolve graphql to its ES modules, while Node resolves it to CommonJS for Pothos and Yoga. The types of
    // two copies are incompatible.
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
  test: {
    pool: 'forks',
    // Many files mostly wait: for timeouts, for PostgreSQL, for a program. One more file than processors keeps all busy.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    testTimeout: HANG_MS.test,
    hookTimeout: HANG_MS.test,
    // Importing the program takes longer than most test files run, so files share the imported modules.
    isolate: false,
    setupFiles: ['test/support/fileSetup.ts'],
    // The global set-up runs only for projects that have files to run; the domain tests need no PostgreSQL.
    projects: [
      { extends: true, test: { name: 'domain', include: ['test/domain/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'server',
          include: ['test/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'test/domain/**', ...REPLACING_MODULES],
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
