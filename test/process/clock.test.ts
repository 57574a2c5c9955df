import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { buildProgram, type Program, startProgram } from '../support/program.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let main: string;
beforeAll(async () => {
  main = await buildProgram();
});

/** Starts a server whose clock is ahead, on a machine whose other clocks are right. */
function startAhead(url: string, aheadMs: number): Program {
  const script = `const { now } = Date; Date.now = () => now() + ${aheadMs};`;
  const preload =
    aheadMs === 0 ? {} : { NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(script)}"` };
  return startProgram(main, {
    ...preload,
    STORE_BACKEND: 'postgres',
    DATABASE_URL: url,
    EXPIRY_SWEEP_INTERVAL_MS: '10',
  });
}

const ASSETS = '{ assets(first: 1) { nodes { id template { config } } } }';
const CREATE = `mutation ($input: CreatePositionInput!) { createPosition(input: $input) {
  ... on CreatePositionPayload { replayed position { id state updatedAt } } ... on UserError { code message } } }`;
const FUND = `mutation ($id: ID!) { fundPosition(input: { positionId: $id }) {
  ... on FundPositionPayload { position { state } } ... on UserError { code } } }`;
const STATE = 'query ($id: ID!) { position(id: $id) { state } }';

describe.each([
  ['an hour', HOUR_MS],
  ['31 days', 31 * DAY_MS],
])('a server whose clock is %s ahead', (_what, aheadMs) => {
  it('expires nothing early, runs no idempotency key twice, and is not ready', async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const [right, ahead] = [startAhead(database.url, 0), startAhead(database.url, aheadMs)];
    const assets = await right.ask(ASSETS);
    const [asset] = (assets.data as { assets: { nodes: { id: string; template: { config: { currency: string } } }[] } })
      .assets.nodes;
    const input = {
      assetId: asset?.id,
      holderReference: 'holder',
      amount: { amount: '1', currencyCode: asset?.template.config.currency },
      expiresAt: new Date(Date.now() + aheadMs / 2).toISOString(),
      idempotencyKey: 'once',
    };
    const created = await right.ask(CREATE, { input });
    const { position } = (created.data as { createPosition: { position: { id: string } } }).createPosition;
    expect(created.data).toMatchObject({ createPosition: { replayed: false } });
    expect((await ahead.ask(CREATE, { input })).data).toMatchObject({ createPosition: { replayed: true, position } });
    const other = await ahead.ask(CREATE, { input: { ...input, idempotencyKey: 'another' } });
    const { updatedAt } = (other.data as { createPosition: { position: { updatedAt: string } } }).createPosition
      .position;
    expect(Date.parse(updatedAt) - Date.now()).toBeLessThan(aheadMs / 2);
    // From its expiry on, a position can no longer be funded.
    expect((await ahead.ask(FUND, { id: position.id })).data).toEqual({
      fundPosition: { position: { state: 'FUNDED' } },
    });
    const ready = await fetch(new URL('/ready', await ahead.address));
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'unavailable', reason: 'clock_skewed' }]);
    await expect.poll(() => ahead.stdout(), { timeout: 10_000 }).toContain('"reason":"clock_skewed"');
    expect((await right.ask(STATE, { id: position.id })).data).toEqual({ position: { state: 'FUNDED' } });
    await Promise.all([right.stop(), ahead.stop()]);
  });
});
