import { asset, type Case, institution, long, move, position, refusesAll, template } from '../support/badInput.ts';
import { onBothStores } from '../support/stores.ts';
import {
  CancelPositionDocument,
  CreateAssetDocument,
  CreateAssetTemplateDocument,
  CreateInstitutionDocument,
  CreatePositionDocument,
  ExpirePositionDocument,
  FundPositionDocument,
  TransitionPositionDocument,
} from './documents/graphql.ts';

const deep = (levels: number): object => (levels === 1 ? {} : { in: deep(levels - 1) });

const TEXTS: readonly (readonly [what: string, text: string, sentence: RegExp])[] = [
  ['blank text', ' \t\n', /must not be blank/],
  ['201 characters', long(201), /at most 200 characters/],
  ['201 characters of two UTF-16 units', long(201, '🏗'), /at most 200 characters/],
  ['a text of 1 MB', long(1_000_000), /at most 200 characters/],
  ['NUL', 'a\u0000b', /control characters/],
  ['DEL', 'a\u007fb', /control characters/],
  ['a lone high surrogate', 'a\ud800', /unpaired surrogates/],
  ['a lone low surrogate', '\udc00a', /unpaired surrogates/],
];
const OBJECTS: readonly (readonly [what: string, object: object, sentence: RegExp])[] = [
  ['of 65 KB', { text: long(65 * 1024) }, /at most 65536 bytes/],
  ['of 65 KB in UTF-8 but not in UTF-16', { text: long(33 * 1024, 'ü') }, /at most 65536 bytes/],
  ['11 deep', deep(11), /at most 10 levels/],
  ['11 deep in lists', { in: [[[[[[[[[[]]]]]]]]]] }, /at most 10 levels/],
  ['1,000 deep', deep(1_000), /at most 10 levels/],
  ['with __proto__', { inner: { ['__proto__']: { admin: true } } }, /must not contain the key "__proto__"/],
  ['with NUL', { list: ['\u0000'] }, /control characters/],
  ['with NUL in a key', { 'a\u0000': 1 }, /control characters/],
  ['with a lone surrogate', { text: '\ud800' }, /unpaired surrogates/],
  ['with a lone surrogate in a key', { '\udfff': 1 }, /unpaired surrogates/],
];

const CASES: readonly Case[] = [
  ...TEXTS.flatMap(([what, text, sentence]): Case[] => [
    [`the name of an institution: ${what}`, CreateInstitutionDocument, institution({ name: text }), 'name', sentence],
    [`the name of a template: ${what}`, CreateAssetTemplateDocument, template({ name: text }), 'name', sentence],
    [`the label of an asset: ${what}`, CreateAssetDocument, asset({ label: text }), 'label', sentence],
    [
      `a holder reference: ${what}`,
      CreatePositionDocument,
      position({ holderReference: text }),
      'holderReference',
      sentence,
    ],
    [
      `an external reference: ${what}`,
      CreatePositionDocument,
      position({ externalReference: text }),
      'externalReference',
      sentence,
    ],
  ]),
  ...OBJECTS.flatMap(([what, metadata, sentence]): Case[] => [
    [`a config ${what}`, CreateAssetTemplateDocument, template({ config: metadata }), 'config', sentence],
    [`the metadata of an asset ${what}`, CreateAssetDocument, asset({ metadata }), 'metadata', sentence],
    [`the metadata of a position ${what}`, CreatePositionDocument, position({ metadata }), 'metadata', sentence],
    [`the metadata of a move ${what}`, CancelPositionDocument, move({ metadata }), 'metadata', sentence],
  ]),
  [
    'a reason of 1,001 characters',
    FundPositionDocument,
    ({ created }) => ({ positionId: created, reason: long(1001) }),
    'reason',
    /at most 1000/,
  ],
  ['a reason of 1 MB', ExpirePositionDocument, move({ reason: long(1_000_000) }), 'reason', /at most 1000/],
  ['a reason with NUL', CancelPositionDocument, move({ reason: '\u0000' }), 'reason', /control characters/],
  [
    'a reason with an unpaired surrogate',
    TransitionPositionDocument,
    move({ toState: 'CANCELLED', reason: '\ud83d' }),
    'reason',
    /unpaired surrogates/,
  ],
];

onBothStores((open) => refusesAll(open, CASES));
