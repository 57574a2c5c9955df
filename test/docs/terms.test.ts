import { afterAll, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { makeDeal } from '../support/deal.ts';
import { codeBlocks, sectionOf } from '../support/documents.ts';
import { serve, type TestServer } from '../support/server.ts';
import { type Result, sent } from '../terms/terms.ts';

const DOCUMENT = 'docs/terms.md';
const EXAMPLE = 'Worked example';
const ACCOUNTS = ['PAYER', 'ESCROW', 'RETAINAGE', 'PAYEE', 'FEE'] as const;
const AMOUNTS = ['available', 'retained', 'released', 'fees'] as const;
type Account = (typeof ACCOUNTS)[number];

/** One row of the example: the request as the document names it, its postings, and the amounts after it. */
interface Row {
  readonly request: string;
  readonly postings: ReadonlyMap<Account, bigint>;
  readonly amounts: readonly string[];
}

const section = sectionOf(DOCUMENT, EXAMPLE);
const table = section.split('\n').filter((line) => line.startsWith('|'));
const cellsOf = (line: string): readonly string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
/** The requests of the table, without the heading, the line below it and the sums. */
const requests = table.slice(2, -1).map((line) => cellsOf(line)[1] ?? '');

const cents = (amount: string): bigint => BigInt(amount.replace('.', ''));
function text(amount: bigint): string {
  const digits = `${amount < 0n ? -amount : amount}`.padStart(3, '0');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Sends a request that the document names, such as `releasePosition` 100.00 of Deck. */
async function sendRow(server: TestServer, request: string, position: Result['position']): Promise<Result> {
  const [, mutation = '', argument = '', title] = /^`(\w+)` ?([\w.-]*)(?: of (\w+))?$/.exec(request) ?? [];
  const milestone = position.terms?.milestones.nodes.find((each) => each.title === title);
  if (title !== undefined && !milestone) throw new Error(`The example has no milestone ${title}.`);
  const input =
    mutation === 'agreeToPosition'
      ? { partyReference: argument, termsVersion: 1 }
      : {
          ...(argument === 'all' ? { all: true } : argument !== '' && { amount: argument }),
          ...(milestone && { milestoneId: milestone.id }),
        };
  return sent(server, mutation, { positionId: position.id, ...input });
}

const rowOf = (request: string, { event, position }: Result): Row => ({
  request,
  postings: new Map(
    (event?.ledgerEvent.postings ?? []).map(({ accountKind, amount }) => [
      accountKind as Account,
      cents(amount.amount),
    ]),
  ),
  amounts: AMOUNTS.map((name) => position[name].amount),
});

async function runExample(): Promise<readonly Row[]> {
  const server = serve(createMemoryStore());
  const { assetId } = await makeDeal(server);
  const [terms = ''] = codeBlocks(section, 'json');
  const [creation = '', ...others] = requests;
  let result = await sent(server, 'createPosition', {
    assetId,
    holderReference: 'bridge',
    amount: { amount: '1000.00', currencyCode: 'USD' },
    terms: JSON.parse(terms),
  });
  const rows = [rowOf(creation, result)];
  for (const request of others) {
    result = await sendRow(server, request, result.position);
    rows.push(rowOf(request, result));
  }
  expect(result.position.state).toBe('RELEASED');
  return rows;
}

const sumOf = (rows: readonly Row[], account: Account): bigint =>
  rows.reduce((sum, { postings }) => sum + (postings.get(account) ?? 0n), 0n);

/** Returns the table of the document: numbers to the right, columns as wide as their widest cell. */
function tableOf(rows: readonly Row[]): readonly string[] {
  const cells = [
    ['', 'request', ...ACCOUNTS, ...AMOUNTS],
    ...rows.map(({ request, postings, amounts }, index) => [
      `${index + 1}`,
      request,
      ...ACCOUNTS.map((account) => (postings.has(account) ? text(postings.get(account) ?? 0n) : '')),
      ...amounts,
    ]),
    ['', 'sum', ...ACCOUNTS.map((account) => text(sumOf(rows, account))), ...AMOUNTS.map(() => '')],
  ];
  const widths = (cells[0] ?? []).map((_cell, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const isText = (column: number): boolean => column === 1;
  const lines = cells.map((row) =>
    row.map((cell, column) => (isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))),
  );
  const rule = widths.map((width, column) => (isText(column) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [lines[0] ?? [], rule, ...lines.slice(1)].map((row) => `| ${row.join(' | ')} |`);
}

/** Returns the picture of the document: the sums of what went from one account to another. */
function pictureOf(rows: readonly Row[]): string {
  const flows = new Map<string, bigint>();
  const add = (from: Account, to: Account, amount: bigint): void => {
    if (amount > 0n) flows.set(`${from} ${to}`, (flows.get(`${from} ${to}`) ?? 0n) + amount);
  };
  for (const { postings } of rows) {
    const of = (account: Account): bigint => postings.get(account) ?? 0n;
    const isFunding = of('PAYER') < 0n;
    const fromRetainage = of('RETAINAGE') < 0n ? -of('RETAINAGE') : 0n;
    add('PAYER', 'ESCROW', of('ESCROW'));
    add(isFunding ? 'PAYER' : 'ESCROW', 'FEE', of('FEE'));
    add('ESCROW', 'RETAINAGE', of('RETAINAGE'));
    add('ESCROW', 'PAYEE', of('PAYEE') - fromRetainage);
    add('RETAINAGE', 'PAYEE', fromRetainage);
    add('ESCROW', 'PAYER', of('PAYER'));
  }
  const lines = [...flows].map(([way, amount]) => `  ${way.replace(' ', ` -- "${text(amount)}" --> `)}`);
  return ['flowchart LR', ...lines, ''].join('\n');
}

const rows = await runExample();
afterAll(() => void process.stdout.write(`The worked example of ${DOCUMENT}:\n${tableOf(rows).join('\n')}\n`));

it('the server answers the requests of the worked example with the amounts of its table', () => {
  expect(rows.length).toBe(9);
  expect(table).toEqual(tableOf(rows));
});

it('the postings of each row add up to zero, and those of all rows to the balances', () => {
  for (const { postings } of rows) expect([...postings.values()].reduce((sum, amount) => sum + amount, 0n)).toBe(0n);
  expect(ACCOUNTS.map((account) => text(sumOf(rows, account)))).toEqual(['-962.00', '0.00', '0.00', '945.25', '16.75']);
});

it('the picture of the worked example has the sums of its postings', () => {
  expect(codeBlocks(section, 'mermaid')).toEqual([pictureOf(rows)]);
});
