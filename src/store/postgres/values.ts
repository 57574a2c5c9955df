import pg from 'pg';
import { JsonText } from '../jsonText.ts';
import type { SqlType } from './layout.ts';
import { instantOf } from './typeParsers.ts';

/** Converts a value of a result, other than null. */
export type Parse = (value: unknown) => unknown;

/** Parses a value of the type text[], for which pg has a parser but no name. */
const parseList = pg.types.getTypeParser(1009 as never) as (text: string) => unknown;

const same: Parse = (value) => value;
const TO_INSTANT: Parse = (value) => instantOf(value as string);
const TO_BIGINT: Parse = (value) => BigInt(value as string);
const FROM_TEXT: { readonly [T in SqlType]: Parse } = {
  text: same,
  uuid: same,
  'text[]': (value) => parseList(value as string),
  numeric: TO_BIGINT,
  int: Number,
  bigint: Number,
  boolean: (value) => value === 't',
  timestamptz: TO_INSTANT,
  json: (value) => JSON.parse(value as string) as unknown,
};
/** The types whose values are texts in JSON arrays, because JSON has no such values or another form of them. */
const TEXTS_IN_JSON: ReadonlySet<SqlType> = new Set(['numeric', 'timestamptz', 'json']);

const toJsonText: Parse = (value) => new JsonText(value as string);

/** Returns the function that converts the text of a column. `isText` says whether JSON stays a text. */
export const fromText = (type: SqlType, isText: boolean): Parse =>
  type === 'json' && isText ? toJsonText : FROM_TEXT[type];

/** Returns the function that converts values of the column in the JSON arrays of `inJson`. */
export const fromJson = (type: SqlType, isText: boolean): Parse =>
  TEXTS_IN_JSON.has(type) ? fromText(type, isText) : same;

/** Returns an SQL expression of the type as it is written into a JSON array. */
export const inJson = (expression: string, type: SqlType): string =>
  TEXTS_IN_JSON.has(type) ? `${expression}::text` : expression;
