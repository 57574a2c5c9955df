import { expect, it } from 'vitest';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { COUNTS } from '../counts.ts';
import { makeDeal } from '../support/deal.ts';
import { heldBytes } from '../support/heldBytes.ts';
import { serve } from '../support/server.ts';

const MEBIBYTE = 1024 * 1024;
/** The maximum growth of the memory in use once all caches are full. */
const GROWTH_BYTES = 10 * MEBIBYTE;
/** Every fourth document is sent so often that it is compiled. */
const COMPILED = { every: 4, times: 4 };

/** Returns a document that differs from those of other numbers. */
const documentOf = (number: number): string =>
  `query Document${number} { a${number}: positions(first: 1) { nodes { ...Fields } pageInfo { hasNextPage } } }
  fragment Fields on Position { id state version createdAt holderReference amount { amount } held { amount }
    asset { label template { id code } } institution { name } events(first: 2) { nodes { sequence toState } } }`;

it('the memory in use does not grow with the number of different documents', async () => {
  const server = serve(createMemoryStore());
  await makeDeal(server);
  const send = async (from: number, to: number): Promise<number> => {
    for (let number = from; number < to; number += 1) {
      const times = number % COMPILED.every === 0 ? COMPILED.times : 1;
      for (let time = 0; time < times; time += 1) {
        const { errors, data } = await server.ask(documentOf(number));
        expect(errors).toBeUndefined();
        expect(Object.keys(data ?? {})).toEqual([`a${number}`]);
      }
    }
    return heldBytes();
  };
  // After half of them, more documents were sent than the caches keep, and more were compiled.
  const half = COUNTS.differentDocuments / 2;
  const full = await send(0, half);
  const last = await send(half, 2 * half);
  process.stdout.write(
    `${2 * half} different documents: ${(full / MEBIBYTE).toFixed(1)} MiB after half of them, ${(last / MEBIBYTE).toFixed(1)} MiB at the end\n`,
  );
  expect(last - full).toBeLessThan(GROWTH_BYTES);
});
