import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, noBrowser, openPage } from '../support/browser.ts';
import { bundle } from './bundle.ts';
import { clientWorld } from './world.ts';

describe.skipIf(noBrowser)('the client in a browser', () => {
  const world = clientWorld();
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it.each(['sse', 'websocket'])('executes mutations and follows changes over %s', async (transport) => {
    const { url, endpoint } = world();
    // Any page of an origin will do. That of a path that does not exist is the smallest; its policy allows no scripts.
    const { page, amiss } = await openPage(browser, new URL('/none', url).href, { bypassCSP: true });
    const { code } = await bundle("export * from './index.ts';");
    await page.addScriptTag({ content: code });
    const options = { url: '/graphql', key: endpoint.houses[0].admin, transport };
    const seen = await page.evaluate(`(async () => {
      const { execute, live } = client.createClient(${JSON.stringify(options)});
      const input = { ownerReference: 'ann', title: 'Pier 9' };
      const made = await execute(client.CreateChatSessionDocument, { input });
      const chatSessionId = client.unwrap(made.createChatSession).chatSession.id;
      const seen = [];
      for await (const { type, data } of live(client.ChatMessageChangedDocument, { chatSessionId })) {
        seen.push(data?.chatMessageChanged.chatMessage.body ?? type);
        if (seen.length === 3) return seen;
        const body = 'message ' + seen.length;
        await execute(client.PostChatMessageDocument, { input: { chatSessionId, authorReference: 'ann', body } });
      }
    })()`);
    expect(seen).toEqual(['RELOAD', 'message 1', 'message 2']);
    expect(amiss).toEqual([]);
  });
});
