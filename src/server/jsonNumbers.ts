import { isExactNumber } from '../domain/json.ts';

/** A string, or a number with a part that can make it inexact: more digits than a double holds, or an exponent. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\[^][^"\\]*)*"|-?\d[\d.]*(?:[eE][+-]?\d+)?/g;
/** A number follows a colon, a comma, a bracket or white space; the digits within an id do not. */
const MAYBE_INEXACT = /[:,[\s]-?(?:[\d.]{16}|[\d.]+[eE])/;
/** JSON.parse converts it to Infinity, which every input rejects. */
const OUT_OF_RANGE = '1e999';

/**
 * Replaces each number of a JSON text that would change when it is parsed as a double with one out of range, so that it
 * is rejected with the path of its field instead of being rounded silently.
 */
export const rejectInexactNumbers = (json: string): string =>
  MAYBE_INEXACT.test(json)
    ? json.replace(STRING_OR_NUMBER, (token) => (token.startsWith('"') || isExactNumber(token) ? token : OUT_OF_RANGE))
    : json;
