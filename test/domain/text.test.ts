import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Issues } from '../../src/domain/issues.ts';
import { compareText, isWithin, textIssue } from '../../src/domain/text.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';
import { faultsOf } from './fixtures.ts';

const HALF = 'must not contain unpaired surrogates.';
const CONTROL = 'must not contain control characters except tabs and line breaks.';

/** Random well-formed texts, often with characters for which UTF-16 and code points differ. */
const edges = fc.constantFrom('', 'a', '\t', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '😀', '\u{10ffff}');
const texts = fc.array(fc.oneof(edges, edges, fc.string({ unit: 'binary', maxLength: 2 })), { maxLength: 6 });
const joined = texts.map((parts) => parts.join(''));

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
const byUnits = (a: string, b: string) => (a < b ? -1 : Number(a > b));

/** Returns a function that adds issues and throws them. */
const settling = (note: (issues: Issues) => void) => () => {
  const issues = new Issues();
  note(issues);
  issues.throwIfAny();
};

describe('the characters of a text', () => {
  test('exactly control characters except tab and line breaks, and unpaired surrogates, are rejected', () => {
    const faults = Array.from({ length: 0x10000 }, (_, unit) => textIssue(`a${String.fromCharCode(unit)}b`));
    const unitsOf = (fault: string) => faults.flatMap((found, unit) => (found === fault ? [unit] : []));
    expect(unitsOf(CONTROL)).toEqual([...range(0, 8), 11, 12, ...range(14, 31), ...range(127, 159)]);
    expect(unitsOf(HALF)).toEqual(range(0xd800, 0xdfff));
    expect(faults.filter((fault) => fault === undefined)).toHaveLength(0x10000 - 62 - 2_048);
  });

  test.each([
    ['NUL', 'a\u0000', CONTROL],
    ['a C1 control', '\u0085', CONTROL],
    ['a high surrogate at the end', 'a\ud83d', HALF],
    ['a low surrogate at the start', '\ude00a', HALF],
    ['two surrogates in reverse order', '\ude00\ud83d', HALF],
    ['a control character and an unpaired surrogate, which is reported', '\u0000\ud83d', HALF],
  ])('%s is rejected', (_what, text, fault) => {
    expect(textIssue(text)).toBe(fault);
  });

  test.each(['', 'a\tb\nc\r\nd', '😀', '\u00a0', 'é', '\u2028', '\ufffe', '\u{10ffff}'])(
    'the text %j is accepted',
    (text) => {
      expect(textIssue(text)).toBeUndefined();
    },
  );
});

describe('the length of a text', () => {
  test('the length is counted in code points, so 200 emoji are within 200 and 201 are not', () => {
    expect([isWithin('😀'.repeat(200), 200), isWithin('😀'.repeat(201), 200)]).toEqual([true, false]);
    expect([isWithin('a'.repeat(200), 200), isWithin('a'.repeat(201), 200)]).toEqual([true, false]);
    expect([isWithin(`${'😀'.repeat(199)}a`, 200), isWithin(`${'😀'.repeat(199)}ab`, 200)]).toEqual([true, false]);
    expect([isWithin('', 0), isWithin('a', 0)]).toEqual([true, false]);
  });

  test('the length is correct for any text and any limit', () =>
    checked(
      COUNTS.textCases,
      fc.property(joined, fc.nat(8), (text, most) => {
        expect(isWithin(text, most)).toBe(Array.from(text).length <= most);
      }),
    ));
});

describe('the order of texts', () => {
  test('texts sort by their bytes in UTF-8, like PostgreSQL with collation "C"', () =>
    checked(
      COUNTS.textCases,
      fc.property(joined, joined, joined, (start, a, b) => {
        const [one, two] = [start + a, start + b];
        expect(Math.sign(compareText(one, two))).toBe(Buffer.compare(Buffer.from(one), Buffer.from(two)));
        // The reverse order, and never -0, which toBe distinguishes from 0.
        expect(Math.sign(compareText(two, one))).toBe(0 - Math.sign(compareText(one, two)));
      }),
    ));

  test('surrogate pairs sort after U+E000 to U+FFFF, unlike in the order of JavaScript', () => {
    const ordered = ['', 'a', 'ab', 'b', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '😀'];
    expect(ordered.toReversed().toSorted(compareText)).toEqual(ordered);
    expect(ordered.toReversed().toSorted(byUnits)).not.toEqual(ordered);
    expect(compareText('a', 'a')).toBe(0);
  });

  test('the order ignores languages: capital letters are first, umlauts last', () => {
    const ordered = ['-', '10', '9', 'B', 'Z', 'a', 'b', 'ä'];
    expect(ordered.toReversed().toSorted(compareText)).toEqual(ordered);
  });
});

describe('validation issues', () => {
  test('without issues nothing is thrown', () => {
    expect(settling(() => {})).not.toThrow();
  });

  test('a required text is neither blank nor too long, and kept unchanged', () => {
    const issues = new Issues();
    expect(issues.text(['name'], ' ab ')).toBe(' ab ');
    expect(() => issues.throwIfAny()).not.toThrow();
    const blanks = ['', ' ', '\t\n', '\u00a0\u3000\ufeff'];
    expect(faultsOf(settling((found) => blanks.forEach((text, index) => found.text([`${index}`], text))))).toEqual(
      blanks.map((_, index) => `${index}: must not be blank.`),
    );
    expect(faultsOf(settling((found) => found.text(['name'], ' '.repeat(201))))).toEqual([
      'name: must not be blank.',
      'name: must be at most 200 characters long.',
    ]);
  });

  test('the message of the error joins all issues, and its path is that of the first issue', () => {
    const noted = settling((issues) => {
      issues.add(['operations', '3', 'amount'], 'must be so.');
      issues.add(['name'], 'must be thus.');
    });
    expect(noted).toThrow('operations.3.amount must be so. name must be thus.');
    expect(noted).toThrow(expect.objectContaining({ path: ['operations', '3', 'amount'] }));
  });
});
