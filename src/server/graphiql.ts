import type { IncomingMessage } from 'node:http';
import { fixedText, type Page } from './fixedText.ts';
import { barOf, jsonForScript, type PageKey } from './graphiqlBar.ts';

/** A tab that GraphiQL opens with, named after its operation. */
export interface Tab {
  readonly query: string;
  readonly variables?: object;
}

export interface GraphiqlOptions {
  readonly tabs: readonly Tab[];
  /** The API keys that users can select, the first one at first. They can always enter another one. */
  readonly keys: readonly PageKey[];
}

/** Whether the request is a browser's request for a page rather than a client's for data. */
export const isPageRequest = (request: IncomingMessage): boolean =>
  isGetOrHead(request) && (request.headers.accept?.includes('text/html') ?? false);

/** Whether the request has a method by which browsers and monitors read pages. */
export const isGetOrHead = ({ method }: IncomingMessage): boolean => method === 'GET' || method === 'HEAD';

/** The page contains everything that it needs and sends requests only to this server. */
const POLICY = [
  "default-src 'none'",
  "script-src 'unsafe-inline' 'unsafe-eval' blob:",
  "style-src 'unsafe-inline'",
  'worker-src blob: data:',
  'font-src data:',
  'img-src data: blob:',
  "connect-src 'self' data: blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Returns GraphiQL from its package: one page without requests to other hosts, compressed once. */
export const graphiqlPage = (options: GraphiqlOptions): Page =>
  fixedText(async () => ({
    text: await render(options),
    contentType: 'text/html; charset=utf-8',
    headers: { 'content-security-policy': POLICY, vary: 'accept, accept-encoding' },
  }));

async function render({ tabs, keys }: GraphiqlOptions): Promise<string> {
  // The package has 9 MB of code in one text, which would double the time to start: most servers never send the page.
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const texts = tabs.map(({ query, variables }) => ({ query, variables: jsonOf(variables) }));
  const rendered = renderGraphiQL({
    title: 'EscrowGrid',
    // An empty list breaks the page.
    ...(texts.length > 0 && { defaultTabs: texts }),
    schemaDescription: true,
  });
  const above = `<script>${editorScript(texts[0] ?? {})}</script>${barOf(keys, tabs.length > 0)}`;
  return rendered.replace('<div id="root">', (root) => above + root);
}

const jsonOf = (variables: object | undefined): string | null =>
  variables === undefined ? null : JSON.stringify(variables, null, 2);

/**
 * GraphiQL fills its editors from their last content, opens another tab if no tab has the same content, and forgets the
 * variables of the first tab. So the editors start with the content of the open tab, unless the URL has a query. If the
 * user has asked for the examples, the tabs are those again.
 */
const editorScript = (first: object): string => `
  try {
    if (sessionStorage.getItem('escrowgrid:restore')) {
      sessionStorage.removeItem('escrowgrid:restore');
      localStorage.removeItem('graphiql:tabState');
    }
    const { tabs, activeTabIndex } = JSON.parse(localStorage.getItem('graphiql:tabState')) ?? {};
    const open = tabs ? tabs[activeTabIndex] : ${jsonForScript(first)};
    const query = new URL(location.href).searchParams.get('query') ?? open.query;
    for (const part of query === open.query ? ['query', 'variables', 'headers'] : []) {
      localStorage.setItem('graphiql:' + part, open[part] ?? '');
    }
  } catch {}
`;
