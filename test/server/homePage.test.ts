import { source as axeSource } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppOptions } from '../../src/app.ts';
import { CURRENCY_CODES } from '../../src/domain/currencies.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { CreateAssetDocument, CreateAssetTemplateDocument, ReleasePositionDocument } from '../api/documents/graphql.ts';
import { HANG_MS } from '../counts.ts';
import { launchBrowser, noBrowser, type Opened, openPage } from '../support/browser.ts';
import { type Deal, fundedPosition, makeDeal, openPosition } from '../support/deal.ts';
import { newInstitution, ROOT_TOKEN, serveKeys } from '../support/keyed.ts';
import { atAddress } from '../support/limited.ts';
import { openProxiedStore } from '../support/proxiedStore.ts';
import { serve, type TestServer } from '../support/server.ts';

const currencies = 30;
/** An amount of the most digits that an amount can have. */
const HUGE = '999999999999999999999999';
const PHONE = { viewport: { width: 390, height: 844 } };
const THEMES = ['light', 'dark'] as const;

let browser: Browser;
beforeAll(async () => {
  if (!noBrowser) browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
});

const home: Pick<AppOptions, 'home'> = { home: { token: ROOT_TOKEN } };

/** Opens the page of a server that accepts any API key. */
async function openHome(server: TestServer, options?: BrowserContextOptions): Promise<Opened> {
  const address = await atAddress(server.app);
  server.app.start();
  return openPage(browser, new URL('/', address).href, options);
}

const showsStatus = (page: Page, text: string): Promise<void> => page.locator('#status').getByText(text).waitFor();

/** Returns the share of each state in the bar of a currency, in percent. */
const sharesOf = (page: Page, currency: string): Promise<readonly number[]> =>
  page
    .locator(`[data-currency=${currency}] .bar rect`)
    .evaluateAll((rects) => rects.map((rect) => Math.round(Number(rect.getAttribute('width')))));

/** Returns the rules that the page violates seriously, with the elements. */
async function violationsIn(page: Page): Promise<readonly string[]> {
  await page.evaluate(axeSource);
  return page.evaluate<readonly string[]>(`axe.run().then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`);
}

const sidewaysScroll = (page: Page): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');

/** Opens a huge position in each of many currencies. */
async function openInCurrencies(server: TestServer, { institution }: Deal): Promise<void> {
  for (const currency of CURRENCY_CODES.slice(0, currencies)) {
    const template = { code: 'CONSTR_ESCROW', name: currency, vertical: 'CONSTRUCTION', region: 'US' } as const;
    const { createAssetTemplate } = await server.run(CreateAssetTemplateDocument, {
      input: { ...template, institutionId: institution.id, config: { currency, region: 'US' } },
    });
    if (createAssetTemplate?.__typename !== 'CreateAssetTemplatePayload')
      throw new Error(`No template in ${currency}.`);
    const { createAsset } = await server.run(CreateAssetDocument, {
      input: { templateId: createAssetTemplate.assetTemplate.id, label: currency },
    });
    if (createAsset?.__typename !== 'CreateAssetPayload') throw new Error(`No asset in ${currency}.`);
    const amount = { amount: HUGE, currencyCode: currency };
    await openPosition(server, { institution, templateId: '', assetId: createAsset.asset.id }, { amount });
  }
}

describe.skipIf(noBrowser)('the page at /', { timeout: HANG_MS.longTest }, () => {
  it('the bar moves when another client releases a position', async () => {
    const server = serve(createMemoryStore(), home);
    const deal = await makeDeal(server);
    await openPosition(server, deal);
    const funded = await fundedPosition(server, deal, '300.00');
    const { page, amiss } = await openHome(server, { locale: 'en-US' });
    await showsStatus(page, 'Live');
    expect(await sharesOf(page, 'USD')).toEqual([25, 0, 75, 0, 0, 0, 0]);
    const card = page.locator('[data-currency=USD]');
    expect(await card.innerText()).toContain('2 positions, $400.00 agreed, $300.00 in escrow');
    const bar = await card.locator('.bar').elementHandle();
    await server.run(ReleasePositionDocument, { input: { positionId: funded.id, amount: '100.00' } });
    await card.getByText('$200.00 in escrow').waitFor();
    expect(await sharesOf(page, 'USD')).toEqual([25, 0, 0, 75, 0, 0, 0]);
    // The same element moves; a new one would appear without a transition.
    expect(await bar?.evaluate((element) => element.isConnected)).toBe(true);
    expect(
      await card
        .locator('.bar rect')
        .first()
        .evaluate((rect) => getComputedStyle(rect).transitionDuration),
    ).toBe('0.6s, 0.6s');
    await page.getByText(/Pier 9 for holder is partially released, \$100\.00 moved\.$/).waitFor();
    expect(amiss).toEqual([]);
  });

  it.each(THEMES)('axe finds nothing serious, and a phone needs no sideways scroll: %s', async (colorScheme) => {
    const server = serve(createMemoryStore(), home);
    const deal = await makeDeal(server);
    await fundedPosition(server, deal);
    await openInCurrencies(server, deal);
    const { page, amiss } = await openHome(server, { ...PHONE, colorScheme });
    await showsStatus(page, 'Live');
    const expected = new Set<string>(['USD', ...CURRENCY_CODES.slice(0, currencies)]);
    expect(await page.locator('[data-currency]').count()).toBe(expected.size);
    expect(await sidewaysScroll(page)).toBe(0);
    await page.getByText('API key', { exact: true }).click();
    await page.getByLabel('Use another API key').waitFor();
    expect(await violationsIn(page)).toEqual([]);
    const background = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const brightness = background.match(/\d+/g)?.map(Number).at(0) ?? -1;
    expect(brightness > 128).toBe(colorScheme === 'light');
    expect(amiss).toEqual([]);
  });

  it('the page reports an invalid API key, and that a store is empty', async () => {
    const server = serveKeys(createMemoryStore(), { home: { token: null } });
    const address = await atAddress(server.app);
    server.app.start();
    const { page, amiss } = await openPage(browser, new URL('/', address).href, PHONE);
    const enter = async (key: string): Promise<void> => {
      await page.getByLabel('Use another API key').fill(key);
      await page.getByRole('button', { name: 'Use it' }).click();
    };
    for (const wrong of ['wrong', 'schlüssel ☃', `${ROOT_TOKEN}x`]) {
      await page.reload();
      await showsStatus(page, 'Enter an API key to see the totals.');
      await enter(wrong);
      await showsStatus(page, 'The API key is not valid. Enter another one.');
    }
    expect(await violationsIn(page)).toEqual([]);
    await enter(ROOT_TOKEN);
    await showsStatus(page, 'There are no institutions yet');
    await page.getByText('There are no positions yet.').waitFor();
    await newInstitution(server, '<b>Bold & "quoted"</b> Bank');
    await showsStatus(page, 'Live');
    expect(await page.locator('#institution').inputValue()).toMatch(/^inst_/);
    expect(await page.locator('#institution').innerText()).toContain('<b>Bold & "quoted"</b> Bank');
    expect(amiss).toEqual([]);
    await page.evaluate(`document.body.append(document.createElement('img'))`);
    expect((await violationsIn(page)).join()).toMatch(/^image-alt: /);
  });

  it('the link to the schema sends the API key of the page, and the other links need none', async () => {
    const server = serve(createMemoryStore(), home);
    const { page, amiss } = await openHome(server);
    await page.getByRole('link', { name: 'Schema' }).click();
    await page.getByText('directive @semanticNonNull').waitFor();
    await page.goBack();
    for (const name of ['API guide', 'Health', 'Readiness']) {
      const path = await page.getByRole('link', { name, exact: true }).getAttribute('href');
      expect((await fetch(new URL(path ?? '', page.url()))).status).toBe(200);
    }
    expect(await page.getByRole('link', { name: 'GraphiQL' }).count()).toBe(0);
    expect(amiss).toEqual([]);
  });

  it('the page says when the database is away, and continues when it is back', async () => {
    const { store, proxy } = await openProxiedStore();
    const server = serve(store, home);
    const deal = await makeDeal(server);
    const { page } = await openHome(server, { locale: 'en-US' });
    await showsStatus(page, 'Live');
    await proxy.away();
    await page.reload();
    await showsStatus(page, 'The database cannot be reached. Trying again.');
    await proxy.back();
    await showsStatus(page, 'Live');
    await openPosition(server, deal);
    await page.getByText('1 position, $100.00 agreed, $0.00 in escrow').waitFor();
    expect(await sharesOf(page, 'USD')).toEqual([100, 0, 0, 0, 0, 0, 0]);
  });
});
