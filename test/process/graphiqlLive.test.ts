import type { Browser, Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { launchBrowser, noBrowser, type Opened, openPage, visit } from '../support/browser.ts';
import { AS_ROOT, buildProgram, type Program, startProgram } from '../support/program.ts';
import { startRelay } from '../support/relay.ts';

const aMomentMs = 500;
/** A browser waits some seconds before it reconnects. */
const reconnectedWithinMs = 20_000;
/** A busy browser may need seconds to send a request. */
const sentWithinMs = 10_000;
const triesAtMost = 5;
const RUN = '.graphiql-execute-button';
const RESULT = '.result-window';
const ROOT_API_KEY = 'graphiql-9vTq2LxWm7ZrKc4YbNf8JdHs3PgUe6Ra';

let browser: Browser;
let main: string;
beforeAll(async () => {
  if (noBrowser) return;
  main = await buildProgram();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
});

/** Runs a mutation, which must succeed, and returns its object. */
async function create<T>(
  program: Program,
  mutation: string,
  input: object,
  selection: string,
  token?: string,
): Promise<T> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}`;
  const query = `mutation($input: ${type}Input!) { ${mutation}(input: $input) { ... on ${type}Payload { ${selection} } } }`;
  const answer = await program.ask(query, { input }, token);
  const payload = (answer.data as Record<string, T> | undefined)?.[mutation];
  if (!payload) throw new Error(`${mutation} failed: ${JSON.stringify(answer)}`);
  return payload;
}

const newSession = (program: Program, institutionId: string, title: string, token?: string) =>
  create(program, 'createChatSession', { institutionId, ownerReference: 'ada', title }, 'chatSession { id }', token);
const newInstitution = async (program: Program, token?: string): Promise<string> => {
  const input = { name: 'Harbor Bank', regions: ['US'] };
  const { institution } = await create<{ institution: { id: string } }>(
    program,
    'createInstitution',
    input,
    'institution { id }',
    token,
  );
  return institution.id;
};

/** Opens GraphiQL with the subscription in a new tab. */
async function openSubscription(program: Program, institutionId: string): Promise<Opened> {
  const query = `subscription Live { chatSessionChanged(institutionId: "${institutionId}") { kind chatSession { title } } }`;
  const opened = await visit(browser, `${await program.address}?query=${encodeURIComponent(query)}`);
  await opened.page.locator('.graphiql-query-editor .view-line').first().waitFor();
  return opened;
}

const shows = (page: Page, text: string): Promise<void> => page.locator(RESULT).getByText(text).first().waitFor();

const isSubscription = (request: Request): boolean =>
  request.resourceType() === 'fetch' && request.url().includes('chatSessionChanged');

/** Presses the play button until a request is sent. The button needs a moment to notice another operation. */
async function play(page: Page): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    await page.waitForTimeout(aMomentMs);
    const sent = page.waitForRequest(isSubscription, { timeout: sentWithinMs }).catch(() => undefined);
    await page.locator(RUN).click();
    if (await sent) return;
    if (tries === triesAtMost) throw new Error(`Nothing was sent: ${await page.locator(RESULT).innerText()}`);
  }
}

/** Expects each change in the result pane until the button is pressed again. */
async function followChanges(page: Page, change: (title: string) => Promise<unknown>): Promise<void> {
  await play(page);
  await shows(page, '"CAUGHT_UP"');
  for (const title of ['Pier 9', 'Dry dock']) {
    await change(title);
    await shows(page, title);
  }
  const ended = page.waitForEvent('requestfailed', isSubscription);
  await page.locator(RUN).click();
  await ended;
}

describe.skipIf(noBrowser)('a subscription in GraphiQL', () => {
  it('a subscription in GraphiQL shows each change until it is stopped', async () => {
    const program = startProgram(main, { DEMO_DATA: 'false' });
    const institutionId = await newInstitution(program);
    const { page, amiss } = await openSubscription(program, institutionId);
    await followChanges(page, (title) => newSession(program, institutionId, title));
    expect(amiss).toEqual([]);
  });

  it('a subscription in GraphiQL works in production with an API key in the headers editor', async () => {
    const program = startProgram(main, { NODE_ENV: 'production', GRAPHIQL: 'true', ROOT_API_KEY });
    const institutionId = await newInstitution(program, ROOT_API_KEY);
    const input = { institutionId, label: 'GraphiQL', role: 'ADMIN' };
    const { token } = await create<{ token: string }>(program, 'createApiKey', input, 'token', ROOT_API_KEY);
    const { page, amiss } = await openSubscription(program, institutionId);
    await play(page);
    await shows(page, 'UNAUTHENTICATED');
    await page.getByRole('button', { name: 'Headers', exact: true }).click();
    await page.locator('.graphiql-editor-tool .monaco-editor').last().click();
    await page.keyboard.insertText(JSON.stringify({ 'x-api-key': token }));
    await followChanges(page, (title) => newSession(program, institutionId, title, token));
    expect(amiss).toEqual([]);
  });
});

describe.skipIf(noBrowser)('EventSource', () => {
  it('EventSource resumes after its connection is lost, without gaps or repetitions', async () => {
    const program = startProgram(main, { DEMO_DATA: 'false' });
    const institutionId = await newInstitution(program);
    const relay = await startRelay(Number(new URL(await program.address).port));
    onTestFinished(() => relay.close());
    // A page cannot set headers of an EventSource; in practice a proxy would add the API key.
    // Any page of the origin will do. That of a path that does not exist is the smallest; its policy allows no requests.
    const options = { extraHTTPHeaders: AS_ROOT, bypassCSP: true };
    const { page } = await openPage(browser, `http://127.0.0.1:${relay.port}/none`, options);
    const query = `subscription { chatSessionChanged(institutionId: "${institutionId}") { kind chatSession { title } } }`;
    await page.evaluate(`
      const events = [];
      const source = new EventSource('/graphql?query=' + ${JSON.stringify(encodeURIComponent(query))});
      source.addEventListener('next', ({ data }) => events.push(JSON.parse(data).data.chatSessionChanged));
      window.titles = () => events.filter(({ kind }) => kind === 'CREATED').map(({ chatSession }) => chatSession.title);
      window.openings = () => events.filter(({ kind }) => kind === 'CAUGHT_UP').length;
    `);
    const reaches = (expression: string, count: number) =>
      expect.poll(() => page.evaluate(expression), { timeout: reconnectedWithinMs }).toBe(count);
    const titles: string[] = [];
    for (const openings of [1, 2, 3]) {
      await reaches('openings()', openings);
      expect(await page.evaluate('titles()')).toEqual(titles);
      for (const moment of ['connected', 'lost', 'lost as well']) {
        if (moment === 'lost') {
          await reaches('titles().length', titles.length);
          relay.cut();
        }
        titles.push(`${moment} ${openings}`);
        await newSession(program, institutionId, titles.at(-1) ?? '');
      }
    }
    await reaches('openings()', 4);
    expect(await page.evaluate('titles()')).toEqual(titles);
  });
});
