import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigurationError, environment, variableNames } from '../src/config.ts';
import { parseEnvFile } from '../src/envFile.ts';

const NAMES = variableNames();
const parse = (text: string) => parseEnvFile(text, NAMES);
const variablesOf = (text: string) => {
  const { variables, problems } = parse(text);
  expect(problems).toEqual([]);
  return variables;
};
const problemsOf = (text: string) => parse(text).problems;
const MALFORMED = 'is neither blank, a comment, nor NAME=value; close its quotes if it has any.';
const NOT_TEXT = 'contains a character that is not UTF-8 text; save the file as UTF-8.';

describe('a .env file', () => {
  const good: readonly (readonly [text: string, variables: Readonly<Record<string, string>>])[] = [
    ['', {}],
    ['\n\n', {}],
    ['# a comment\n  # another\n', {}],
    ['PORT=5001', { PORT: '5001' }],
    ['PORT=5001\r\nHOST=::1\r\n', { PORT: '5001', HOST: '::1' }],
    ['PORT = 5001 \n', { PORT: '5001' }],
    ['\tPORT=5001\n  HOST=::1', { PORT: '5001', HOST: '::1' }],
    ['export PORT=5001', { PORT: '5001' }],
    [
      'export\tPORT=5001\nexport  HOST=::1\n\texport \t NODE_ENV = test',
      { PORT: '5001', HOST: '::1', NODE_ENV: 'test' },
    ],
    ['# old Mac\rPORT=5001 # c\rHOST=::1\r', { PORT: '5001', HOST: '::1' }],
    ['PORT=', { PORT: '' }],
    ['PORT=5001 # the port', { PORT: '5001' }],
    [`A='one # two' # three\nB="x=y"\nC=\`it's\``, { A: 'one # two', B: 'x=y', C: "it's" }],
    ['A="first\nsecond\n\nfourth"\nPORT=5001', { A: 'first\nsecond\n\nfourth', PORT: '5001' }],
    [String.raw`A="first\nsecond"`, { A: 'first\nsecond' }],
    ['URL=postgres://a:b%40c@db/x?sslmode=require', { URL: 'postgres://a:b%40c@db/x?sslmode=require' }],
    ['KEY=abc"def\'ghi', { KEY: `abc"def'ghi` }],
    ['NAME=Zürich 東京', { NAME: 'Zürich 東京' }],
    ['PORT=1\nPORT=2', { PORT: '2' }],
  ];
  it.each(good)('the .env file %j is parsed', (text, variables) => {
    expect(variablesOf(text)).toEqual(variables);
  });

  it('the first variable is read if the file begins with a byte order mark', () => {
    const text = '\uFEFFNODE_ENV=production\nPORT=5001\n';
    expect(variablesOf(text)).toEqual({ NODE_ENV: 'production', PORT: '5001' });
  });

  const bad: readonly (readonly [text: string, problems: readonly string[]])[] = [
    ['NODE_ENV production', [`Line 1 ${MALFORMED}`]],
    ...['\v', '\f', '\u0085', '\u2028', '\u2029', '\u001b'].map(
      (end) =>
        [
          `PORT=1\n# production${end}NODE_ENV=production`,
          ['Line 2 contains a control character or another line separator than a line feed.'],
        ] as const,
    ),
    ['# fine\nNODE_ENV: production\nPORT=1\nnonsense', [`Line 2 ${MALFORMED}`, `Line 4 ${MALFORMED}`]],
    ['=x', [`Line 1 ${MALFORMED}`]],
    ['1PORT=x', [`Line 1 ${MALFORMED}`]],
    ['ROOT-API-KEY=x', [`Line 1 ${MALFORMED}`]],
    ['A="never closed\nPORT=1', [`Line 1 ${MALFORMED}`]],
    [`A='x' y`, [`Line 1 ${MALFORMED}`]],
    ['A="a\nb\nc"\nbroken', [`Line 4 ${MALFORMED}`]],
    ['port=1', ['Line 1 must spell the variable exactly as PORT.']],
    ['Root_Api_Key=x', ['Line 1 must spell the variable exactly as ROOT_API_KEY.']],
    ['PORT=1\n\u200bROOT_API_KEY=x', ['Line 2 must spell the variable exactly as ROOT_API_KEY.']],
    ['ROOT_\u00adAPI_KEY=x', ['Line 1 must spell the variable exactly as ROOT_API_KEY.']],
    ['export \u00a0NODE_ENV=x', ['Line 1 must spell the variable exactly as NODE_ENV.']],
    ['ＰＯＲＴ=1', ['Line 1 must spell the variable exactly as PORT.']],
    ['PORT=1\n\uFEFFNODE_ENV=production', ['Line 2 must spell the variable exactly as NODE_ENV.']],
    ['PORT=1\nA=x\0y', [`Line 2 ${NOT_TEXT}`]],
    ['A=caf\uFFFD', [`Line 1 ${NOT_TEXT}`]],
    ['# caf\uFFFD', [`Line 1 ${NOT_TEXT}`]],
  ];
  it.each(bad)('the .env file %j is rejected with the number of the line', (text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  it('messages about a .env file never repeat a value', () => {
    expect(problemsOf('ROOT_API_KEY: s3cret\nroot_api_key=s3cret\nA="s3cret').join()).not.toContain('s3cret');
  });

  it('a .env file may set variables that EscrowGrid does not use, in any case', () => {
    expect(variablesOf('path=x\nCOMPOSE_PROJECT_NAME=y')).toEqual({ path: 'x', COMPOSE_PROJECT_NAME: 'y' });
  });
});

describe('the .env file at startup', () => {
  it('startup fails if lines of the .env file are malformed, and names every such line', () => {
    const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, '.env');
    writeFileSync(file, '\uFEFFNODE_ENV=production\nROOT_API_KEY secret\nport=1\n');
    expect(() => environment(file)).toThrow(ConfigurationError);
    expect(() => environment(file)).toThrow(
      `${file}: Line 2 is neither blank, a comment, nor NAME=value; close its quotes if it has any.\n` +
        `- ${file}: Line 3 must spell the variable exactly as PORT.`,
    );
    writeFileSync(file, Buffer.from('NODE_ENV=production\n', 'utf16le'));
    expect(() => environment(file)).toThrow('save the file as UTF-8');
  });

  it('the .env file is read if it exists, and the environment takes precedence', () => {
    const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-'));
    const before = { ...process.env };
    onTestFinished(() => {
      process.env = before;
      rmSync(folder, { recursive: true });
    });
    const file = join(folder, '.env');
    expect(environment(file)).toEqual(before);
    writeFileSync(file, '# ports\nPORT=5001\nHOST="::1"\nLOG_LEVEL=warn\n');
    process.env = { PORT: '5002' };
    expect(environment(file)).toEqual({ PORT: '5002', HOST: '::1', LOG_LEVEL: 'warn' });
  });
});
