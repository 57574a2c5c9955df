import { LIMITS } from './limits.ts';
import { textIssue } from './text.ts';

/** A value of JSON. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
/** A JSON object, as metadata and configs are. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Returns why the object cannot be stored, as a sentence, or undefined if it can. */
export function jsonIssue(value: JsonObject): string | undefined {
  // Each value takes at least two bytes.
  const fault = valueIssue(value, 1, { left: LIMITS.jsonBytes / 2 });
  if (fault !== undefined) return fault;
  const bytes = Buffer.byteLength(JSON.stringify(value));
  return bytes > LIMITS.jsonBytes ? `must have at most ${LIMITS.jsonBytes} bytes as JSON; it has ${bytes}.` : undefined;
}

/** Returns the size of a value as compact JSON, in bytes. Iterative, so deep nesting cannot overflow the stack. */
export function jsonBytes(value: unknown): number {
  let bytes = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const each = open.pop();
    if (typeof each !== 'object' || each === null) {
      bytes += Buffer.byteLength(JSON.stringify(each) ?? 'null');
      continue;
    }
    const isList = Array.isArray(each);
    const members = Object.entries(each).filter(([, member]) => isList || member !== undefined);
    bytes += 2 + Math.max(0, members.length - 1);
    for (const [name, member] of members) {
      if (!isList) bytes += Buffer.byteLength(JSON.stringify(name)) + 1;
      open.push(member);
    }
  }
  return bytes;
}

function valueIssue(value: JsonValue, depth: number, values: { left: number }): string | undefined {
  if ((values.left -= 1) < 0) return `must have at most ${LIMITS.jsonBytes} bytes as JSON.`;
  if (typeof value === 'string') return textIssue(value);
  if (typeof value === 'number') return isStorable(value) ? undefined : NUMBERS;
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > LIMITS.jsonDepth) return `must have at most ${LIMITS.jsonDepth} levels of nesting.`;
  if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) {
      const fault = valueIssue(item, depth + 1, values);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
  for (const key of Object.keys(value)) {
    // This key would set the prototype when the object is copied.
    if (key === '__proto__') return 'must not contain the key "__proto__".';
    const fault = textIssue(key) ?? valueIssue((value as JsonObject)[key] ?? null, depth + 1, values);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const NUMBERS = 'must not contain numbers that lose digits or are out of range; send them as strings.';

/**
 * From this value on, JavaScript writes numbers with an exponent, so they are treated as quantities, not as integers.
 */
const EXPONENT_FROM = 1e21;
/** Integers are exact up to 2^53 - 1. A larger one may have been rounded from its neighbour. */
const isStorable = (value: number): boolean =>
  Number.isFinite(value) &&
  (!Number.isInteger(value) || Number.isSafeInteger(value) || Math.abs(value) >= EXPONENT_FROM);

/** Whether a number in JSON or GraphQL notation keeps its value when it is parsed as a double. */
export function isExactNumber(text: string): boolean {
  const value = Number(text);
  // It would be returned with an exponent.
  if (/^-?\d+$/.test(text) && !Number.isSafeInteger(value)) return false;
  return isStorable(value) && decimalOf(text) === decimalOf(String(value));
}

/** Returns the digits of a number without zeros at either end, and its power of ten. */
function decimalOf(text: string): string {
  const [, whole = '', fraction = '', exponent = '0'] = /^-?(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  return significant === ''
    ? '0'
    : `${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/** Freezes the value deeply and returns it, so that what is stored cannot change. */
export function freezeJson<V>(value: V): V {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    // `for in`, because creating a list of the values of every written row would cost more than freezing them.
    for (const key in value) if (typeof value[key] === 'object') freezeJson(value[key]);
  }
  return value;
}
