import * as fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { COUNTS, SEED } from '../counts.ts';
import { brokenRequests } from '../support/brokenRequest.ts';
import { endpointOn, post, ROOT_TOKEN } from '../support/endpoint.ts';
import { checked } from '../support/random.ts';
import { bytesOf, type RawAnswer, sendRaw } from '../support/rawHttp.ts';

const endpoint = endpointOn({
  documents: { tokens: 1_000, depth: 10, aliases: 15, directives: 8, introspection: 'root' },
});
const statuses = new Map<number, number>();
afterAll(() =>
  process.stdout.write(`Seed ${SEED}; answers by status: ${JSON.stringify(Object.fromEntries(statuses))}\n`),
);

/** Matches details of the machine: a stack trace, a file, a driver or its database. */
const LEAKS =
  /\\n\s+at |node_modules|\bat \S+:\d+|\/src\/|sqlstate|call stack|RangeError|TypeError|INTERNAL_SERVER_ERROR/i;

/** Checks what is true of every response. */
function mustBeClean({ status, head, body, broken }: RawAnswer): void {
  expect([broken, endpoint().faults.splice(0)]).toEqual([undefined, []]);
  expect(head).toMatch(/^HTTP\/1\.1 [2-4]\d\d /);
  expect(body).not.toMatch(LEAKS);
  // Node rejects malformed HTTP itself, without a body from the server.
  const isErrorResult = /content-type: application\/(json|graphql)/i.test(head) && body.includes('"errors":[');
  expect(!isErrorResult || /"code":"[A-Z_]+"/.test(body)).toBe(true);
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
}

it('a malformed request is rejected without an effect on others', async () => {
  expect.hasAssertions();
  const { url, houses } = endpoint();
  await checked(
    COUNTS.requests,
    fc.asyncProperty(brokenRequests(houses, ROOT_TOKEN), async (request) =>
      mustBeClean(await sendRaw(url, bytesOf(request))),
    ),
  );
});

it.each(['\u00c3', 'a b', '[', '[::1', 'a:b', 'a:123456', '%', 'a/b', '@', 'xn--', '\u0001'])(
  'a malformed Host header is rejected with 400 and no stack trace: %j',
  async (host) => {
    const headers = [
      ['Authorization', `Bearer ${ROOT_TOKEN}`],
      ['Host', host],
    ] as const;
    const body = Buffer.from('{"query":"{ __typename }"}');
    const answer = await sendRaw(
      endpoint().url,
      bytesOf({ method: 'POST', path: '/graphql', headers, body, hasContentLength: true }),
    );
    expect(answer.status).toBe(400);
    mustBeClean(answer);
  },
);

it('the server still responds after all malformed requests', async () => {
  const { url, houses } = endpoint();
  const response = await post(url, houses[0].reader, { query: '{ lifecycle { state } }' });
  expect(await response.text()).toContain('"state":"CREATED"');
});
