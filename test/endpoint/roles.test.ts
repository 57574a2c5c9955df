import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { COUNTS } from '../counts.ts';
import { bearer, endpointOn, ROOT_TOKEN } from '../support/endpoint.ts';
import { checked } from '../support/random.ts';
import { documentOf } from '../support/randomDocument.ts';
import { valuesOf } from '../support/randomValues.ts';

const endpoint = endpointOn();
/** Matches an internal error or details of the machine. */
const LEAKS = /INTERNAL_SERVER_ERROR|\\n\s+at |node_modules|\/src\/|sqlstate|call stack|RangeError|TypeError/i;
const choices = fc.array(fc.nat(), { minLength: 20, maxLength: 120 });

it('a valid operation with any values returns data or a coded error for every role', async () => {
  const { url, houses, faults } = endpoint();
  const [own, other] = houses;
  const tokens = [ROOT_TOKEN, own.admin, own.reader, other.admin, other.reader];
  const ids = houses.flatMap((house) => house.ids);
  let answered = 0;
  await checked(
    COUNTS.requests,
    fc.asyncProperty(choices, fc.constantFrom(...tokens), fc.boolean(), async (chosen, token, streams) => {
      const query = documentOf(chosen).replaceAll('"a"', () => JSON.stringify(ids[(chosen[0] ?? 0) % ids.length]));
      const headers = {
        'content-type': 'application/json',
        ...(streams && { accept: 'text/event-stream' }),
        ...bearer(token),
      };
      const body = JSON.stringify({ query, variables: valuesOf(chosen, ids) });
      const response = await fetch(url, { method: 'POST', headers, body });
      const text = await response.text();
      expect([response.status < 500, faults.splice(0)]).toEqual([true, []]);
      expect(text).not.toMatch(LEAKS);
      const result = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text) as { readonly errors?: readonly object[] };
      for (const error of result.errors ?? []) expect(error).toHaveProperty('extensions.code');
      if (!result.errors) answered += 1;
    }),
  );
  expect(answered).toBeGreaterThan(COUNTS.requests / 10);
});
