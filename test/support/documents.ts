import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const ROOT_FOLDER = fileURLToPath(new URL('../../', import.meta.url));

/** The documents of the project by their path: those in the root folder and in docs. */
export const DOCUMENTS: ReadonlyMap<string, string> = new Map(
  [
    ...readdirSync(ROOT_FOLDER),
    ...readdirSync(join(ROOT_FOLDER, 'docs'), { recursive: true, encoding: 'utf8' }).map((path) => `docs/${path}`),
  ]
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.md'))
    .map((path) => [path, readFileSync(join(ROOT_FOLDER, path), 'utf8')]),
);

/** Returns the code blocks of a text in one language. */
export const codeBlocks = (markdown: string, language: string): readonly string[] =>
  [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, code]) => code ?? '');

/** Returns the text below a heading of a document, up to the next heading of the same level. */
export function sectionOf(path: string, heading: string): string {
  const [, section] = (DOCUMENTS.get(path) ?? '').split(new RegExp(`^## ${heading}$`, 'm'));
  if (section === undefined) throw new Error(`${path} has no heading "${heading}".`);
  return section.split(/^## /m)[0] ?? '';
}

const ADDRESS = 'http://127.0.0.1:4000/graphql';

/** Replaces curl where it is not installed: posts its input, or the value of -d, and prints the response. */
const STAND_IN = `
  const [address, ...rest] = process.argv.slice(1).filter((each) => !/^-s/.test(each));
  const headers = {};
  rest.forEach((each, index) => {
    if (each === '-H') headers[rest[index + 1].split(': ')[0]] = rest[index + 1].split(': ')[1];
  });
  const data = rest[rest.indexOf('-d') + 1];
  const body = data === '@-' ? require('node:fs').readFileSync(0, 'utf8') : data;
  fetch(address, { method: 'POST', headers, body })
    .then((response) => require('node:stream').Readable.fromWeb(response.body).pipe(process.stdout));
`;
const WITHOUT_CURL = `curl() { '${process.execPath}' -e '${STAND_IN.replaceAll("'", `'\\''`)}' -- "$@"; }\n`;
const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** Returns the shell commands below a heading of a document as one script, for the server at the address. */
export function scriptOf(path: string, heading: string, address: string): string {
  const commands = codeBlocks(sectionOf(path, heading), 'sh').join('\n');
  return `set -eu\n${hasCurl ? '' : WITHOUT_CURL}${commands.replaceAll(ADDRESS, address)}`;
}

/** Runs the shell commands below a heading of a document against the server. Returns the lines they print. */
export async function runCommands(path: string, heading: string, address: string): Promise<readonly string[]> {
  const shell = spawn('sh', ['-c', scriptOf(path, heading, address)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [printed, [code]] = await Promise.all([text(shell.stdout), once(shell, 'close')]);
  if (code !== 0) throw new Error(`The commands of ${path} exited with ${code}: ${printed}`);
  return printed.trimEnd().split('\n');
}
