import { expect, it } from 'vitest';
import type { Viewer } from '../../src/domain/viewer.ts';
import { type Deal, fundedPosition, makeDeal, openPosition } from '../support/deal.ts';
import { isBegin, isCommitted, type Link, type Proxy } from '../support/proxy.ts';
import { answered, hasNoFaults, proxied, release } from './fixtures.ts';

const TRIPS_AT_MOST = 3;
const STATEMENTS_AT_MOST = 6;
const FUND = 'mutation ($input: FundPositionInput!) { fundPosition(input: $input) { __typename } }';

it.each<[string, (deal: Deal) => Viewer]>([
  ['a viewer of an institution', ({ institution }) => ({ role: 'ADMIN', institutionId: institution.id })],
  ['root', () => ({ role: 'ROOT' })],
])(
  'a transition with its idempotency key, ledger and audit takes at most 3 round trips and 6 statements: %s',
  async (who, as) => {
    const statements: string[] = [];
    const { server, proxy } = await proxied(({ text }) => statements.push(text));
    const trips = countTrips(proxy);
    const deal = await makeDeal(server);
    const { id } = await fundedPosition(server, deal);
    server.viewer = as(deal);
    for (const idempotencyKey of ['first', 'second', 'third']) {
      trips.length = 0;
      statements.length = 0;
      const { typeOrCode, result } = await release(server, { positionId: id, amount: '10', idempotencyKey });
      expect(typeOrCode).toBe('ReleasePositionPayload');
      expect(result).toMatchObject({ replayed: false });
      expect(trips).toHaveLength(1);
      expect(trips[0]).toBeLessThanOrEqual(TRIPS_AT_MOST);
      expect(statements.length).toBeLessThanOrEqual(STATEMENTS_AT_MOST);
    }
    hasNoFaults(server);
    const figures = `${trips[0]} round trips, ${statements.length} statements beside BEGIN, set_config and COMMIT`;
    process.stdout.write(`A transition as ${who}: ${figures}.\n`);
  },
);

it('funding, which also reads the rules, takes at most 3 round trips', async () => {
  const statements: string[] = [];
  const { server, proxy } = await proxied(({ text }) => statements.push(text));
  const trips = countTrips(proxy);
  const deal = await makeDeal(server);
  for (const viewer of [{ role: 'ADMIN', institutionId: deal.institution.id }, { role: 'ROOT' }] as const) {
    const { id: positionId } = await openPosition(server, deal);
    server.viewer = viewer;
    trips.length = 0;
    statements.length = 0;
    const { typeOrCode } = await answered(server, FUND, { input: { positionId, idempotencyKey: viewer.role } });
    expect(typeOrCode).toBe('FundPositionPayload');
    expect(trips).toEqual([expect.any(Number)]);
    expect(trips[0]).toBeLessThanOrEqual(TRIPS_AT_MOST);
    expect(statements.length).toBeLessThanOrEqual(STATEMENTS_AT_MOST);
    const figures = `${trips[0]} round trips, ${statements.length} statements beside BEGIN, set_config and COMMIT`;
    process.stdout.write(`A funding as ${viewer.role}: ${figures}.\n`);
  }
  hasNoFaults(server);
});

/** Collects the round trips of each transaction that writes, from BEGIN to the response of COMMIT. */
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
