import { defineConfig } from '@playwright/test';

const { CHROMIUM } = process.env;

export default defineConfig({
  testDir: 'tests/playwright',
  reporter: 'line',
  timeout: 60_000,
  expect: { timeout: 30_000 },
  use: {
    // Lets the page, which the tests serve, send requests to the server on this machine.
    permissions: ['local-network-access'],
    // A Chromium of the system. Without it, `npx playwright install chromium` installs one.
    launchOptions: CHROMIUM ? { executablePath: CHROMIUM, args: ['--no-sandbox'] } : {},
  },
});
