import { expect, it } from 'vitest';
import {
  asset,
  type Case,
  long,
  type Mutation,
  position,
  refusesAll,
  template,
  tryOn,
  type World,
} from '../support/badInput.ts';
import { START } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import {
  CancelPositionDocument,
  CreateAssetDocument,
  CreateAssetTemplateDocument,
  CreatePositionDocument,
  ExpirePositionDocument,
  FundPositionDocument,
  ReleasePositionDocument,
  TransitionPositionDocument,
} from './documents/graphql.ts';

const CASES: readonly Case[] = [
  [
    'an expiry equal to the current time',
    CreatePositionDocument,
    position({ expiresAt: new Date(START).toISOString() }),
    'expiresAt',
    /future/,
  ],
  [
    'an expiry in the past',
    CreatePositionDocument,
    position({ expiresAt: '0001-01-01T00:00:00Z' }),
    'expiresAt',
    /future/,
  ],
];

const MALFORMED = [
  '',
  'x',
  '\u0000',
  '\ud800',
  '__proto__',
  'pos_0',
  'pos_00000000000000000000000000',
  long(1_000_000),
];
const positionId = (id: string) => () => ({ positionId: id });

/** The id arguments of each mutation, and the prefix of their type. */
const IDS: readonly (readonly [
  what: string,
  document: Mutation,
  input: (id: string) => (world: World) => object,
  path: string,
  type: string,
])[] = [
  ['institution', CreateAssetTemplateDocument, (id) => template({ institutionId: id }), 'institutionId', 'inst'],
  ['institution of an asset', CreateAssetDocument, (id) => asset({ institutionId: id }), 'institutionId', 'none'],
  [
    'institution of a position',
    CreatePositionDocument,
    (id) => position({ institutionId: id }),
    'institutionId',
    'none',
  ],
  ['template', CreateAssetDocument, (id) => asset({ templateId: id }), 'templateId', 'tmpl'],
  ['asset', CreatePositionDocument, (id) => position({ assetId: id }), 'assetId', 'ast'],
  ['position to fund', FundPositionDocument, positionId, 'positionId', 'pos'],
  ['position to release', ReleasePositionDocument, (id) => () => ({ positionId: id, all: true }), 'positionId', 'pos'],
  ['position to cancel', CancelPositionDocument, positionId, 'positionId', 'pos'],
  ['position to expire', ExpirePositionDocument, positionId, 'positionId', 'pos'],
  [
    'position to transition',
    TransitionPositionDocument,
    (id) => () => ({ positionId: id, toState: 'FUNDED' }),
    'positionId',
    'pos',
  ],
];

onBothStores((open) => {
  refusesAll(open, CASES);

  const { refused, world } = tryOn(open);
  it.each(IDS)(
    'the id of the %s is reported as not found if it is unknown or malformed',
    async (_what, document, input, path, type) => {
      const { deal, other, funded } = world();
      const real = [other.institution.id, deal.templateId, deal.assetId, funded].filter((id) => !id.startsWith(type));
      for (const id of [...MALFORMED, ...real]) {
        const { code, path: at } = await refused(document, input(id)(world()));
        expect([id.slice(0, 40), code, at]).toEqual([id.slice(0, 40), 'NOT_FOUND', [path]]);
      }
    },
  );
});
