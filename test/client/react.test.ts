import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { HANG_MS } from '../counts.ts';
import { launchBrowser, noBrowser } from '../support/browser.ts';
import { ROOT_FOLDER } from '../support/documents.ts';
import { npmInstall } from '../support/npm.ts';
import { clientWorld, newFundedPosition } from './world.ts';

const EXAMPLE = 'examples/react';
const MAX_LINES = 60;
const run = promisify(execFile);

/** Installs, checks and builds the example in a temporary folder. Returns the folder of its page. */
async function buildExample({ skip }: TestContext): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'escrowgrid-react-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const folder of [EXAMPLE, 'src/client']) {
    const filter = (path: string): boolean => !/node_modules|app\.js$/.test(path.slice(ROOT_FOLDER.length));
    cpSync(join(ROOT_FOLDER, folder), join(root, folder), { recursive: true, filter });
  }
  const cwd = join(root, EXAMPLE);
  if (!(await npmInstall(cwd, 'the example for React'))) skip();
  await run(process.execPath, [join(ROOT_FOLDER, 'node_modules/typescript/bin/tsc'), '-p', cwd]);
  await run('npm', ['run', 'build'], { cwd });
  return join(cwd, 'public');
}

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

/** Serves a folder until the test has finished. Returns its URL. */
async function serveFolder(folder: string): Promise<string> {
  const server = createServer(({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    const name = pathname === '/' ? '/index.html' : pathname;
    response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'text/plain' });
    response.end(readFileSync(join(folder, name)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Opens the page in a new tab, and enters the token. Errors of the page go into the list. */
async function openTab(context: BrowserContext, url: string, token: string, errors: string[]): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('dialog', (dialog) => void dialog.accept(token));
  await page.goto(url);
  return page;
}

async function newContext(): Promise<BrowserContext> {
  const browser: Browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const context = await browser.newContext();
  context.setDefaultTimeout(HANG_MS.test / 2);
  return context;
}

describe.skipIf(noBrowser)('the example for React', () => {
  const world = clientWorld();

  it(`shows a release and a chat message of one tab in another, in ${MAX_LINES} lines`, {
    timeout: HANG_MS.longTest,
  }, async (test) => {
    const lines = readFileSync(join(ROOT_FOLDER, EXAMPLE, 'src/app.tsx'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines.length).toBeLessThanOrEqual(MAX_LINES);
    const { endpoint, url } = world();
    await newFundedPosition(world());
    const address = `${await serveFolder(await buildExample(test))}?api=${encodeURIComponent(url)}`;
    const context = await newContext();
    const errors: string[] = [];
    const open = (token: string) => openTab(context, address, token, errors);
    const [one, two] = [await open(endpoint.houses[0].admin), await open(endpoint.houses[0].admin)];

    const inTab = (page: Page, text: RegExp | string) => page.locator('p', { hasText: text });
    await inTab(two, /^ann \$100\.00 FUNDED/).waitFor();
    await inTab(one, /^ann/).getByRole('button', { name: 'Release' }).click();
    await inTab(two, /^ann \$0\.00 RELEASED/).waitFor();
    for (const [from, to, text] of [
      [one, two, 'The wire has arrived.'],
      [two, one, 'Thank you.'],
    ] as const) {
      await from.getByLabel('Message').fill(text);
      await from.getByRole('button', { name: 'Post' }).click();
      await inTab(to, text).waitFor();
    }
    expect(await inTab(one, /The wire|Thank you/).allInnerTexts()).toEqual(['The wire has arrived.', 'Thank you.']);
    expect(await one.getByRole('alert').innerText()).toBe('');

    const wrong = await open('eg_0000_wrong');
    await wrong.getByRole('alert').filter({ hasText: 'UNAUTHENTICATED' }).waitFor();
    expect(errors).toEqual([]);
  });
});
