import type { Id } from '../domain/ids.ts';
import { isWellFormedId } from '../domain/ids.ts';
import type { TableName, Tables } from '../store/store.ts';
import { eachTable } from '../store/tables.ts';
import { FIELDS } from './fields.ts';
import { FORMAT_VERSION, FORMAT_VERSIONS, type FormatVersion, fieldsAfter, tablesIn } from './formatVersion.ts';

// An export is a text file of one JSON object per line: a header, one line per row, and a trailer with the number of
// rows of each table and the SHA-256 of all lines before it. It contains nothing that depends on the time or the store,
// so that equal data gives equal bytes.

/** A file is not an export that this program can read; the message states why. */
export class ExportFormatError extends Error {}

const FORMAT = 'escrowgrid-export';

/** The first line of an export. */
export interface Header {
  readonly version: FormatVersion;
  /** The only institution of the export, or null if it has the rows of all. */
  readonly institutionId: Id | null;
}

/** The number of rows of each table. */
export type RowCounts = { readonly [T in TableName]: number };

/** Returns a count of zero for each table. */
export const noRows = (): { [T in TableName]: number } => eachTable(() => 0);

export const headerLine = (institutionId: Id | null): string =>
  JSON.stringify({ format: FORMAT, version: FORMAT_VERSION, institutionId });

/** Returns the last line of an export of the version, which has the numbers of only its own tables. */
export const trailerLine = (version: FormatVersion, rows: RowCounts, sha256: string): string =>
  JSON.stringify({ rows: Object.fromEntries(tablesIn(version).map((table) => [table, rows[table]])), sha256 });

/** Returns the line of a row: its table with its fields, amounts as texts. */
export function rowLine<T extends TableName>(table: T, row: Tables[T]): string {
  const { kinds } = SHAPES[FORMAT_VERSION][table];
  const fields: object = row;
  const values: { [field: string]: unknown } = {};
  for (const [field] of kinds) {
    const value = (fields as { readonly [field: string]: unknown })[field] ?? null;
    values[field] = typeof value === 'bigint' ? value.toString() : value;
  }
  return JSON.stringify({ [table]: values });
}

/** Parses the first line. Throws ExportFormatError. */
export function parseHeader(line: string): Header {
  const header = parseObject(line);
  if (header?.['format'] !== FORMAT) throw new ExportFormatError('The file is not an export of EscrowGrid.');
  const { version, institutionId } = header;
  if (Number.isSafeInteger(version) && !isReadable(version)) {
    throw new ExportFormatError(
      `The export has the format version ${String(version)}, and this program reads version ${FORMAT_VERSION}. Import it ` +
        'with the version of EscrowGrid that wrote it.',
    );
  }
  const isId = typeof institutionId === 'string' && isWellFormedId(institutionId);
  if (!isReadable(version) || !(isId || institutionId === null)) throw damaged(1);
  return { version, institutionId };
}

const isReadable = (version: unknown): version is FormatVersion =>
  FORMAT_VERSIONS.some((readable) => readable === version);

/** A row of one table, as it was parsed. */
export type ParsedRow = { readonly [T in TableName]: { readonly table: T; readonly row: Tables[T] } }[TableName];

/**
 * Parses the line of a row in an export of the version. Throws ExportFormatError if it is not one, with the number of the
 * line.
 */
export function parseRow(line: string, lineNumber: number, version: FormatVersion): ParsedRow {
  const [[table, values] = ['', undefined], ...others] = Object.entries(parseObject(line) ?? {});
  if (others.length > 0 || !isTable(table, version) || !isObject(values)) throw damaged(lineNumber);
  const { kinds, names, later } = SHAPES[version][table];
  if (Object.keys(values).join() !== names) throw damaged(lineNumber);
  const row: { [field: string]: unknown } = { ...values, ...later };
  for (const [field, kind] of kinds) if (kind === 'amount') row[field] = amountOf(values[field], lineNumber);
  // The fields are those of the table, and the checksum of the file covers their values.
  return { table, row } as unknown as ParsedRow;
}

/** Returns the table of a line without parsing all of it; undefined if it has none of the version. */
export function tableOfLine(line: Buffer, version: FormatVersion): TableName | undefined {
  const name = line.toString('latin1', 2, line.indexOf('"', 2));
  return isTable(name, version) ? name : undefined;
}

const AMOUNT = /^-?\d+$/;

function amountOf(value: unknown, lineNumber: number): bigint | null {
  if (value === null) return null;
  if (typeof value !== 'string' || !AMOUNT.test(value)) throw damaged(lineNumber);
  return BigInt(value);
}

/** The form of the rows of a table in one version. */
interface Shape {
  readonly kinds: readonly (readonly [field: string, kind: 'value' | 'amount'])[];
  /** The fields, joined to one text. */
  readonly names: string;
  /** The fields that a later version added, with their values. */
  readonly later: { readonly [field: string]: unknown };
}
type Shapes = { readonly [T in TableName]: Shape };
const shapesOf = (version: FormatVersion): Shapes =>
  eachTable<Shapes>(<T extends TableName>(name: T): Shape => {
    const later = fieldsAfter(version, name);
    const kinds = Object.entries(FIELDS[name]).filter(([field]) => !Object.hasOwn(later, field));
    return { kinds, names: kinds.map(([field]) => field).join(), later };
  });
const TABLES: { readonly [V in FormatVersion]: ReadonlySet<TableName> } = {
  1: new Set(tablesIn(1)),
  2: new Set(tablesIn(2)),
  3: new Set(tablesIn(3)),
};
const SHAPES: { readonly [V in FormatVersion]: Shapes } = { 1: shapesOf(1), 2: shapesOf(2), 3: shapesOf(3) };

const isTable = (name: string, version: FormatVersion): name is TableName => TABLES[version].has(name as TableName);
const isObject = (value: unknown): value is { readonly [field: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseObject(line: string): { readonly [field: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const damaged = (lineNumber: number): ExportFormatError =>
  new ExportFormatError(`The export is damaged: line ${lineNumber} is not as it was written.`);
