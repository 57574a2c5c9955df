import { readFileSync } from 'node:fs';
import { test as base, expect } from '@playwright/test';
import { startEscrowGrid } from '../../support/startEscrowGrid.js';

type Server = Awaited<ReturnType<typeof startEscrowGrid>>;

/** One server for all tests of a worker. */
const test = base.extend<object, { server: Server }>({
  server: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright requires the pattern.
    async ({}, use) => {
      const server = await startEscrowGrid();
      await use(server);
      await server.stop();
    },
    { scope: 'worker' },
  ],
});

/** The origin of the application. In development, EscrowGrid allows requests of pages from localhost. */
const PAGE = 'http://localhost:5173/';

test('the page lists the funded positions', async ({ page, server }) => {
  const html = readFileSync(new URL('../../app/page.html', import.meta.url), 'utf8');
  const body = html.replace('{{url}}', server.url).replace('{{key}}', server.keys.root);
  await page.route(PAGE, (route) => route.fulfill({ contentType: 'text/html', body }));
  await page.goto(PAGE);
  const items = page.getByRole('list', { name: 'Funded positions' }).getByRole('listitem');
  await expect(items.first()).toHaveText(/\d/);
});
