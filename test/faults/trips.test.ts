import { expect, it } from 'vitest';
import type { Viewer } from '../../src/domain/viewer.ts';
import { type Deal, fundedPosition, makeDeal } from '../support/deal.ts';
import { isBegin, isCommitted, type Link, type Proxy } from '../support/proxy.ts';
import { hasNoFaults, proxied, release } from './given.ts';

const TRIPS_AT_MOST = 3;
const STATEMENTS_AT_MOST = 6;

it.each<[string, (deal: Deal) => Viewer]>([
  ["an institution's viewer", ({ institution }) => ({ role: 'ADMIN', institutionId: institution.id })],
  ['root', () => ({ role: 'ROOT' })],
])('a transition with its key, ledger and audit takes at most 3 round trips and 6 statements: %s', async (who, as) => {
  const statements: string[] = [];
  const { server, proxy } = await proxied(({ text }) => statements.push(text));
  const trips = countTrips(proxy);
  const deal = await makeDeal(server);
  const { id } = await fundedPosition(server, deal);
  server.viewer = as(deal);
  for (const idempotencyKey of ['first', 'second', 'third']) {
    trips.length = 0;
    statements.length = 0;
    const { told, result } = await release(server, { positionId: id, amount: '10', idempotencyKey });
    expect(told).toBe('ReleasePositionPayload');
    expect(result).toMatchObject({ replayed: false });
    expect(trips).toHaveLength(1);
    expect(trips[0]).toBeLessThanOrEqual(TRIPS_AT_MOST);
    expect(statements.length).toBeLessThanOrEqual(STATEMENTS_AT_MOST);
  }
  hasNoFaults(server);
  const figures = `${trips[0]} round trips, ${statements.length} statements beside BEGIN, set_config and COMMIT`;
  process.stdout.write(`A transition as ${who}: ${figures}.\n`);
});

/** Collects, of each transaction that writes, how many flights there were from BEGIN to COMMIT's answer. */
function countTrips(proxy: Proxy): number[] {
  const trips: number[] = [];
  const first = new Map<Link, number>();
  proxy.tap = {
    fromClient: (message, link) => {
      if (isBegin(message)) first.set(link, link.flights);
    },
    fromServer: (message, link) => {
      const begun = first.get(link);
      if (!isCommitted(message) || begun === undefined) return;
      trips.push(link.flights - begun + 1);
      first.delete(link);
    },
  };
  return trips;
}
