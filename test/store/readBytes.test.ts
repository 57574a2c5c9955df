import { expect, it } from 'vitest';
import { LIMITS } from '../../src/domain/limits.ts';
import { DeadlineExceededError } from '../../src/store/errors.ts';
import { openPostgres } from '../support/stores.ts';
import { aDeal, anAsset, keep } from './rows.ts';

const MEBIBYTE = 1024 * 1024;
const ASSETS = 1_540;

it('many rows are read in parts, and one request that reads more than 64 MiB fails with DeadlineExceededError', async () => {
  let statements = 0;
  const store = await openPostgres(({ text }) => void (statements += text.includes('from assets') ? 1 : 0));
  const { institution, template } = aDeal();
  await keep(store, { institutions: [institution], assetTemplates: [template] });
  const metadata = { text: 'm'.repeat(LIMITS.jsonBytes - 100) };
  const assets = Array.from({ length: ASSETS }, () => anAsset(template, { metadata }));
  for (let from = 0; from < ASSETS; from += 100) await keep(store, { assets: assets.slice(from, from + 100) });
  const ids = assets.map(({ id }) => id);
  const until = { remainingMs: () => 60_000 };
  statements = 0;
  expect(await store.read('ALL', until).assets.byIds(ids.slice(0, 200))).toHaveLength(200);
  expect(statements).toBe(1);
  statements = 0;
  const before = process.memoryUsage().rss;
  await expect(store.read('ALL', until).assets.byIds(ids)).rejects.toThrow(DeadlineExceededError);
  expect(statements).toBe(2);
  const more = (process.memoryUsage().rss - before) / MEBIBYTE;
  process.stdout.write(
    `${ASSETS} rows of 64 KiB asked for: refused after ${statements} statements, ${more.toFixed(0)} MiB more\n`,
  );
  // Another request has a separate limit.
  expect(await store.read('ALL', until).assets.byIds(ids.slice(0, 3))).toHaveLength(3);
});
