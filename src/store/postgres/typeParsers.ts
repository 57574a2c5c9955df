import pg from 'pg';

/** Converts a value from its text. */
type Parse = (text: string) => unknown;

/**
 * Values are parsed to the domain's types: times to ms, amounts to bigint, and sequences, which are below 2^53, to
 * numbers. Only this store does so.
 */
export const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (oid === pg.types.builtins.NUMERIC) return BigInt;
    if (oid === pg.types.builtins.INT8) return Number;
    if (oid === pg.types.builtins.TIMESTAMPTZ) return instantOf;
    // pg's types declare one overload per format, and none for a format that is not known.
    return pg.types.getTypeParser(oid, format) as never;
  },
};

const parseTime = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ) as (text: string) => Date;

/** The positions of the separators in a time such as `2026-11-29 13:05:09.123456+00`. */
const SEPARATORS = { 4: '-', 7: '-', 10: ' ', 13: ':', 16: ':' } as const;
const FRACTION_AT = 19;
const UTC = '+00';

/** Parses a time of the server, which sends them in UTC and in one format. Other texts are left to pg. */
export function instantOf(text: string): number {
  const year = numberAt(text, 0, 4);
  // Date.UTC takes smaller years for those of the 20th century.
  if (year < 100 || !isUsual(text)) return parseTime(text).getTime();
  return Date.UTC(
    year,
    numberAt(text, 5, 7) - 1,
    numberAt(text, 8, 10),
    numberAt(text, 11, 13),
    numberAt(text, 14, 16),
    numberAt(text, 17, FRACTION_AT),
    millisecondsOf(text),
  );
}

function isUsual(text: string): boolean {
  if (!text.endsWith(UTC)) return false;
  for (const [index, separator] of Object.entries(SEPARATORS)) if (text[Number(index)] !== separator) return false;
  const next = text[FRACTION_AT];
  return next === '.' || text.length === FRACTION_AT + UTC.length;
}

function millisecondsOf(text: string): number {
  let digits = text.length - UTC.length - FRACTION_AT - 1;
  if (digits <= 0) return 0;
  const from = FRACTION_AT + 1;
  if (digits > 3) digits = 3;
  return numberAt(text, from, from + digits) * 10 ** (3 - digits);
}

/** Returns the number of the digits from one index to another. */
function numberAt(text: string, from: number, to: number): number {
  let number = 0;
  for (let index = from; index < to; index += 1) number = number * 10 + text.charCodeAt(index) - 48;
  return number;
}

/** A column of a result. */
export interface ResultColumn {
  readonly name: string;
  readonly dataTypeID: number;
}

/** Converts a row of texts to an object. */
export type Decode = (values: readonly (string | null)[]) => object;

/** Returns the function that decodes the rows of a result with these columns. */
export function decoderOf(columns: readonly ResultColumn[]): Decode {
  const names = columns.map(({ name }) => name);
  const parsers = columns.map(({ dataTypeID }) => TYPES.getTypeParser(dataTypeID, 'text') as Parse);
  return (values) => {
    const row: { [name: string]: unknown } = {};
    for (let index = 0; index < names.length; index += 1) {
      const value = values[index] ?? null;
      row[names[index] as string] = value === null ? null : (parsers[index] as Parse)(value);
    }
    return row;
  };
}
