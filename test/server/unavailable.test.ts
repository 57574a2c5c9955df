import { expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { houseOf, post, ROOT_TOKEN } from '../support/endpoint.ts';
import { atAddress } from '../support/limited.ts';
import { openProxiedStore } from '../support/proxiedStore.ts';
import { serve } from '../support/server.ts';

const POSITION = 'query ($id: ID!) { position(id: $id) { state institution { name } } }';
const FUND = `mutation ($id: ID!) { fundPosition(input: { positionId: $id, idempotencyKey: "f" }) {
  ... on FundPositionPayload { position { state } } ... on UserError { code } } }`;
/** A query is compiled after three executions. */
const TIMES = 4;

it('without the database every client gets the same 503, whatever its API key, its document and the way it is executed', async () => {
  const { store, proxy } = await openProxiedStore();
  const { deal, admin, reader, ids } = await houseOf(serve(store));
  expect(deal.assetId).toBe(ids[2]);
  const [, , , id] = ids;
  const settings = { operationMs: 1_000 };
  const openUrl = async (fastPaths: boolean): Promise<string> =>
    atAddress(createApp({ store, rootToken: ROOT_TOKEN, settings, onInternalError: () => undefined, fastPaths }));
  const [direct, yoga, fresh] = [await openUrl(true), await openUrl(false), await openUrl(true)];
  for (let times = 0; times < TIMES; times += 1) {
    for (const url of [direct, yoga]) {
      const response = await post(url, admin, { query: POSITION, variables: { id } });
      expect([response.status, response.headers.get('retry-after')]).toEqual([200, null]);
    }
  }
  await proxy.away();
  const answers = await Promise.all(
    [
      ...[direct, yoga].flatMap((url) => [ROOT_TOKEN, admin].map((key) => ({ url, key, query: POSITION }))),
      { url: direct, key: admin, query: FUND },
      // This server has not seen the API key yet, and looks it up.
      { url: fresh, key: reader, query: POSITION },
    ].map(async ({ url, key, query }) => {
      const response = await post(url, key, { query, variables: { id } });
      return [response.status, response.headers.get('retry-after'), await response.text()];
    }),
  );
  const message = 'The service is temporarily unavailable. Try again with the same idempotency key.';
  const body = `{"errors":[{"message":"${message}","extensions":{"code":"SERVICE_UNAVAILABLE"}}]}`;
  expect(answers).toEqual(answers.map(() => [503, '1', body]));

  const both = await post(direct, ROOT_TOKEN, { query: `{ lifecycle { state } position(id: "${id}") { state } }` });
  expect(both.status).toBe(200);
  expect(await both.json()).toMatchObject({
    data: { lifecycle: expect.any(Array) as unknown, position: null },
    errors: [{ path: ['position'], extensions: { code: 'SERVICE_UNAVAILABLE' } }],
  });
  await proxy.back();
});
