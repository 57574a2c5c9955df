import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { TOKENS_VERSION, tokensOf } from '../../src/domain/tokens.ts';

const SAME: readonly (readonly [why: string, text: string, query: string])[] = [
  ['sharp s and ss', 'Straße', 'STRASSE'],
  ['capital sharp s', 'STRAẞE', 'strasse'],
  ['final and inner sigma', 'ΟΔΟΣ', 'οδος'],
  ['final sigma within a longer word', 'ΟΔΟΣ', 'οδοσ'],
  ['dotted capital I', 'İSTANBUL', 'istanbul'],
  ['a ligature', 'oﬃce', 'OFFICE'],
  ['a soft hyphen', 'con\u00adtract', 'contract'],
  ['a zero width joiner and space', 'con\u200dtr\u200bact', 'contract'],
  ['a byte order mark', '\ufeffcontract', 'contract'],
  ['fullwidth letters', 'ＡＢ', 'ab'],
  ['Armenian ligature', 'և', 'ԵՒ'],
];
it.each(SAME)('%s give the same search tokens', (_why, text, query) => {
  expect(tokensOf(text)).toEqual(tokensOf(query));
  expect(tokensOf(text)).toHaveLength(1);
});

const found = (text: string, query: string): boolean => {
  const tokens = new Set(tokensOf(text));
  return tokensOf(query).every((token) => tokens.has(token));
};
it.each([
  ['東京都庁の工事', '東京'],
  ['東京都庁の工事', '工事'],
  ['東京都庁の工事', '工'],
  ['カタカナ', 'タカ'],
  ['서울특별시', '특별'],
  ['สัญญาก่อสร้าง', 'ก่อสร้าง'],
  ['iPhone東京', 'iphone'],
  ['iPhone東京', '東京'],
])('the text %s is found by %s', (text, query) => {
  expect(found(text, query)).toBe(true);
});

it.each([
  ['東京都', '京東'],
  ['東都', '東京'],
  ['contract', 'con'],
  ['con tract', 'contract'],
])('the text %s is not found by %s', (text, query) => {
  expect(found(text, query)).toBe(false);
});

it('tokens are unchanged if they are tokenized again', () => {
  const text = 'Straße İSTANBUL ΟΔΟΣ oﬃce ŉ ǰ ΐ';
  const once = tokensOf(text);
  expect(tokensOf(once.join(' '))).toEqual(once);
});

it('TOKENS_VERSION changes whenever the tokens of any text change', () => {
  const texts = [
    ...SAME.flatMap(([, text, query]) => [text, query]),
    '東京都庁の工事',
    '서울특별시',
    'โครงการสะพาน',
    'a/b 3.14',
  ];
  const hash = createHash('sha256')
    .update(JSON.stringify([...texts, 'x'.repeat(150)].map(tokensOf)))
    .digest('hex');
  // Stored tokens are recomputed only if the version increases: change both together.
  expect([TOKENS_VERSION, hash]).toEqual([2, 'be9fd564787d5acf238ed46eab9cbba190eed7b97c3c61b4f95ca18273079705']);
});
