import { describe, expect, it } from 'vitest';
import { run } from './run.ts';

const COMMANDS = [
  'serve',
  'migrate',
  'migrate up',
  'migrate status',
  'verify',
  'cleanup',
  'create-key',
  'seed',
  'export',
  'import',
];
const SEE_HELP = 'Run `escrowgrid --help` for the commands and their options.\n';

describe('the command line', () => {
  it.each([[[]], [['serve']]])('serves with the arguments %j', async (args) => {
    expect(await run(args)).toEqual({ code: 0, stdout: 'served\n', stderr: '' });
  });

  it('lists every command with --help', async () => {
    const { code, stdout, stderr } = await run(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name.split(' ')[0]} .*\\S`, 'm'));
  });

  it.each(COMMANDS)('describes %s with --help', async (name) => {
    const { code, stdout, stderr } = await run([...name.split(' '), '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^Usage: escrowgrid .+\n\n[A-Z](.+\n)+\nOptions:\n|^Usage: escrowgrid .+\n\n[A-Z](.+\n)+\nArguments:\n/,
    );
  });

  it.each([
    [['serv'], "Unknown command 'serv'. Did you mean serve?"],
    [['--colour'], "Unknown option '--colour'."],
    [['verify', '--fast'], "Unknown option '--fast'."],
    [['migrate', 'down'], "Unknown command 'down'."],
    [['verify', 'everything'], "Too many arguments for 'verify'. Expected 0 arguments but got 1."],
    [
      ['serve', '--store', 'sqlite'],
      "Option '--store <backend>' argument 'sqlite' is invalid. Allowed choices are memory, postgres, embedded.",
    ],
    [
      ['serve', '--port', '65536'],
      "Option '--port <number>' argument '65536' is invalid. It must be a whole number from 0 to 65535.",
    ],
    [['serve', '--demo', '--import', 'x'], "Option '--demo' cannot be used with option '--import <file>'."],
    [['--json', '--colour'], "Unknown option '--colour'."],
    [['create-key', '--label', 'x', '--role', 'ADMIN'], "Required option '--institution <id>' not specified."],
    [
      ['create-key', '--institution', 'x', '--label', 'x', '--role', 'OWNER'],
      "Option '--role <role>' argument 'OWNER' is invalid. Allowed choices are ADMIN, READ_ONLY.",
    ],
    [
      ['seed', '--positions', '-1'],
      "Option '--positions <number>' argument '-1' is invalid. It must be a whole number from 0 to 10000000.",
    ],
  ])('rejects %j with exit code 2 and a sentence on stderr', async (args, sentence) => {
    expect(await run(args)).toEqual({ code: 2, stdout: '', stderr: `${sentence} ${SEE_HELP}` });
  });

  it('shows the help of migrate on stderr, with exit code 2, if its command is missing', async () => {
    const { code, stdout, stderr } = await run(['migrate']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^Usage: escrowgrid migrate /);
  });

  it.each([
    'migrate up',
    'migrate status',
    'cleanup',
    'seed',
    'create-key --institution x --label x --role ADMIN',
    'export x',
    'import x',
  ])(
    '%s refuses a memory store with exit code 1, because the data of one exists only in its server',
    async (command) => {
      const { code, stdout, stderr } = await run(command.split(' '), { STORE_BACKEND: 'memory' });
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^This command needs a database: .*\.\n$/);
    },
  );
});
