import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { buildProgram, startProgram } from '../support/program.ts';
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
