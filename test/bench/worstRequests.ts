import { LIMITS } from '../../src/domain/limits.ts';
import { DEFAULTS } from '../../src/settings.ts';
import { costOfText } from '../server/estimates.ts';
import type { Filled } from './worstRows.ts';

/** The most expensive allowed request of its kind. */
export interface WorstRequest {
  readonly name: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Whether the request subscribes to the changes of positions until the first live one. */
  readonly isSubscription?: boolean;
}

const { aliases } = DEFAULTS.documents;
const { cost } = DEFAULTS.operations;

/** Returns the largest document that is still allowed. */
function largest(most: number, document: (count: number) => string, variables: object = {}): string {
  let [fits, over] = [0, most + 1];
  while (over - fits > 1) {
    const count = Math.floor((fits + over) / 2);
    if (costOfText(document(count), { ...variables }) <= cost) fits = count;
    else over = count;
  }
  return document(fits);
}

const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');
const LOCALES = 'en de fr it es pt nl pl cs sv da fi ja ko ar'.split(' ');
const MONEY = '{ amount currencyCode minorUnits }';
const EVENT = `id sequence fromState toState reason createdAt moved ${MONEY} actor { kind }`;
const POSITION = `id state version holderReference externalReference allowedTransitions expiresAt createdAt updatedAt
  amount ${MONEY} held ${MONEY} released ${MONEY} refunded ${MONEY} funded ${MONEY}`;
const BATCH = `mutation ($input: ApplyPositionsInput!) { applyPositions(input: $input) { ... on ApplyPositionsPayload {
  committed results { status position { ${POSITION} } event { id } error { code message } } } } }`;

const page = (field: string, rows: number, below: string): string => `${field}(first: ${rows}) { nodes { ${below} } }`;
/** Returns a query with the maximum number of rows in pages of 100 that are nested within another page. */
const pages = (below: string) => largest(100, (rows) => `{ ${page('positions', rows, page('events', 100, below))} }`);

export const worstRequests = ({ positionId, assetId, institutionId }: Filled): readonly WorstRequest[] => [
  { name: 'page in a page, all fields', query: pages(EVENT) },
  { name: 'page in a page, one field', query: pages('id') },
  {
    name: 'page in a page, aliases of scalars',
    query: pages(`id sequence fromState toState reason createdAt ${times(aliases, (index) => `a${index}: createdAt`)}`),
  },
  {
    name: 'positions within their asset',
    query: largest(100, (rows) => `{ ${page('positions', rows, `asset { ${page('positions', 100, POSITION)} }`)} }`),
  },
  {
    name: 'formatted in many locales',
    query: largest(
      100,
      (rows) =>
        `{ ${page('positions', rows, `asset { ${page('positions', 100, `amount { ${times(aliases, (index) => `a${index}: formatted(locale: "${LOCALES[index]}")`)} }`)} }`)} }`,
    ),
  },
  {
    name: 'formatted in one locale',
    query: largest(
      100,
      (rows) =>
        `{ ${page('positions', rows, `asset { ${page('positions', 100, `amount { ${times(aliases, (index) => `a${index}: formatted`)} }`)} }`)} }`,
    ),
  },
  {
    name: 'metadata many times',
    query: largest(
      10,
      (rows) =>
        `{ ${page('positions', rows, `asset { ${page('positions', 100, 'asset { a: metadata b: metadata c: metadata d: metadata e: metadata }')} }`)} }`,
    ),
  },
  { name: 'metadata of 100 rows', query: `{ ${page('assets', 100, 'id label metadata')} }` },
  { name: 'audit events with payload', query: `{ ${page('auditEvents', 100, 'id action payload')} }` },
  {
    name: 'messages with bodies',
    query: largest(100, (rows) => `{ ${page('chatSessions', rows, page('messages', 100, 'body'))} }`),
  },
  {
    name: 'searches',
    query: `{ ${times(aliases, (index) => `a${index}: chatSessions(first: 100, filter: { search: "pier word ${index}" }) { totalCount nodes { id } }`)} }`,
  },
  {
    name: 'totals of 100,000 positions',
    query: largest(
      aliases,
      (count) => `{ ${times(count, (index) => `a${index}: positionTotals { count byState { count } }`)} }`,
    ),
  },
  {
    name: 'totals of 100,000 positions, filtered',
    query: largest(
      aliases,
      (count) =>
        `{ ${times(count, (index) => `a${index}: positionTotals(filter: { amount: { gte: "${index}" } }) { count }`)} }`,
    ),
  },
  {
    name: 'counts of 100,000 positions, filtered',
    query: largest(
      aliases,
      (count) =>
        `{ ${times(count, (index) => `a${index}: positions(first: 0, filter: { amount: { gte: "0.0${index + 10}" } }) { totalCount }`)} }`,
    ),
  },
  {
    name: 'counts within pages',
    query: largest(
      100,
      (rows) =>
        `{ ${page('positions', rows, 'asset { positions(first: 0, filter: { amount: { gte: "0.01" } }) { totalCount } }')} }`,
    ),
  },
  {
    name: 'totals within pages',
    query: largest(100, (rows) => `{ ${page('positions', rows, 'asset { positionTotals { count } }')} }`),
  },
  {
    name: 'unread counts',
    query: largest(
      100,
      (rows) =>
        `{ chatSessions(first: ${rows}) { nodes { ${times(aliases, (index) => `a${index}: unreadCount(participantReference: "p${index}")`)} } } }`,
    ),
  },
  {
    name: 'batch of 1,000',
    query: BATCH,
    variables: {
      input: {
        operations: Array.from({ length: LIMITS.listInputs }, (_, index) => ({
          create: { assetId, holderReference: `h${index}`, amount: { amount: '1.00', currencyCode: 'USD' } },
        })),
      },
    },
  },
  {
    name: 'batches by aliases',
    query: largest(
      aliases,
      (count) =>
        `mutation ($input: ApplyPositionsInput!) { ${times(Math.max(count, 1), (index) => `a${index}: applyPositions(input: $input) { __typename }`)} }`,
      {
        input: { operations: Array.from({ length: 1_000 }, () => ({ transition: { positionId, toState: 'FUNDED' } })) },
      },
    ),
    variables: {
      input: {
        operations: Array.from({ length: LIMITS.listInputs }, (_, index) => ({
          create: { assetId, holderReference: `h${index}`, amount: { amount: '1.00', currencyCode: 'USD' } },
        })),
      },
    },
  },
  {
    name: 'assets with metadata by aliases',
    query: `mutation ($input: CreateAssetInput!) { ${times(aliases, (index) => `a${index}: createAsset(input: $input) { ... on CreateAssetPayload { asset { metadata } } }`)} }`,
    variables: { input: { templateId: '', label: 'l', metadata: { a: 'x'.repeat(60_000) } } },
  },
  {
    name: 'largest body, one text',
    query: 'mutation ($input: CreateAssetInput!) { createAsset(input: $input) { __typename } }',
    variables: { input: { templateId: '', label: 'l', metadata: { a: 'x'.repeat(1_000_000) } } },
  },
  {
    name: 'largest body, many keys',
    query: 'mutation ($input: CreateAssetInput!) { createAsset(input: $input) { __typename } }',
    variables: {
      input: {
        templateId: '',
        label: 'l',
        metadata: Object.fromEntries(Array.from({ length: 80_000 }, (_, index) => [`k${index}`, 1])),
      },
    },
  },
  {
    name: 'introspection',
    query: `{ __schema { types { name description fields { name description args { name description type { name ofType { name } } }
      type { name description fields { name description type { name description ${times(6, (index) => `d${index}: description`)} } } } } } } }`,
  },
  {
    name: 'subscription event',
    query: `subscription { positionChanged(institutionId: "${institutionId}") { kind position { asset {
      ${page('positions', 100, `metadata ${POSITION} asset { metadata }`)} } } } }`,
    isSubscription: true,
  },
];
