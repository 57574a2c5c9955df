import { beforeAll, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { recordOf, send } from '../support/answers.ts';
import { fundedPosition, makeDeal } from '../support/deal.ts';
import { serve, type TestServer } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import { LifecycleDocument } from './documents/graphql.ts';

const JSON_BODY = { method: 'POST', headers: { 'content-type': 'application/json' } } as const;
/** The header that a GET requires. */
const ASKED = { 'graphql-require-preflight': '1' };
const long = (characters: number, of = 'a'): string => of.repeat(characters);

onBothStores((open) => {
  let store: Store;
  let server: TestServer;
  let funded: string;
  let before: unknown;
  beforeAll(async () => {
    store = await open();
    server = serve(store);
    funded = (await fundedPosition(server, await makeDeal(server))).id;
    before = await recordOf(store);
  });
  const nothingWritten = async () => expect(await recordOf(store)).toEqual(before);

  it.each<readonly [string, Parameters<typeof send>[1], RegExp]>([
    ['invalid JSON', { ...JSON_BODY, body: '{"query":' }, /JSON/],
    ['an empty body', { ...JSON_BODY, body: '' }, /\S/],
    ['a JSON string', { ...JSON_BODY, body: '"{ lifecycle { state } }"' }, /\S/],
    ['null', { ...JSON_BODY, body: 'null' }, /\S/],
    ['a batch', { ...JSON_BODY, body: '[{"query":"{ lifecycle { state } }"}]' }, /[Bb]atch/],
    ['no document', { ...JSON_BODY, body: '{}' }, /query/],
    ['a number as the document', { ...JSON_BODY, body: '{"query":5}' }, /query/i],
    [
      'a string as the variables',
      { ...JSON_BODY, body: '{"query":"{ lifecycle { state } }","variables":"{}"}' },
      /variables/i,
    ],
    [
      'a list as the variables',
      { ...JSON_BODY, body: '{"query":"{ lifecycle { state } }","variables":[]}' },
      /variables/i,
    ],
    ['an unknown parameter', { ...JSON_BODY, body: '{"query":"{ lifecycle { state } }","colour":1}' }, /colour/],
    [
      'an unknown operation',
      { ...JSON_BODY, body: '{"query":"query A { lifecycle { state } }","operationName":"B"}' },
      /operation/i,
    ],
    [
      'two operations and no operation name',
      { ...JSON_BODY, body: '{"query":"query A { lifecycle { state } } query B { lifecycle { state } }"}' },
      /operation/i,
    ],
    [
      'a number as the operation name',
      { ...JSON_BODY, body: '{"query":"{ lifecycle { state } }","operationName":1}' },
      /operation/i,
    ],
    [
      'another content type',
      { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{ lifecycle { state } }' },
      /\S/,
    ],
    ['a form', { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x--' }, /\S/],
    ['no content type', { method: 'POST', body: new Uint8Array([0, 255, 254]) }, /\S/],
    ['bytes that are not UTF-8', { ...JSON_BODY, body: new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]) }, /\S/],
    [
      'a body over 1 MiB',
      { ...JSON_BODY, body: JSON.stringify({ query: `{ lifecycle { state } } #${long(1_100_000)}` }) },
      /\S/,
    ],
    [
      'broken variables',
      { headers: ASKED, query: '?query={lifecycle{state}}&variables={"a":' },
      /`variables` must be a JSON object/,
    ],
    [
      'a list for variables by GET',
      { headers: ASKED, query: '?query={lifecycle{state}}&variables=[1]' },
      /`variables` must be a JSON object/,
    ],
    [
      'broken extensions',
      { headers: ASKED, query: '?query={lifecycle{state}}&extensions=x' },
      /`extensions` must be a JSON object/,
    ],
    ['no document by GET', { headers: ASKED, query: '?x=1' }, /\S/],
    ['PUT', { method: 'PUT', body: '{}' }, /\S/],
    ['DELETE', { method: 'DELETE' }, /\S/],
  ])('a request with %s is rejected with 4xx and a code', async (_what, init, sentence) => {
    const { status, errors } = await send(server, init);
    expect([status < 500, errors?.[0]?.message]).toEqual([true, expect.stringMatching(sentence)]);
    expect(errors?.[0]?.extensions?.code).toMatch(/^BAD_(REQUEST|USER_INPUT)$/);
    await nothingWritten();
  });

  it('a mutation by GET is rejected and executes nothing', async () => {
    const document = `mutation { cancelPosition(input: { positionId: "${funded}" }) { __typename } }`;
    const { status, errors } = await send(server, { headers: ASKED, query: `?query=${encodeURIComponent(document)}` });
    expect([status, errors?.[0]?.extensions?.code]).toEqual([405, 'BAD_REQUEST']);
    await nothingWritten();
  });

  it('GET and POST return the same successful response', async () => {
    const byGet = await send(server, {
      headers: ASKED,
      query: '?query={lifecycle{state allowedTransitions terminal}}',
    });
    expect(byGet.data).toEqual(await server.run(LifecycleDocument, {}));
  });
});
