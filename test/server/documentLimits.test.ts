import * as fc from 'fast-check';
import { type DocumentNode, getIntrospectionQuery, Kind, parse, type SelectionSetNode } from 'graphql';
import { describe, expect, it } from 'vitest';
import { checkDocument, type DocumentLimits } from '../../src/server/operations/documentLimits.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';
import { documentOf } from '../support/randomDocument.ts';
import { doubling } from './estimates.ts';

const LIMITS: DocumentLimits = { depth: 3, aliases: 2, directives: 2 };

const messagesFor = (text: string | DocumentNode, limits: DocumentLimits = LIMITS) =>
  checkDocument(typeof text === 'string' ? parse(text) : text, limits).map(({ message, extensions }) => {
    expect(extensions).toEqual({ code: 'QUERY_TOO_COMPLEX' });
    return message;
  });
const tooDeep = (levels: number) => [`The document must have at most 3 levels of nesting; it has ${levels}.`];
const nested = (levels: number): string => (levels === 1 ? 'a' : `a { ${nested(levels - 1)} }`);

describe('the depth of a document', () => {
  it.each([
    ['fields at the depth limit are accepted', '{ a { b { c } } d }', 3],
    ['one level beyond the limit is rejected', '{ a { b { c { d } } } }', 4],
    ['__typename counts as a field of its level', '{ a { b { c { __typename } } } }', 4],
    [
      'fragments add no level',
      '{ ... { ... on A { a { ... @skip(if: true) { b { ...C } } } } } } fragment C on C { c }',
      3,
    ],
    [
      'fields within fragments add levels',
      '{ a { ...B } } fragment B on B { b { ...C } } fragment C on C { c { d } }',
      4,
    ],
    ['a fragment counts where it is deepest', '{ ...B a { b { ...B } } } fragment B on B { b { c } }', 4],
    [
      'a fragment counts at its deepest place, even below another fragment',
      '{ a { ...C } ...B } fragment B on B { b { b { ...C } } } fragment C on C { c { c } }',
      4,
    ],
    ['the order of spreads does not matter', '{ a { b { ...B } } ...B } fragment B on B { b { c } }', 4],
    ['the deepest operation counts', 'query A { a } query B { a { b { c { d } } } }', 4],
    ['mutations and subscriptions are nested as well', 'mutation { a { b { c { d } } } } subscription { a }', 4],
    [
      'introspection has no depth',
      '{ __schema { a { b { c { d } } } } __type { a { ...A } } } fragment A on A { a { b { c } } }',
      0,
    ],
    [
      'fragments spread only in introspection have no depth, and other fields have',
      '{ __schema { ...A } a { ...A } } fragment A on A { a { b { c } } }',
      4,
    ],
    ['an unknown fragment has no depth', '{ a { ...B } }', 1],
    ['a fragment that is not spread has no depth', '{ a } fragment B on B { a { b { c { d } } } }', 1],
    ['definitions other than operations have no depth', 'type A { a: Int } { a }', 1],
  ])('%s', (_what, document, levels) => {
    expect(messagesFor(document)).toEqual(levels > 3 ? tooDeep(levels) : []);
    expect(messagesFor(document, { ...LIMITS, depth: levels })).toEqual([]);
    const [message] = messagesFor(document, { ...LIMITS, depth: levels - 1 });
    expect(message).toMatch(new RegExp(`; it has ${levels}\\.$`));
  });

  it('the introspection query of graphql is accepted', () => {
    expect(messagesFor(getIntrospectionQuery({ oneOf: true, inputValueDeprecation: true }))).toEqual([]);
  });
});

/** Returns the depth of the only operation of a document, with every fragment inlined. */
function naiveDepth({ definitions }: DocumentNode): number {
  const ofSet = (set: SelectionSetNode | undefined): number =>
    (set?.selections ?? []).reduce((deepest, selection) => {
      if (selection.kind === Kind.FIELD) return Math.max(deepest, 1 + ofSet(selection.selectionSet));
      if (selection.kind === Kind.INLINE_FRAGMENT) return Math.max(deepest, ofSet(selection.selectionSet));
      const fragment = definitions.find(
        (each) => each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === selection.name.value,
      );
      return Math.max(deepest, fragment?.kind === Kind.FRAGMENT_DEFINITION ? ofSet(fragment.selectionSet) : 0);
    }, 0);
  return ofSet(definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION)?.selectionSet);
}

it('the depth of any document equals that with all fragments inlined', () =>
  checked(
    COUNTS.documents,
    fc.property(fc.array(fc.nat(1_000), { size: 'max', minLength: 20, maxLength: 150 }), (choices) => {
      const document = parse(documentOf(choices));
      const [message] = checkDocument(document, { depth: 0, aliases: 1_000, directives: 1_000 });
      expect(message?.message).toMatch(new RegExp(`; it has ${naiveDepth(document)}\\.$`));
    }),
  ));

describe('aliases and directives', () => {
  it('aliases and directives are counted in the whole document, and messages do not repeat input', () => {
    const document =
      'query ($a: A @one) @two { x: a { ...B @three y: a ... @four { z: a } } } fragment B on B @five { w: a }';
    expect(messagesFor(document)).toEqual([
      'The document must have at most 2 aliases; it has 4.',
      'The document must have at most 2 directives; it has 5.',
    ]);
    expect(messagesFor(document, { depth: 3, aliases: 4, directives: 5 })).toEqual([]);
  });

  it('all exceeded limits are reported, the depth first', () => {
    const messages = messagesFor('{ x: a @a { x: a @a { x: a @a { x: a @a } } } }');
    expect(messages.map((message) => message.split(' at most ')[1])).toEqual([
      '3 levels of nesting; it has 4.',
      '2 aliases; it has 4.',
      '2 directives; it has 4.',
    ]);
  });

  it('aliases in introspection count as well', () => {
    expect(messagesFor('{ __schema { x: a y: a z: a } }')).toEqual([
      'The document must have at most 2 aliases; it has 3.',
    ]);
  });
});

describe('documents that are expensive to check', () => {
  it.each([
    ['a fragment within itself', '{ a { ...A } } fragment A on A { a { ...A } }', 1],
    ['fragments in a cycle', '{ a { ...A } } fragment A on A { a { ...B } } fragment B on B { b { ...A } }', 1],
    ['a cycle next to deep fields', '{ a { ...A b { c { d } } } } fragment A on A { ...A }', 4],
  ])('%s is left to validation', (_what, document, levels) => {
    expect(messagesFor(document)).toEqual(levels > 3 ? tooDeep(levels) : []);
  });

  it('fragments that double 30 times are counted once each', () => {
    const doubled = doubling(30, 'A', '{ a { b { c { d } } } }');
    expect(messagesFor(`{ ...F0 } ${doubled}`)).toEqual(tooDeep(4));
  });

  it('20,000 fragments that nest one level each are counted completely', () => {
    const chain = Array.from(
      { length: 20_000 },
      (_, index) => `fragment F${index} on A { a { ...F${index + 1} } }`,
    ).join(' ');
    expect(messagesFor(`{ ...F0 } ${chain} fragment F20000 on A { a }`)).toEqual(tooDeep(20_001));
  });

  it('fields with a hundred levels, the most that is parsed, are counted', () => {
    expect(messagesFor(`{ ${nested(100)} }`)).toEqual(tooDeep(100));
  });

  it('two fragments of one name, and two operations, are accepted', () => {
    expect(messagesFor('{ ...A } { a } fragment A on A { a } fragment A on A { a { b } }')).toEqual([]);
  });
});
