import { Kind, parse } from 'graphql';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_TABS } from '../../src/demo/tabs.ts';
import { COUNTS } from '../counts.ts';
import { launchBrowser, noBrowser, type Opened, TAB, visit as visitWith } from '../support/browser.ts';
import { buildProgram, type Program, startProgram } from '../support/program.ts';

const aMomentMs = 500;
const answerMs = 3_000;
const triesAtMost = 5;
const RUN = '.graphiql-execute-button';
/** GraphiQL stores its tabs half a second after the last change. */
const KEPT = `JSON.parse(localStorage.getItem('graphiql:tabState'))?.activeTabIndex`;
/** Where no tab was changed it keeps nothing, and this is how long a test waits to see that. */
const keptWithinMs = 2_000;

const names = DEMO_TABS.map(({ query }) => {
  const [operation] = parse(query).definitions;
  return operation?.kind === Kind.OPERATION_DEFINITION ? operation.name?.value : undefined;
});

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

/** Presses the play button and returns the response. The button needs a moment to notice another operation. */
async function run(page: Page): Promise<{ readonly data?: object; readonly errors?: unknown }> {
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  for (let tries = 1; ; tries += 1) {
    await page.waitForTimeout(aMomentMs);
    const answered = page.waitForResponse((response) => isRun(response.request().postData() ?? ''), {
      timeout: answerMs,
    });
    const [response] = await Promise.all([answered.catch(() => undefined), page.locator(RUN).click()]);
    if (response) return (await response.json()) as { readonly data?: object };
    if (tries === triesAtMost) throw new Error(`Nothing was sent: ${await page.locator('.result-window').innerText()}`);
  }
}

const isRun = (sent: string): boolean => sent !== '' && !sent.includes('IntrospectionQuery');

describe.skipIf(noBrowser)('GraphiQL at the printed address', () => {
  it('GraphiQL runs every example from its tab, and requests nothing from other origins', async () => {
    const { page, amiss } = await visit(await demo.address);
    expect(await tabsOf(page)).toEqual(names);
    for (const [index] of names.entries()) {
      await openTab(page, index);
      const { data, errors } = await run(page);
      expect(errors).toBeUndefined();
      const [first] = Object.values(data ?? {});
      expect(first).toBeTruthy();
      expect(first).not.toHaveProperty('code');
      await page.locator('.result-window').getByText('"data"').waitFor();
    }
    expect(await tabsOf(page)).toEqual(names);
    expect(amiss).toEqual([]);
  });

  it('GraphiQL opens the first example with its variables', async () => {
    const { page } = await visit(await demo.address);
    await page.locator('.graphiql-editor-tool').getByText('PARTIALLY_RELEASED').waitFor();
    const { data } = await run(page);
    const { nodes } = Object(Object.values(data ?? {})[0]) as { readonly nodes: readonly { readonly state: string }[] };
    expect(new Set(nodes.map(({ state }) => state))).toEqual(new Set(['FUNDED', 'PARTIALLY_RELEASED']));
  });

  it.each([0, 5])('GraphiQL keeps its tabs after a reload, with tab %i open', async (index) => {
    const { page, amiss } = await visit(await demo.address);
    await openTab(page, index);
    await page.waitForFunction(`${KEPT} === ${index}`);
    for (let reload = 0; reload < COUNTS.reloads; reload += 1) {
      await page.reload();
      await isOpen(page, index);
      expect(await tabsOf(page)).toEqual(names);
    }
    const { errors } = await run(page);
    expect(errors).toBeUndefined();
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
    expect(await run(page)).toEqual({ data: { __typename: 'Query' } });
  });
});
