import { Kind, parse } from 'graphql';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEVELOPMENT_KEY } from '../../src/config.ts';
import { DEMO_TABS } from '../../src/demo/tabs.ts';
import { COUNTS, HANG_MS } from '../counts.ts';
import { launchBrowser, noBrowser, type Opened, openPage, TAB, visit as visitWith } from '../support/browser.ts';
import { buildProgram, type Program, startProgram } from '../support/program.ts';

const aMomentMs = 500;
const answerMs = 3_000;
const triesAtMost = 5;
const RUN = '.graphiql-execute-button';
const RESULT = '.result-window';
const PROBLEM = '#bar-problem';
const STATUS = '#bar-status';
/** GraphiQL stores its tabs half a second after the last change. */
const KEPT = `JSON.parse(localStorage.getItem('graphiql:tabState'))?.activeTabIndex`;
/** Where no tab was changed it keeps nothing, and this is how long a test waits to see that. */
const keptWithinMs = 2_000;

const operations = DEMO_TABS.map(({ query }) => {
  const [operation] = parse(query).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`Not an operation: ${query}`);
  return { name: operation.name?.value ?? '', kind: operation.operation };
});
const names = operations.map(({ name }) => name);
const indexOf = (name: string): number => names.indexOf(name);

let browser: Browser;
let demo: Program;
let empty: Program;
let main: string;

beforeAll(async () => {
  if (noBrowser) return;
  main = await buildProgram();
  demo = startProgram(main);
  empty = startProgram(main, { DEMO_DATA: 'false' });
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
});

const visit = (address: string): Promise<Opened> => visitWith(browser, address);

async function tabsOf(page: Page): Promise<readonly string[]> {
  const titles = await page.locator(TAB).allInnerTexts();
  return titles.map((title) => title.trim());
}

const isOpen = (page: Page, index: number): Promise<void> =>
  page.locator(TAB).nth(index).and(page.locator('.graphiql-tab-active')).waitFor();

async function openTab(page: Page, index: number): Promise<void> {
  await page.locator(`${TAB}-button`).nth(index).click();
  await isOpen(page, index);
}

interface Result {
  readonly data?: Readonly<Record<string, unknown>>;
  readonly errors?: unknown;
  readonly extensions?: { readonly cost?: number };
}

/** Presses the play button and returns the response. The button needs a moment to notice another operation. */
async function run(page: Page, pauseMs = aMomentMs): Promise<Result> {
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  for (let tries = 1; ; tries += 1) {
    await page.waitForTimeout(pauseMs);
    const answered = page.waitForResponse((response) => isRun(response.request().postData() ?? ''), {
      timeout: answerMs,
    });
    const [response] = await Promise.all([answered.catch(() => undefined), page.locator(RUN).click()]);
    if (response) return (await response.json()) as Result;
    if (tries === triesAtMost) throw new Error(`Nothing was sent: ${await page.locator(RESULT).innerText()}`);
  }
}

const isRun = (sent: string): boolean => sent !== '' && !sent.includes('IntrospectionQuery');

const shows = (page: Page, text: string): Promise<void> => page.locator(RESULT).getByText(text).first().waitFor();

/** Starts the subscription of the open tab, which begins with CAUGHT_UP. */
async function subscribe(page: Page): Promise<void> {
  await page.waitForTimeout(aMomentMs);
  await page.locator(RUN).click();
  await shows(page, '"CAUGHT_UP"');
}

/** Expects that each result is an object, and a user error only in the example about errors. */
function expectSuccess(name: string, { data, errors, extensions }: Result): void {
  expect({ name, errors }).toEqual({ name, errors: undefined });
  const results = Object.values(data ?? {});
  expect({ name, hasNull: results.includes(null), cost: extensions?.cost }).toEqual({
    name,
    hasNull: false,
    cost: expect.any(Number),
  });
  const failed = results.filter((result) => 'code' in Object(result));
  expect({ name, failed: failed.length }).toEqual({ name, failed: name === 'ReadAnError' ? results.length : 0 });
}

const select = (page: Page, label: string): Promise<unknown> =>
  page.getByLabel('API key', { exact: true }).selectOption({ label });
const ADMIN = 'Admin: Larkfield Escrow Bank';
const READ_ONLY = 'Read-only: Larkfield Escrow Bank';
const roleOf = async (page: Page): Promise<unknown> => Object((await run(page)).data?.['viewer']).role;

describe.skipIf(noBrowser)('GraphiQL at the printed address', () => {
  it(
    'GraphiQL runs every example at the first and the second click, restores them, and requests nothing from other origins',
    async () => {
      const { page, amiss } = await visit(await demo.address);
      expect(await tabsOf(page)).toEqual(names);
      for (const [index, { name, kind }] of operations.entries()) {
        // The first tab is open, and has its variables.
        if (index > 0) await openTab(page, index);
        if (kind === 'subscription') {
          await subscribe(page);
          await page.locator(STATUS).getByText('Subscription open').waitFor();
          continue;
        }
        for (const pauseMs of [aMomentMs, 0]) {
          const result = await run(page, pauseMs);
          expectSuccess(name, result);
          await page
            .locator(STATUS)
            .getByText(new RegExp(`^\\d+ ms, cost ${result.extensions?.cost}$`))
            .waitFor();
        }
        await shows(page, '"data"');
      }
      expect(await tabsOf(page)).toEqual(names);

      await openTab(page, 0);
      await page.locator('.graphiql-tab-active .graphiql-tab-close').click();
      await page.waitForFunction(
        `JSON.parse(localStorage.getItem('graphiql:tabState'))?.tabs.length === ${names.length - 1}`,
      );
      page.once('dialog', (dialog) => void dialog.accept());
      await page.getByRole('button', { name: 'Restore examples' }).click();
      await page
        .locator(TAB)
        .nth(names.length - 1)
        .waitFor();
      expect(await tabsOf(page)).toEqual(names);
      expect(amiss).toEqual([]);
    },
    HANG_MS.longTest,
  );

  it.each([0, 5])('GraphiQL keeps its tabs and the API key after a reload, with tab %i open', async (index) => {
    const { page, amiss } = await visit(await demo.address);
    await select(page, ADMIN);
    await openTab(page, index);
    await page.waitForFunction(`${KEPT} === ${index}`);
    for (let reload = 0; reload < COUNTS.reloads; reload += 1) {
      await page.reload();
      await isOpen(page, index);
      expect(await tabsOf(page)).toEqual(names);
    }
    await openTab(page, 0);
    expect(await roleOf(page)).toBe('ADMIN');
    expect(amiss).toEqual([]);
  });

  it('the API key that is selected applies to all tabs', async () => {
    const { page } = await visit(await demo.address);
    const seen: unknown[] = [];
    for (const label of ['Root: all institutions', ADMIN, READ_ONLY]) {
      await select(page, label);
      await openTab(page, 0);
      const { viewer, institutions } = (await run(page)).data ?? {};
      await openTab(page, indexOf('PartialRelease'));
      const { releasePosition } = (await run(page)).data ?? {};
      seen.push([Object(viewer).role, Object(institutions).nodes.length, Object(releasePosition).code]);
    }
    expect(seen).toEqual([
      ['ROOT', 2, undefined],
      ['ADMIN', 1, undefined],
      ['READ_ONLY', 1, 'FORBIDDEN'],
    ]);
    // The keyboard is enough.
    await page.getByLabel('API key', { exact: true }).focus();
    await page.keyboard.press('ArrowUp');
    await openTab(page, 0);
    expect(await roleOf(page)).toBe('ADMIN');
  });

  it('an API key that the server rejects is reported in words, also in the documentation', async () => {
    const { page, amiss } = await visit(await demo.address);
    await select(page, 'Another API key');
    const field = page.getByLabel('The other API key');
    for (const [wrong, words] of [
      ['eg_0123456789ab_not-a-key', 'The server rejected this API key: it is misspelt, expired or revoked.'],
      ['schlüssel', 'The server rejected this API key: it is misspelt, expired or revoked.'],
      ['', 'Paste an API key into the field above.'],
    ] as const) {
      await field.fill(wrong);
      await field.blur();
      await page.locator(PROBLEM).getByText(words).waitFor();
    }
    await page.getByRole('button', { name: 'Documentation' }).first().click();
    const pane = page.locator('.graphiql-doc-explorer-error');
    await pane.waitFor();
    expect(await pane.evaluate((element) => getComputedStyle(element, '::after').content)).toContain(
      'Paste an API key',
    );

    await field.fill(DEVELOPMENT_KEY);
    await field.blur();
    await page.locator('.graphiql-doc-explorer').getByText('EscrowGrid: escrow for institutions.').waitFor();
    expect(await page.locator(PROBLEM).innerText()).toBe('');
    expect(await roleOf(page)).toBe('ROOT');
    await page.reload();
    expect(await roleOf(page)).toBe('ROOT');
    expect(amiss).toEqual([]);
  });

  it('a remembered API key that the server no longer has is replaced by the first one', async () => {
    // Any page of the origin will do. That of a path that does not exist is the smallest.
    const { page } = await openPage(browser, new URL('/none', await empty.address).href);
    await page.evaluate(`sessionStorage.setItem('escrowgrid:key', 'admin')`);
    await page.goto(`${await empty.address}?query=${encodeURIComponent('{ viewer { role } }')}`);
    expect(await roleOf(page)).toBe('ROOT');
  });

  it('the subscription shows a change that another window makes', async () => {
    const { page, amiss } = await visit(await demo.address);
    await openTab(page, indexOf('LiveChanges'));
    await subscribe(page);
    const [second] = await Promise.all([
      page.context().waitForEvent('page'),
      page.getByRole('link', { name: 'Second window' }).click(),
    ]);
    await openTab(second, indexOf('PartialRelease'));
    expectSuccess('PartialRelease', await run(second));
    await shows(page, '"A first payment"');
    await page.locator(RUN).click();
    await page.locator(STATUS).getByText('Subscription ended').waitFor();
    expect(amiss).toEqual([]);
  });

  it('GraphiQL opens an empty page without demo data, and keeps it after a reload', async () => {
    const { page, amiss } = await visit(await empty.address);
    expect(await tabsOf(page)).toEqual(['<untitled>']);
    await page.waitForFunction(`${KEPT} === 0`, undefined, { timeout: keptWithinMs }).catch(() => undefined);
    await page.reload();
    await page.waitForSelector(TAB);
    expect(await tabsOf(page)).toEqual(['<untitled>']);
    expect(amiss).toEqual([]);
  });

  it('GraphiQL opens the query of a shared address in a new tab', async () => {
    const address = await demo.address;
    const { page } = await visit(address);
    await page.waitForFunction(`${KEPT} === 0`, undefined, { timeout: keptWithinMs }).catch(() => undefined);
    await page.goto(`${address}?query=${encodeURIComponent('query Sent { __typename }')}`);
    await page.waitForSelector(TAB);
    expect(await tabsOf(page)).toEqual([...names, 'Sent']);
    expect((await run(page)).data).toEqual({ __typename: 'Query' });
  });
});
