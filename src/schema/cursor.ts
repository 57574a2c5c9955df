import { createHash } from 'node:crypto';
import { prefixOf } from '../domain/ids.ts';
import { LIMITS } from '../domain/limits.ts';
import { textIssue } from '../domain/text.ts';
import { EARLIEST, LATEST } from '../domain/time.ts';
import type { Field, Key, Order } from '../store/store.ts';
import { badInput } from './errors.ts';

type Parser = (part: unknown) => Key[number] | undefined;

/** The parsers of the fields that a cursor can contain. */
const CURSOR_FIELDS = {
  createdAt: (part) => instant(part),
  updatedAt: (part) => instant(part),
  expiresAt: (part) => instantOrNull(part),
  dueAt: (part) => instantOrNull(part),
  lastActivityAt: (part) => instant(part),
  priority: (part) => (isWithin(part, 1, 4) ? part : undefined),
  title: (part) => storable(part),
  name: (part) => storable(part),
  label: (part) => storable(part),
  magnitude: (part) => (typeof part === 'string' && /^\d{1,28}$/.test(part) ? BigInt(part) : undefined),
  sequence: (part) => (isWithin(part, 0, 2 ** 31 - 1) ? part : undefined),
  id: (part) => (typeof part === 'string' && prefixOf(part) !== undefined ? part : undefined),
} as const satisfies { readonly [field: string]: Parser };
type CursorField = keyof typeof CURSOR_FIELDS;

/** The fields that a cursor can contain. */
export const CURSOR_FIELD_NAMES: readonly string[] = Object.keys(CURSOR_FIELDS);

/** The order of a list. An order by a field that a cursor cannot contain does not compile. */
export interface ListOrder<E> extends Order<E> {
  readonly by: readonly (Field<E> & CursorField)[];
}

const storable = (part: unknown): string | undefined =>
  typeof part === 'string' && textIssue(part) === undefined ? part : undefined;
const instant = (part: unknown): number | undefined => (isWithin(part, EARLIEST, LATEST) ? part : undefined);
const instantOrNull = (part: unknown): number | null | undefined => (part === null ? null : instant(part));
const isWithin = (part: unknown, low: number, high: number): part is number =>
  Number.isSafeInteger(part) && (part as number) >= low && (part as number) <= high;

/** Returns a short hash of a list's type, parent, filter and order, by which a cursor of another list is rejected. */
export const listMark = (list: unknown): string =>
  createHash('sha256').update(JSON.stringify(list, bigintAsText)).digest('base64url').slice(0, 8);

const bigintAsText = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

/** Returns the cursor of a row: its list and sort key as an opaque text. */
export function encodeCursor<E>(mark: string, { by }: ListOrder<E>, row: E): string {
  const key = [...by, 'id'].map((field) => (row as { readonly [field: string]: unknown })[field]);
  return Buffer.from(JSON.stringify([mark, ...key], bigintAsText)).toString('base64url');
}

/** Returns the sort key of a cursor of this list. Throws BAD_USER_INPUT for any other text. */
export function decodeCursor<E>(argument: 'after' | 'before', text: string, mark: string, { by }: ListOrder<E>): Key {
  const refuse = (): never => {
    throw badInput(
      `\`${argument}\` is not a cursor of this list. Send a cursor that the list returned with the same parent, filter and order.`,
    );
  };
  const [own, ...parts] = parsed(text) ?? refuse();
  const fields: readonly CursorField[] = [...by, 'id'];
  if (own !== mark || parts.length !== fields.length) return refuse();
  return fields.map((field, index) => {
    const part = CURSOR_FIELDS[field](parts[index]);
    return part === undefined ? refuse() : part;
  });
}

/** The maximum number of UTF-8 bytes of a code point, or of its escape in JSON. */
const MAX_CODE_POINT_BYTES = 4;
/** The maximum number of bytes of a cursor besides a name or title: its list hash, an id, a number. */
const OTHER_BYTES = 200;
/** The maximum number of characters of a cursor, in base64url. Every cursor that the server returns is shorter. */
const CURSOR_CHARACTERS = Math.ceil(((LIMITS.nameCharacters * MAX_CODE_POINT_BYTES + OTHER_BYTES) * 4) / 3);

function parsed(text: string): readonly unknown[] | undefined {
  if (text.length > CURSOR_CHARACTERS) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
