import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { isLatin1, ownText } from '../../src/domain/text.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { makeDeal } from '../support/deal.ts';
import { serve } from '../support/server.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const documents = 30;
const documentBytes = 900_000;

it('texts stored from a long document do not retain the document in memory', async () => {
  const server = serve(createMemoryStore());
  const { templateId } = await makeDeal(server);
  const create = async (index: number): Promise<void> => {
    const label = `A label of many characters, number ${index}`;
    const comment = `# ${'x'.repeat(documentBytes)}`;
    const { data } = await server.ask(
      `${comment}\nmutation { createAsset(input: { templateId: "${templateId}", label: "${label}" }) { ... on CreateAssetPayload { asset { label } } } }`,
    );
    expect(data).toEqual({ createAsset: { asset: { label } } });
  };
  await create(0);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let index = 1; index <= documents; index += 1) await create(index);
  collect();
  const grownMb = (process.memoryUsage().heapUsed - before) / 1e6;
  process.stdout.write(
    `${documents} documents of ${documentBytes} bytes: the heap grows by ${grownMb.toFixed(1)} MB\n`,
  );
  expect(grownMb).toBeLessThan((documents * documentBytes) / 1e6 / 3);
});

it.each([
  '',
  'short',
  'a text of more than thirteen',
  'Ж'.repeat(20),
  '\u{1f600}'.repeat(20),
  `\ud800${'x'.repeat(20)}`,
  '\u00ff'.repeat(20),
])('a copy of %j is the same text', (text) => {
  expect(ownText(text)).toBe(text);
});

it('a text is Latin-1 up to U+00FF', () => {
  expect([isLatin1('\u00ff'), isLatin1('\u0100'), isLatin1('')]).toEqual([true, false, true]);
});
