import * as fc from 'fast-check';
import { type DocumentNode, getIntrospectionQuery, Kind, parse, type SelectionSetNode } from 'graphql';
import { describe, expect, it } from 'vitest';
import { type DocumentLimits, checkDocument } from '../../src/server/operations/documentLimits.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';
import { documentOf } from '../support/randomDocument.ts';
import { doubling } from './asked.ts';

const LIMITS: DocumentLimits = { depth: 3, aliases: 2, directives: 2 };

const judged = (text: string | DocumentNode, limits: DocumentLimits = LIMITS) =>
  checkDocument(typeof text === 'string' ? parse(text) : text, limits).map(({ message, extensions }) => {
    expect(extensions).toEqual({ code: 'QUERY_TOO_COMPLEX' });
    return message;
  });
const tooDeep = (levels: number) => [`The document must have at most 3 levels of nesting; it has ${levels}.`];
const nested = (levels: number): string => (levels === 1 ? 'a' : `a { ${nested(levels - 1)} }`);

describe('depth', () => {
  it.each([
    ['fields as deep as they may be', '{ a { b { c } } d }', 3],
    ['a field too many', '{ a { b { c { d } } } }', 4],
    ['__typename is a field of its level', '{ a { b { c { __typename } } } }', 4],
    [
      'fragments add no level',
      '{ ... { ... on A { a { ... @skip(if: true) { b { ...C } } } } } } fragment C on C { c }',
      3,
    ],
    ['but what they hold does', '{ a { ...B } } fragment B on B { b { ...C } } fragment C on C { c { d } }', 4],
    ['a fragment counts where it is deepest', '{ ...B a { b { ...B } } } fragment B on B { b { c } }', 4],
    [
      'even if it is met again below another',
      '{ a { ...C } ...B } fragment B on B { b { b { ...C } } } fragment C on C { c { c } }',
      4,
    ],
    ['in whatever order it is met', '{ a { b { ...B } } ...B } fragment B on B { b { c } }', 4],
    ['the deepest operation counts', 'query A { a } query B { a { b { c { d } } } }', 4],
    ['mutations and subscriptions nest too', 'mutation { a { b { c { d } } } } subscription { a }', 4],
    [
      'introspection is not deep',
      '{ __schema { a { b { c { d } } } } __type { a { ...A } } } fragment A on A { a { b { c } } }',
      0,
    ],
    [
      'what only introspection spreads is not deep, what stands beside it is',
      '{ __schema { ...A } a { ...A } } fragment A on A { a { b { c } } }',
      4,
    ],
    ['a fragment that is not there holds nothing', '{ a { ...B } }', 1],
    ['a fragment that is not spread is not executed', '{ a } fragment B on B { a { b { c { d } } } }', 1],
    ['what is no operation holds nothing', 'type A { a: Int } { a }', 1],
  ])('%s', (_what, document, levels) => {
    expect(judged(document)).toEqual(levels > 3 ? tooDeep(levels) : []);
    expect(judged(document, { ...LIMITS, depth: levels })).toEqual([]);
    const [message] = judged(document, { ...LIMITS, depth: levels - 1 });
    expect(message).toMatch(new RegExp(`; it has ${levels}\\.$`));
  });

  it('the introspection query of graphql passes', () => {
    expect(judged(getIntrospectionQuery({ oneOf: true, inputValueDeprecation: true }))).toEqual([]);
  });
});

/** How deep a document's only operation nests, every fragment read in its place. */
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

it('the depth of any document is that of its fragments each in its place', () =>
  checked(
    COUNTS.documents,
    fc.property(fc.array(fc.nat(1_000), { size: 'max', minLength: 20, maxLength: 150 }), (choices) => {
      const document = parse(documentOf(choices));
      const [message] = checkDocument(document, { depth: 0, aliases: 1_000, directives: 1_000 });
      expect(message?.message).toMatch(new RegExp(`; it has ${naiveDepth(document)}\\.$`));
    }),
  ));

describe('aliases and directives', () => {
  it('are counted in all of the document, and what a client wrote is not told again', () => {
    const document =
      'query ($a: A @one) @two { x: a { ...B @three y: a ... @four { z: a } } } fragment B on B @five { w: a }';
    expect(judged(document)).toEqual([
      'The document must have at most 2 aliases; it has 4.',
      'The document must have at most 2 directives; it has 5.',
    ]);
    expect(judged(document, { depth: 3, aliases: 4, directives: 5 })).toEqual([]);
  });

  it('all that is too much is told, the depth first', () => {
    const messages = judged('{ x: a @a { x: a @a { x: a @a { x: a @a } } } }');
    expect(messages.map((message) => message.split(' at most ')[1])).toEqual([
      '3 levels of nesting; it has 4.',
      '2 aliases; it has 4.',
      '2 directives; it has 4.',
    ]);
  });

  it('in introspection too', () => {
    expect(judged('{ __schema { x: a y: a z: a } }')).toEqual(['The document must have at most 2 aliases; it has 3.']);
  });
});

describe('any document is judged at once', () => {
  it.each([
    ['a fragment within itself', '{ a { ...A } } fragment A on A { a { ...A } }', 1],
    ['fragments in a circle', '{ a { ...A } } fragment A on A { a { ...B } } fragment B on B { b { ...A } }', 1],
    ['a circle beside what is deep', '{ a { ...A b { c { d } } } } fragment A on A { ...A }', 4],
  ])('%s is left to validation', (_what, document, levels) => {
    expect(judged(document)).toEqual(levels > 3 ? tooDeep(levels) : []);
  });

  it('fragments that double 30 times are placed once each', () => {
    const doubled = doubling(30, 'A', '{ a { b { c { d } } } }');
    expect(judged(`{ ...F0 } ${doubled}`)).toEqual(tooDeep(4));
  });

  it('fragments that nest one more level each are counted to the last', () => {
    const chain = Array.from(
      { length: 20_000 },
      (_, index) => `fragment F${index} on A { a { ...F${index + 1} } }`,
    ).join(' ');
    expect(judged(`{ ...F0 } ${chain} fragment F20000 on A { a }`)).toEqual(tooDeep(20_001));
  });

  it('fields that nest a hundred levels, which is as deep as is parsed', () => {
    expect(judged(`{ ${nested(100)} }`)).toEqual(tooDeep(100));
  });

  it('two fragments of one name, and two operations', () => {
    expect(judged('{ ...A } { a } fragment A on A { a } fragment A on A { a { b } }')).toEqual([]);
  });
});
