import { expect, it } from 'vitest';
import { chooseMediaType } from '../../src/server/mediaTypes.ts';

const JSON_TYPE = 'application/json';
const GRAPHQL = 'application/graphql-response+json';
const EVENTS = 'text/event-stream';
const OFFERS = [JSON_TYPE, GRAPHQL, EVENTS];

const CASES: readonly (readonly [accept: string | null, chosen: string | undefined])[] = [
  [null, JSON_TYPE],
  ['*/*', JSON_TYPE],
  ['application/*', JSON_TYPE],
  ['text/*', EVENTS],
  [GRAPHQL, GRAPHQL],
  [`${GRAPHQL}, ${JSON_TYPE}`, GRAPHQL],
  [`${JSON_TYPE}, ${GRAPHQL}`, JSON_TYPE],
  [`${JSON_TYPE};q=0.5, ${GRAPHQL};q=0.9`, GRAPHQL],
  [`${GRAPHQL};q=0.1, */*;q=0.8`, JSON_TYPE],
  [`${GRAPHQL};q=0, */*`, JSON_TYPE],
  [`${JSON_TYPE};q=0, */*`, GRAPHQL],
  [`${JSON_TYPE};q=0, ${GRAPHQL};q=0.0, */*;q=0.1`, EVENTS],
  ['*/*;q=0', undefined],
  ['application/*;q=0, */*;q=0', undefined],
  ['application/*;q=0, application/json;q=0.1', JSON_TYPE],
  ['text/html', undefined],
  ['image/png, text/html;q=0.9', undefined],
  ['text/html, */*;q=0.1', JSON_TYPE],
  ['APPLICATION/JSON ; Q=1', JSON_TYPE],
  ['application/json; charset=utf-8', JSON_TYPE],
  ['application/json; charset="UTF-8"', JSON_TYPE],
  ['application/json; charset=utf-16', undefined],
  [`application/json; charset=utf-16, ${GRAPHQL}`, GRAPHQL],
  [`${EVENTS}, ${JSON_TYPE}`, EVENTS],
  ['', JSON_TYPE],
  [',,,', undefined],
  ['application/json;q=x', JSON_TYPE],
  ['application/json;q=7', JSON_TYPE],
  [`${'text/html,'.repeat(10_000)}${JSON_TYPE}`, undefined],
];

it.each(CASES)('the Accept header %j selects %j', (accept, chosen) => {
  expect(chooseMediaType(accept, OFFERS)).toBe(chosen);
});
