import { beforeAll, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { errorOf, recordOf } from '../support/answers.ts';
import { type Deal, fundedPosition, makeDeal } from '../support/deal.ts';
import { serve, type TestServer } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import { CreatePositionDocument, ReleasePositionDocument, TransitionPositionDocument } from './documents/graphql.ts';

const long = (characters: number, of = 'a'): string => of.repeat(characters);

onBothStores((open) => {
  let store: Store;
  let server: TestServer;
  let deal: Deal;
  let funded: string;
  let before: unknown;
  beforeAll(async () => {
    store = await open();
    server = serve(store);
    deal = await makeDeal(server);
    funded = (await fundedPosition(server, deal)).id;
    before = await recordOf(store);
  });
  const nothingWritten = async () => expect(await recordOf(store)).toEqual(before);
  const position = (patch: object) => ({
    input: { assetId: deal.assetId, holderReference: 'h', amount: { amount: '1.00', currencyCode: 'USD' }, ...patch },
  });

  it.each<readonly [string, unknown, RegExp]>([
    ['a number', { amount: { amount: 1250, currencyCode: 'USD' } }, /A Decimal must be a string/],
    ['a number with a fraction', { amount: { amount: 0.1, currencyCode: 'USD' } }, /would be rounded/],
    ['a number beyond the range', { amount: { amount: 1e300, currencyCode: 'USD' } }, /A Decimal must be a string/],
    ['a boolean', { amount: { amount: true, currencyCode: 'USD' } }, /A Decimal must be a string/],
    ['a list', { amount: { amount: ['1'], currencyCode: 'USD' } }, /A Decimal must be a string/],
    ['no amount', { amount: { currencyCode: 'USD' } }, /"Decimal!" was not provided/],
    ['null as the amount', { amount: null }, /not to be null/],
    ['a number as the currency', { amount: { amount: '1', currencyCode: 840 } }, /three capital letters/],
    ['an expiry without a zone', { expiresAt: '2027-01-01T00:00:00' }, /RFC 3339 time with its time zone/],
    ['a date as the expiry', { expiresAt: '2027-01-01' }, /RFC 3339/],
    ['an expiry on February 29 of a common year', { expiresAt: '2027-02-29T00:00:00Z' }, /RFC 3339/],
    ['a number as the expiry', { expiresAt: 1_900_000_000_000 }, /RFC 3339/],
    ['an expiry of 1 MB', { expiresAt: long(1_000_000) }, /RFC 3339/],
    ['an expiry with NUL', { expiresAt: '2027-01-01T00:00:00Z\u0000' }, /RFC 3339/],
    ['a list as metadata', { metadata: [] }, /A JSONObject must be a JSON object/],
    ['a string as metadata', { metadata: '{}' }, /A JSONObject must be a JSON object/],
    ['a number as a string', { holderReference: 5 }, /String cannot represent/],
    ['a list as an id', { assetId: ['x'] }, /ID cannot represent/],
    ['an object of 900 KB as an id', { assetId: { is: long(900_000) } }, /got invalid value/],
    ['an unknown field', { colour: 'red' }, /"colour" is not defined/],
    ['an unknown field name of 900 KB', { [long(900_000)]: 1 }, /is not defined/],
    ['a field named __proto__', JSON.parse('{"__proto__": {}}') as object, /"__proto__" is not defined/],
  ])('variables with %s are BAD_USER_INPUT', async (_what, patch, sentence) => {
    const { code, message, answer } = await errorOf(server, CreatePositionDocument, position({ ...(patch as object) }));
    expect(code).toBe('BAD_USER_INPUT');
    expect(message).toMatch(sentence);
    expect(answer.data ?? null).toBeNull();
    await nothingWritten();
  });

  it.each<readonly [string, object]>([
    ['an unknown state', { toState: 'DONE' }],
    ['a state in lower case', { toState: 'funded' }],
    ['a state of 1 MB', { toState: long(1_000_000) }],
    ['a version beyond 32 bits', { toState: 'CANCELLED', expectedVersion: 2 ** 31 }],
    ['a fractional version', { toState: 'CANCELLED', expectedVersion: 1.5 }],
    ['a version as a string', { toState: 'CANCELLED', expectedVersion: '1' }],
  ])('a transition with %s is BAD_USER_INPUT', async (_what, patch) => {
    const input = { positionId: funded, ...patch };
    expect(await errorOf(server, TransitionPositionDocument, { input })).toMatchObject({ code: 'BAD_USER_INPUT' });
    await nothingWritten();
  });

  it('missing variables are BAD_USER_INPUT', async () => {
    for (const variables of [{}, { input: null }, null]) {
      expect(await errorOf(server, ReleasePositionDocument, variables)).toMatchObject({ code: 'BAD_USER_INPUT' });
    }
  });
});
