import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DOCUMENTS, ROOT_FOLDER } from '../support/documents.ts';
import { atFileEnd } from '../support/fileEnd.ts';
import { installOnce } from '../support/npm.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const PACKAGES = join(FOLDER, 'node_modules');
const GUIDE = DOCUMENTS.get('docs/clients.md') ?? '';
const run = promisify(execFile);

/** A code block of the guide. */
interface Block {
  readonly language: string;
  readonly code: string;
  /** The name of its file: that of the comment in its first line or, for JSON, that above the block. */
  readonly file: string | undefined;
}

export const BLOCKS: readonly Block[] = [
  ...GUIDE.matchAll(/(?:`([\w.]+)`:\n\n)?^```(\w+)\n((?:(?:\/\/|#) ([\w./]+\.\w+)\n)?.*?)^```/gms),
].map(([, above, language = '', code = '', named]) => ({ language, code, file: named ?? above }));

/** Returns the arguments of all commands of the guide that start with these words, one list per command. */
export const commandsOf = (words: string): readonly string[] =>
  BLOCKS.flatMap(({ code }) => code.split('\n'))
    .filter((line) => line.startsWith(`${words} `))
    .map((line) => line.slice(words.length + 1));

/** Installs the libraries if that has not been done. Returns whether they are installed. */
export const installLibraries = (): Promise<boolean> => installOnce(FOLDER, 'the client libraries');

/** Writes the blocks of the guide as files of a new folder, runs its generators there, and returns the folder. */
export async function createWorkspace(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-clients-'));
  atFileEnd(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(PACKAGES, join(folder, 'node_modules'), 'junction');
  cpSync(join(FOLDER, 'programs'), join(folder, 'programs'), { recursive: true });
  cpSync(join(ROOT_FOLDER, 'schema.graphql'), join(folder, 'schema.graphql'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeBlocks(folder, (code) => code);
  const env = { ...process.env, PATH: `${join(PACKAGES, '.bin')}${delimiter}${process.env['PATH']}` };
  await Promise.all(commandsOf('npx').map((command) => run('sh', ['-c', command], { cwd: folder, env })));
  return folder;
}

function writeBlocks(folder: string, change: (code: string) => string): void {
  for (const { file, code } of BLOCKS) {
    if (file === undefined) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), change(code));
  }
}

/** Checks the types of all files. Returns the errors. */
export async function typeErrors(folder: string): Promise<string> {
  const compiler = join(ROOT_FOLDER, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [compiler, '-p', folder], { cwd: folder }).catch(
    (error: Error & { readonly stdout?: string }) => ({ stdout: error.stdout || error.message }),
  );
  return stdout;
}

/** Replaces the address and the API key of the guide, and compiles the tags of Relay as a bundler does. */
export function connectTo(folder: string, url: string, key: string): void {
  const { transformSync } = createRequire(join(FOLDER, 'package.json'))('@babel/core') as {
    readonly transformSync: (code: string, options: object) => { readonly code: string };
  };
  const options = { plugins: ['babel-plugin-relay'], parserOpts: { plugins: ['typescript'] }, configFile: false };
  writeBlocks(folder, (code) => {
    const connected = code.replaceAll('http://127.0.0.1:4000/graphql', url).replaceAll('eg_your_api_key', key);
    return connected.includes('graphql`') ? transformSync(connected, { ...options, cwd: FOLDER }).code : connected;
  });
}
