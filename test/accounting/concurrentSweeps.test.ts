import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PositionLedgerDocument } from '../api/documents/graphql.ts';
import { COUNTS } from '../counts.ts';
import { call, countsOf, did, grownBy, opening, sceneOn, times } from '../support/accounting.ts';
import { makeDeal } from '../support/deal.ts';
import { type Answer, serve, type TestServer } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

const HOUR_MS = 3_600_000;
const at = (instant: number) => new Date(instant).toISOString();

interface Event {
  readonly id: string;
  readonly expiresAt: string;
}
interface Listed {
  readonly list: {
    readonly nodes: readonly { readonly id: string; readonly position: { readonly expiresAt: string } }[];
    readonly pageInfo: { readonly endCursor: string | null };
  };
}
const EVENTS = `query ($after: String, $first: Int) {
  list: ledgerEvents(first: $first, after: $after) { nodes { id position { expiresAt } } pageInfo { endCursor } }
}`;

/** The newest ledger events, each with the expiry of its position. Ids are in the order of writing. */
async function eventsOf(server: TestServer, count: number): Promise<Event[]> {
  const found: Event[] = [];
  let after: string | null = null;
  while (found.length < count) {
    const answer: Answer<Listed> = await server.ask<Listed>(EVENTS, {
      after,
      first: Math.min(100, count - found.length),
    });
    if (!answer.data) throw new Error(answer.text);
    const { nodes, pageInfo } = answer.data.list;
    found.push(...nodes.map(({ id, position: { expiresAt } }) => ({ id, expiresAt })));
    after = pageInfo.endCursor;
  }
  return found;
}

/** The document selects every field of each position, so a larger batch would cost too much. */
const PER_BATCH = 75;
async function inBatches(server: TestServer, operations: readonly object[]): Promise<void> {
  for (let start = 0; start < operations.length; start += PER_BATCH) {
    await did(server, 'applyPositions', { operations: operations.slice(start, start + PER_BATCH) });
  }
}

onBothStores((open) => {
  const scene = sceneOn(open);
  const openUntil = async (expiresAt: number): Promise<string> =>
    (await did(scene.server, 'createPosition', opening(scene.deal, { expiresAt: at(expiresAt) }))).position
      ?.id as string;
  const stateOf = async (id: string) => (await scene.server.run(PositionLedgerDocument, { id, first: 100 })).position;

  it('a sweep expires positions in the order of their expiry, in several batches', async () => {
    const { server, store } = scene;
    const due = 450;
    const hours = times(due, (n) => server.now + HOUR_MS + ((n * 7) % due) * 1_000);
    const operations = hours.map((hour) => ({ create: opening(scene.deal, { expiresAt: at(hour) }) }));
    await inBatches(server, operations);
    server.now += 2 * HOUR_MS;
    const before = await countsOf(store);
    expect(await server.app.expireDue()).toBe(due);
    expect((await countsOf(store)).lifecycleEvents).toBe(before.lifecycleEvents + due);
    const events = await eventsOf(server, due);
    const byId = events.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ expiresAt }) => expiresAt);
    expect(byId).toEqual(hours.toSorted((a, b) => a - b).map(at));
  });

  describe('predecessor mistake 15: positions never expired by themselves, and concurrent writers overwrote each other', () => {
    it('any number of servers expire each position exactly once', async () => {
      const { server, store } = scene;
      const deal = await makeDeal(server);
      const expiresAt = at(server.now + HOUR_MS);
      await inBatches(
        server,
        times(COUNTS.duePositions, () => ({ create: opening(deal, { expiresAt }) })),
      );
      server.now += HOUR_MS;
      const servers = times(COUNTS.sweepers, () => serve(store, { clock: () => server.now }));
      const grown = await grownBy(store, async () => {
        const expired = await Promise.all(servers.map(({ app }) => app.expireDue()));
        const rest = await server.app.expireDue();
        expect(expired.reduce((all, count) => all + count, rest)).toBe(COUNTS.duePositions);
      });
      const { duePositions: due } = COUNTS;
      expect(grown).toEqual({ lifecycleEvents: due, ledgerEvents: due, auditEvents: due });
    });

    it('a concurrent sweep and release take effect in one of the two orders, never both', async () => {
      const { server } = scene;
      const hour = server.now + HOUR_MS;
      const ids: string[] = [];
      for (const _each of times(20, () => 0)) {
        const id = await openUntil(hour);
        await did(server, 'fundPosition', { positionId: id });
        ids.push(id);
      }
      // The clock of the server that releases is slightly behind.
      const slow = serve(scene.store, { clock: () => hour - 1 });
      server.now = hour;
      const pay = ids.map((positionId) => call(slow, 'releasePosition', { positionId, amount: '40' }));
      const [replies] = await Promise.all([Promise.all(pay), server.app.expireDue()]);
      await server.app.expireDue();
      for (const [n, { code }] of replies.entries()) {
        const position = await stateOf(ids[n] as string);
        const paid = code === undefined;
        expect([code, position?.state]).toEqual([paid ? undefined : 'ILLEGAL_TRANSITION', 'EXPIRED']);
        expect(position).toMatchObject({
          released: { amount: paid ? '40.00' : '0.00' },
          refunded: { amount: paid ? '60.00' : '100.00' },
          version: paid ? 4 : 3,
        });
      }
    });

    it('a running server expires due positions by itself, and stops when it is stopped', async () => {
      const { server, store } = scene;
      const running = serve(store, { clock: () => server.now, settings: { sweepPauseMs: 10 } });
      const first = await openUntil(server.now + HOUR_MS);
      const second = await openUntil(server.now + 2 * HOUR_MS);
      running.app.start();
      server.now += HOUR_MS;
      await expect.poll(async () => (await stateOf(first))?.state, { timeout: 5_000 }).toBe('EXPIRED');
      await running.app.stop();
      server.now += HOUR_MS;
      await delay(50);
      expect((await stateOf(second))?.state).toBe('CREATED');
      running.app.start();
      await expect.poll(async () => (await stateOf(second))?.state, { timeout: 5_000 }).toBe('EXPIRED');
      await running.app.stop();
      expect(running.faults).toEqual([]);
    });
  });
});
