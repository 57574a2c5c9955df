import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { LONGEST } from './longestFiles.ts';

it('every file in the list of the longest files exists, once', () => {
  const root = new URL('../../', import.meta.url);
  expect(LONGEST.filter((file) => !existsSync(fileURLToPath(new URL(file, root))))).toEqual([]);
  expect(new Set(LONGEST).size).toBe(LONGEST.length);
});
