import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type FixedText, fixedText, type Page } from './fixedText.ts';
import { escaped } from './html.ts';
import { HEALTH_PATH, READY_PATH } from './readiness.ts';
import { SCHEMA_PATH } from './schemaAnswer.ts';

export interface HomeOptions {
  /** The API key that the page uses, or null if users enter their own. */
  readonly token: string | null;
}

/** The paths of what the page links to; null for what the server does not have. */
export interface HomeLinks {
  readonly graphql: string;
  readonly graphiql: string | null;
  readonly metrics: string | null;
}

const folder = new URL('home/', import.meta.url);
/** The documents of the project, which lie next to the folder of the sources or of the build. */
const documents = new URL('../../docs/', import.meta.url);

/** The page loads only its own files and sends requests only to this server. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Returns the page for developers, its files and the documents that it links to, by their paths. */
export function homePages(
  { token }: HomeOptions,
  { graphql, graphiql, metrics }: HomeLinks,
): ReadonlyMap<string, Page> {
  const found = documentsIn(documents);
  const links = [
    graphiql === null ? '' : linkTo(graphiql, 'GraphiQL'),
    keyedLinkTo(SCHEMA_PATH, 'Schema'),
    ...found.map(({ path, title }) => linkTo(path, title)),
    linkTo(HEALTH_PATH, 'Health'),
    linkTo(READY_PATH, 'Readiness'),
    metrics === null ? '' : keyedLinkTo(metrics, 'Metrics'),
  ];
  const values = { graphql, token: escaped(token ?? ''), links: links.join('') };
  return new Map([
    ['/', fixedText(() => fileOf('index.html', 'text/html', values))],
    ['/home/style.css', fixedText(() => fileOf('style.css', 'text/css'))],
    ['/home/script.js', fixedText(() => fileOf('script.js', 'text/javascript'))],
    ['/home/drawing.js', fixedText(() => fileOf('drawing.js', 'text/javascript'))],
    ...found.map(({ path, text }) => [path, fixedText(async () => textOf(text, 'text/plain'))] as const),
  ]);
}

/** Returns a file of the page, with values in the place of their names in braces. */
async function fileOf(name: string, type: string, values: Readonly<Record<string, string>> = {}): Promise<FixedText> {
  const text = await readFile(new URL(name, folder), 'utf8');
  return textOf(
    text.replaceAll(/\{\{(\w+)\}\}/g, (_all, key: string) => values[key] ?? ''),
    type,
  );
}

const textOf = (text: string, type: string): FixedText => ({
  text,
  contentType: `${type}; charset=utf-8`,
  headers: { 'content-security-policy': POLICY },
});

const linkTo = (path: string, title: string): string => `<li><a href="${path}">${escaped(title)}</a></li>`;
/** A link to what requires an API key: the script of the page sends it. */
const keyedLinkTo = (path: string, title: string): string => linkTo(path, title).replace('<a ', '<a data-keyed ');

interface Document {
  readonly path: string;
  /** The first heading. */
  readonly title: string;
  readonly text: string;
}

/** Returns the documents in a folder; none if it does not exist. */
function documentsIn(directory: URL): readonly Document[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.md'))
      .toSorted()
      .map((name) => {
        const text = readFileSync(new URL(name, directory), 'utf8');
        return { path: `/docs/${name}`, title: /^# (.+)$/m.exec(text)?.[1] ?? name, text };
      });
  } catch {
    return [];
  }
}
