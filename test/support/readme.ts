import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';

const ADDRESS = 'http://127.0.0.1:4000/graphql';
const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** Replaces curl if it is not installed: posts its input, or the text after -d, to the address. */
const STAND_IN = `
  const [address, ...rest] = process.argv.slice(1).filter((each) => each !== '-s');
  const headers = {};
  rest.forEach((each, at) => { if (each === '-H') headers[rest[at + 1].split(': ')[0]] = rest[at + 1].split(': ')[1]; });
  const given = rest[rest.indexOf('-d') + 1];
  const body = given === '@-' ? require('node:fs').readFileSync(0, 'utf8') : given;
  fetch(address, { method: 'POST', headers, body })
    .then((response) => response.text()).then((text) => process.stdout.write(text));
`;
const WITHOUT_CURL = `curl() { '${process.execPath}' -e '${STAND_IN.replaceAll("'", `'\\''`)}' -- "$@"; }\n`;
const hasCurl = spawnSync('curl', ['--version']).status === 0;

/**
 * Runs the shell commands below a heading of the README against the server at the address, and returns the printed
 * lines.
 */
export async function runReadme(heading: string, address: string): Promise<readonly string[]> {
  const [, section] = README.split(new RegExp(`^## ${heading}$`, 'm'));
  const [below = ''] = section?.split(/^## /m) ?? [];
  const commands = [...below.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block).join('\n');
  const script = `set -eu\n${hasCurl ? '' : WITHOUT_CURL}${commands.replaceAll(ADDRESS, address)}`;
  const shell = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [printed, [code]] = await Promise.all([text(shell.stdout), once(shell, 'close')]);
  if (code !== 0) throw new Error(`The README's commands ended with ${code}: ${printed}`);
  return printed.trimEnd().split('\n');
}
