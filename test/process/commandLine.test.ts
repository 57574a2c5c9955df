import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEVELOPMENT_KEY } from '../../src/config.ts';
import { buildProgram, type Environment, startProgram } from '../support/program.ts';
import { temporaryFolder } from '../transfer/folder.ts';

let main: string;
beforeAll(async () => {
  main = await buildProgram();
});

async function endOf(args: readonly string[]) {
  const program = startProgram(main, {}, undefined, { args });
  const { code } = await program.ended;
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}

it('the program exits with 0 after --help, 2 after a wrong command line and 1 after a failed command', async () => {
  const [help, usage, failed] = await Promise.all([endOf(['--help']), endOf(['serv']), endOf(['cleanup'])]);
  expect(help).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Usage: escrowgrid /), stderr: '' });
  expect(usage).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^Unknown command 'serv'\. /) });
  expect(failed).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^This command needs a database/),
  });
});

it('the program serves without a command and with the command serve', async () => {
  const program = startProgram(main, {}, undefined, { args: ['serve'] });
  expect(await program.ask('{ institutions { totalCount } }')).toEqual({ data: { institutions: { totalCount: 2 } } });
  expect(await program.stop()).toEqual({ code: 0, signal: null });
});

describe('serve --json', () => {
  const NO_KEYS = { root: null, admin: null, readOnly: null };
  const serveJson = (args: readonly string[], env: Environment = {}) =>
    startProgram(main, env, undefined, { args: ['serve', ...args, '--json'] });

  it('prints one line of JSON on stdout and the log on stderr, and its options take precedence over the environment', async () => {
    const unused = { STORE_BACKEND: 'postgres', DEMO_DATA: 'false', PORT: '1' };
    const program = serveJson(['--store', 'memory', '--demo', '--port', '0'], unused);
    const counts = await program.ask('{ institutions { totalCount } }');
    expect(counts).toEqual({ data: { institutions: { totalCount: 2 } } });
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    expect(program.stdout()).toMatch(/^[^\n]+\n$/);
    expect(JSON.parse(program.stdout())).toEqual({
      url: await program.address,
      keys: { root: DEVELOPMENT_KEY, admin: expect.any(String), readOnly: expect.any(String) },
    });
    const logged = program.stderr().trimEnd().split('\n');
    const messages = logged.map((line) => (JSON.parse(line) as { readonly msg: string }).msg);
    expect(messages).toEqual(expect.arrayContaining(['ready', 'stopping']));
  });

  it('prints no secret key, and --no-demo leaves the store empty', async () => {
    const [dev, production] = ['root-of-the-tests-0123456789', 'root-Hb6TqXw3RnKz8PvMd2JyFc9LsGu5Ve7W'];
    const programs = [
      { key: dev, program: serveJson(['--no-demo'], { DEMO_DATA: 'true', ROOT_API_KEY: dev }) },
      { key: production, program: serveJson([], { NODE_ENV: 'production', ROOT_API_KEY: production }) },
    ];
    for (const { key, program } of programs) {
      const counts = await program.ask('{ institutions { totalCount } }', {}, key);
      expect(counts).toEqual({ data: { institutions: { totalCount: 0 } } });
      await program.stop();
      expect(JSON.parse(program.stdout())).toEqual({ url: await program.address, keys: NO_KEYS });
      expect(program.stdout() + program.stderr()).not.toContain(key);
    }
  });

  it('reports a wrong configuration on stderr only, with exit code 1', async () => {
    const program = serveJson(['--store', 'postgres']);
    expect(await program.ended).toEqual({ code: 1, signal: null });
    expect(program.stdout()).toBe('');
    expect(program.stderr()).toMatch(/^The configuration is wrong:\n- DATABASE_URL must be set /);
  });
});

it('a memory store continues after a restart with the export of its stop', async () => {
  const folder = temporaryFolder();
  const first = startProgram(main, { EXPORT_DIR: folder, EXPORT_KEEP: '1' });
  const { data } = await first.ask('{ positions { totalCount nodes { id state version } } }');
  expect(await first.stop()).toEqual({ code: 0, signal: null });
  const names = readdirSync(folder);
  expect(names).toEqual([expect.stringMatching(/^escrowgrid-.+Z\.ndjson$/)]);
  const [name = ''] = names;
  const second = startProgram(main, { DEMO_DATA: 'false' }, undefined, {
    args: ['serve', '--import', join(folder, name)],
  });
  expect((await second.ask('{ positions { totalCount nodes { id state version } } }')).data).toEqual(data);
  await second.stop();
});

it('a failing export is logged and does not end the server', async () => {
  const program = startProgram(main, { EXPORT_DIR: '/dev/null/exports', EXPORT_INTERVAL_MS: '1000' });
  await program.address;
  await expect.poll(program.stdout, { timeout: 20_000 }).toMatch(/"level":50,.*"msg":"export failed"/);
  expect(await program.ask('{ institutions { totalCount } }')).toMatchObject({ data: {} });
  expect(await program.stop()).toEqual({ code: 0, signal: null });
});
