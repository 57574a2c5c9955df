// The table of a run, and its file.
import { writeFileSync } from 'node:fs';
import { RESULTS } from './folders.ts';

/** The figures of one operation in one server. */
export interface Figures {
  /** The CPU time of the server process per request, in us. */
  readonly cpuUs?: number;
  readonly perSecond?: number;
  /** The statements that PostgreSQL received per request, those of the change feed included. */
  readonly statements?: number;
  readonly transactions?: number;
}

export interface Row extends Figures {
  readonly store: 'memory' | 'postgres';
  readonly operation: string;
  readonly server: string;
}

/** A single figure, such as the memory of a server. */
export interface Fact {
  readonly store: 'memory' | 'postgres';
  readonly what: string;
  readonly value: number;
  readonly unit: string;
}

/** A quotient of two figures of one run, and the value that it must reach. */
export interface Ratio {
  readonly ratio: string;
  readonly reached: number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** What a part of the benchmark has measured. */
export interface Results {
  readonly rows: readonly Row[];
  readonly facts: readonly Fact[];
  readonly ratios: readonly Ratio[];
  readonly versions: Readonly<Record<string, string>>;
  /** Lines about what was skipped, and why. */
  readonly skipped: readonly string[];
}

export const NO_RESULTS: Results = { rows: [], facts: [], ratios: [], versions: {}, skipped: [] };

/** Joins the results of several parts. */
export const joinResults = (parts: readonly Results[]): Results => ({
  rows: parts.flatMap(({ rows }) => rows),
  facts: parts.flatMap(({ facts }) => facts),
  ratios: parts.flatMap(({ ratios }) => ratios),
  versions: Object.assign({}, ...parts.map(({ versions }) => versions)) as Record<string, string>,
  skipped: parts.flatMap(({ skipped }) => skipped),
});

/** Returns the quotient of one figure of two rows, or nothing if a row is missing. */
export function ratioOf(
  rows: readonly Row[],
  [numerator, denominator]: readonly [Partial<Row>, Partial<Row>],
  figure: 'cpuUs' | 'perSecond',
  { ratio, ...limit }: Omit<Ratio, 'reached'>,
): readonly Ratio[] {
  const valueOf = (wanted: Partial<Row>): number | undefined =>
    rows.find((row) => Object.entries(wanted).every(([field, value]) => row[field as keyof Row] === value))?.[figure];
  const [upper, lower] = [valueOf(numerator), valueOf(denominator)];
  return upper === undefined || lower === undefined ? [] : [{ ratio, reached: upper / lower, ...limit }];
}

/** Prints the tables and writes the file. */
export function report(settings: Readonly<Record<string, unknown>>, results: Results): void {
  const { rows, facts, ratios, versions, skipped } = results;
  const print = (title: string, header: readonly string[], lines: readonly (readonly string[])[]): void => {
    if (lines.length > 0) process.stdout.write(`\n${title}\n${tableOf(header, lines)}\n`);
  };
  process.stdout.write(`\n${JSON.stringify({ ...versions, ...settings })}\n`);
  print(
    'Medians of the rounds',
    ['store', 'operation', 'server', 'CPU us/request', 'requests/s', 'statements', 'transactions'],
    rows.map(({ store, operation, server, cpuUs, perSecond, statements, transactions }) => [
      store,
      operation,
      server,
      ...[cpuUs, perSecond, statements, transactions].map(shownFigure),
    ]),
  );
  print(
    'Single figures',
    ['store', 'what', 'value', 'unit'],
    facts.map(({ store, what, value, unit }) => [store, what, shownFigure(value), unit]),
  );
  print(
    'Ratios',
    ['ratio', 'reached', 'to reach', ''],
    ratios.map((each) => [
      each.ratio,
      shownFigure(each.reached),
      shownLimit(each),
      isReached(each) ? '' : 'not reached',
    ]),
  );
  for (const line of skipped) process.stdout.write(`${line}\n`);
  writeFileSync(RESULTS, `${JSON.stringify({ versions, settings, rows, facts, ratios, skipped }, null, 2)}\n`);
  process.stdout.write(`\nWritten: ${RESULTS}\n`);
}

/** Whether a ratio is within its limits. */
export const isReached = ({ reached, atMost = Infinity, atLeast = -Infinity }: Ratio): boolean =>
  reached <= atMost && reached >= atLeast;

function shownLimit({ atMost, atLeast }: Ratio): string {
  if (atMost !== undefined) return `at most ${atMost}`;
  return atLeast === undefined ? '' : `at least ${atLeast}`;
}

function shownFigure(value: number | undefined): string {
  if (value === undefined) return '';
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

/** Returns the lines in columns, numbers aligned to the right. */
function tableOf(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const all = [header, ...lines];
  const widths = header.map((_title, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  const isNumeric = header.map((_title, column) => lines.every((line) => /^[\d.]*$/.test(line[column] ?? '')));
  return all
    .map((line) =>
      line
        .map((cell, column) =>
          isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
