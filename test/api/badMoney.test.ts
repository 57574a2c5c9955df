import { type Case, cut, long, move, position, refusesAll } from '../support/badInput.ts';
import { onBothStores } from '../support/stores.ts';
import { CreatePositionDocument, ReleasePositionDocument, TransitionPositionDocument } from './documents/graphql.ts';

const AMOUNTS: readonly (readonly [text: string, sentence: RegExp])[] = [
  ['1.001', /at most 2 decimals/],
  ['0.00001', /at most 4 decimals/],
  [`1${'0'.repeat(24)}`, /at most 24 digits/],
  [`${'0'.repeat(24)}1`, /at most 24 digits/],
  [long(1_000_000, '9'), /at most 24 digits/],
  ['0', /greater than zero/],
  ['0.00', /greater than zero/],
  ...['-1.00', '+1', '1e3', ' 1', '1\n', '', '.5', '5.', '1,000.00', '1.0.0', '0x10', 'NaN', 'Infinity', '١٢'].map(
    (text) => [text, /plain decimal/] as const,
  ),
  ['1\u0000', /plain decimal/],
  ['\ud800', /plain decimal/],
];
const CURRENCIES = ['XXX', 'usd', '', 'USDX', 'US\u0000', '\ud800', '__proto__', long(1_000_000)];

const about = (amount: string, currencyCode = 'USD') => position({ amount: { amount, currencyCode } });

const CASES: readonly Case[] = [
  ...AMOUNTS.flatMap(([text, sentence]): Case[] => [
    [`a position of ${cut(text)}`, CreatePositionDocument, about(text), 'amount.amount', sentence],
    [`a release of ${cut(text)}`, ReleasePositionDocument, move({ amount: text }), 'amount', sentence],
    [
      `a transition of ${cut(text)}`,
      TransitionPositionDocument,
      move({ toState: 'PARTIALLY_RELEASED', amount: text }),
      'amount',
      sentence,
    ],
  ]),
  ...CURRENCIES.map(
    (code): Case => [
      `the currency ${cut(code)}`,
      CreatePositionDocument,
      about('1.00', code),
      'amount.currencyCode',
      /ISO 4217 currency code/,
    ],
  ),
  [
    'an amount in yen with decimals',
    CreatePositionDocument,
    about('1.5', 'JPY'),
    'amount.amount',
    /at most 0 decimals/,
  ],
  [
    'a partial release without an amount',
    TransitionPositionDocument,
    move({ toState: 'PARTIALLY_RELEASED' }),
    'amount',
    /is required/,
  ],
  ...['FUNDED', 'CANCELLED', 'EXPIRED'].map(
    (toState): Case => [
      `an amount of a transition to ${toState}`,
      TransitionPositionDocument,
      ({ created, funded }) => ({ positionId: toState === 'FUNDED' ? created : funded, toState, amount: '1' }),
      'amount',
      /not allowed here/,
    ],
  ),
  [
    'the whole held amount as a partial release',
    TransitionPositionDocument,
    move({ toState: 'PARTIALLY_RELEASED', amount: '100' }),
    'amount',
    /less than/,
  ],
  [
    'a part of the held amount as a full release',
    TransitionPositionDocument,
    move({ toState: 'RELEASED', amount: '99.99' }),
    'amount',
    /whole held amount/,
  ],
];

onBothStores((open) => refusesAll(open, CASES));
