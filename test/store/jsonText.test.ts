import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonText, stringifyWithTexts } from '../../src/store/jsonText.ts';
import { checked } from '../support/random.ts';

const MARK = '67b3a3d1-6f0c-4b8e-9f6a-0d8a3c1b2e4f';

describe('a JSON object that is stored as text', () => {
  it('a JSON text is written unchanged in place of its object', () => {
    const value = { a: new JsonText('{"z":1, "a" : [2]}'), b: [new JsonText('{}'), null, new JsonText('{"c":"d"}')] };
    expect(stringifyWithTexts(value, MARK)).toBe('{"a":{"z":1, "a" : [2]},"b":[{},null,{"c":"d"}]}');
  });

  it('a JSON text is serialized as its object by JSON.stringify', () => {
    const value = { a: new JsonText('{"z":1}') };
    expect(JSON.stringify(value)).toBe('{"a":{"z":1}}');
    expect(() => stringifyWithTexts({ a: 1n }, MARK)).toThrow(TypeError);
    expect(JSON.stringify(value)).toBe('{"a":{"z":1}}');
  });

  it('other values are serialized as usual next to JSON texts', () => {
    return checked(
      1_000,
      fc.property(fc.array(fc.tuple(fc.json(), fc.jsonValue())), (pairs) => {
        const value = pairs.map(([text, rest]) => ({ rest, object: new JsonText(text), [`"${text}`]: rest }));
        const written = stringifyWithTexts(value, MARK);
        expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(value)));
        for (const [text] of pairs) expect(written).toContain(`"object":${text}`);
      }),
    );
  });
});
