import { defineConfig } from 'vitest/config';

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
    // By default one processor is left idle: on two that is half of them.
    maxWorkers: '100%',
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    // Two projects, as the global set-up runs only for the one that has files to run: the law alone needs no PostgreSQL.
    projects: [
      { extends: true, test: { name: 'law', include: ['test/domain/**/*.test.ts'], isolate: false } },
      {
        extends: true,
        test: {
          name: 'server',
          include: ['test/**/*.test.ts'],
          exclude: ['test/domain/**'],
          globalSetup: ['test/support/globalSetup.ts'],
        },
      },
    ],
  },
});
