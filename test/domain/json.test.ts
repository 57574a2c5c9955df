import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { freezeJson, isExactNumber, type JsonObject, type JsonValue, jsonIssue } from '../../src/domain/json.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';

const parse = (text: string): JsonObject => JSON.parse(text);

/** Returns objects with the given levels of nesting. */
const nested = (levels: number): JsonObject => parse('{"a":'.repeat(levels - 1) + '{}' + '}'.repeat(levels - 1));
const nestedLists = (levels: number): JsonObject => parse(`{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`);

const isFrozenInDepth = (value: JsonValue): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (Object.isFrozen(value) && Object.values(value).every((inner: JsonValue) => isFrozenInDepth(inner)));

describe('the nesting of JSON', () => {
  const TOO_DEEP = 'must have at most 10 levels of nesting.';

  test('10 levels of objects or lists are accepted, and 11 are rejected', () => {
    expect([jsonIssue(nested(10)), jsonIssue(nestedLists(10))]).toEqual([undefined, undefined]);
    expect([jsonIssue(nested(11)), jsonIssue(nestedLists(11))]).toEqual([TOO_DEEP, TOO_DEEP]);
  });

  test('a scalar is accepted in the tenth level', () => {
    expect(jsonIssue(parse(`${'{"a":'.repeat(10)}1${'}'.repeat(10)}`))).toBeUndefined();
  });

  test('20,000 nested lists are rejected without a stack overflow', () => {
    expect(jsonIssue(nestedLists(20_000))).toBe(TOO_DEEP);
  });
});

describe('the size of JSON', () => {
  const wrapping = '{"a":""}'.length;

  test('65,536 bytes of JSON are accepted, and one more is rejected', () => {
    expect(jsonIssue({ a: 'x'.repeat(65_536 - wrapping) })).toBeUndefined();
    expect(jsonIssue({ a: 'x'.repeat(65_537 - wrapping) })).toBe(
      'must have at most 65536 bytes as JSON; it has 65537.',
    );
  });

  test('bytes are counted as encoded: two for é, four for an emoji, two for a line break', () => {
    const room = (65_536 - wrapping) / 4;
    expect(jsonIssue({ a: '😀'.repeat(room) })).toBeUndefined();
    expect(jsonIssue({ a: '😀'.repeat(room - 1) + 'éé' })).toBeUndefined();
    expect(jsonIssue({ a: '😀'.repeat(room - 1) + '\n\n' })).toBeUndefined();
    expect(jsonIssue({ a: '😀'.repeat(room - 1) + 'ééé' })).toBe(
      'must have at most 65536 bytes as JSON; it has 65538.',
    );
  });
});

const NUMBERS = 'must not contain numbers that lose digits or are out of range; send them as strings.';

test.each([
  ['0', true],
  ['-0', true],
  ['0.0', true],
  ['1.10', true],
  ['1e2', true],
  ['1E-7', true],
  ['0.1', true],
  ['1e300', true],
  ['5e-324', true],
  ['9007199254740991', true],
  ['9007199254740992', false],
  ['9007199254740993', false],
  ['123456789012345678901234567890', false],
  ['1000000000000000000000', false],
  ['-1000000000000000000000000000000', false],
  ['0.1000000000000000055511151231257827', false],
  ['0.10000000000000001', false],
  ['1.00000000000000000001', false],
  ['90071992547409.93', false],
  ['9007199254740.93', true],
  ['90071992547409.931', false],
  ['1e400', false],
  ['1e-400', false],
])('isExactNumber of %s is %s', (text, exact) => {
  expect(isExactNumber(text)).toBe(exact);
});

describe('the content of JSON', () => {
  test.each([
    ['a text with NUL', '{"a":"\\u0000"}', 'must not contain control characters except tabs and line breaks.'],
    ['a text in a list', '{"a":[1,["\\u009f"]]}', 'must not contain control characters except tabs and line breaks.'],
    ['an unpaired surrogate', '{"a":{"b":"\\ud800"}}', 'must not contain unpaired surrogates.'],
    ['an unpaired surrogate in a key', '{"a":{"\\udc00":1}}', 'must not contain unpaired surrogates.'],
    ['NUL in a key', '{"\\u0000":1}', 'must not contain control characters except tabs and line breaks.'],
    ['a number beyond the range of floats', '{"a":[1e400]}', NUMBERS],
    ['an integer beyond 2^53', '{"a":9007199254740994}', NUMBERS],
    ['a negative integer beyond 2^53', '{"a":[-9007199254740992]}', NUMBERS],
    ['__proto__ as a key of the object', '{"__proto__":{"admin":true}}', 'must not contain the key "__proto__".'],
    ['__proto__ as a key of a nested object', '{"a":{"b":{"__proto__":1}}}', 'must not contain the key "__proto__".'],
    ['__proto__ as a key within a list', '{"a":[0,{"__proto__":null}]}', 'must not contain the key "__proto__".'],
  ])('%s is rejected', (_what, text, fault) => {
    expect(jsonIssue(parse(text))).toBe(fault);
  });

  test('all other JSON is accepted', () => {
    const text = '{"":null,"a b":[true,false,-0.5,1e300,"\\t\\n😀"],"constructor":{"toString":{}},"b":[[],{}]}';
    expect(jsonIssue(parse(text))).toBeUndefined();
    expect(jsonIssue({})).toBeUndefined();
  });
});

describe('freezing JSON', () => {
  test('a frozen object keeps its content and cannot change at any depth', () =>
    checked(
      COUNTS.jsonCases,
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 }), { noNullPrototype: true }), (object) => {
        const text = JSON.stringify(object);
        const frozen = freezeJson(parse(text));
        expect(isFrozenInDepth(frozen)).toBe(true);
        expect(JSON.stringify(frozen)).toBe(text);
      }),
    ));

  test('the order of keys is kept', () => {
    const text = '{"b":1,"a":{"z":1,"y":2},"ä":3,"A":4}';
    expect(JSON.stringify(freezeJson(parse(text)))).toBe(text);
  });

  test('freezing continues within objects that are already frozen', () => {
    const open = { b: 1 };
    freezeJson(Object.freeze({ a: open }));
    expect(Object.isFrozen(open)).toBe(true);
  });
});
