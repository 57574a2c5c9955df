import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { HANG_MS } from '../counts.ts';

const CANDIDATES = ['chromium', 'chromium-browser', 'google-chrome'].map((name) => `/usr/bin/${name}`);
/** The Chromium of the system; undefined if there is none. */
export const executablePath = [process.env['CHROMIUM'] ?? '', ...CANDIDATES].find(
  (path) => path !== '' && existsSync(path),
);
/** A browser is not installed by npm, and `npm test` requires nothing besides Node. */
export const noBrowser = executablePath === undefined;
if (noBrowser) {
  process.stderr.write('No Chromium found: the pages are not tested. Install the package chromium, or set CHROMIUM.\n');
}

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** The maximum duration of one step. A busy machine needs seconds to load a page. */
const stepMs = HANG_MS.test / 2;
export const TAB = '.graphiql-tab';

export interface Opened {
  readonly page: Page;
  /** Requests to other origins, and errors reported by the page. */
  readonly amiss: string[];
}

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ ...(executablePath !== undefined && { executablePath }), args: ARGUMENTS });

/** Opens GraphiQL for the first time. */
export async function visit(browser: Browser, address: string): Promise<Opened> {
  const opened = await openPage(browser, address);
  await opened.page.waitForSelector(TAB);
  return opened;
}

/** Opens the page for the first time, in a new context with these options. */
export async function openPage(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
  onTestFinished(() => context.close());
  context.setDefaultTimeout(stepMs);
  const page = await context.newPage();
  const amiss: string[] = [];
  const { origin } = new URL(address);
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && !['data:', 'blob:'].includes(url.protocol)) amiss.push(url.href);
  });
  page.on('pageerror', (error) => amiss.push(error.message));
  await page.goto(address);
  return { page, amiss };
}
