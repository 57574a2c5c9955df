import { expect, it } from 'vitest';
import type { Viewer } from '../../src/domain/viewer.ts';
import { type Deal, fundedPosition, makeDeal, openPosition } from '../support/deal.ts';
import { isBegin, isCommitted, type Link, type Proxy } from '../support/proxy.ts';
import { answered, hasNoFaults, proxied, release } from './fixtures.ts';

const TRIPS_AT_MOST = 3;
const STATEMENTS_AT_MOST = { release: 3, fund: 5 };
const FUND = 'mutation ($input: FundPositionInput!) { fundPosition(input: $input) { __typename } }';

it.each<[string, (deal: Deal) => Viewer]>([
  ['a viewer of an institution', ({ institution }) => ({ role: 'ADMIN', institutionId: institution.id })],
  ['root', () => ({ role: 'ROOT' })],
])(
  'a transition with its idempotency key, ledger and audit takes at most 3 round trips and 3 statements: %s',
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
      expect(statements.length).toBeLessThanOrEqual(STATEMENTS_AT_MOST.release);
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
    expect(statements.length).toBeLessThanOrEqual(STATEMENTS_AT_MOST.fund);
    const figures = `${trips[0]} round trips, ${statements.length} statements beside BEGIN, set_config and COMMIT`;
    process.stdout.write(`A funding as ${viewer.role}: ${figures}.\n`);
  }
  hasNoFaults(server);
});

/** With terms, one more round trip reads them: terms, parties and milestones, each in one statement. */
const TERMS_AT_MOST = { trips: TRIPS_AT_MOST, statements: STATEMENTS_AT_MOST.fund + 3 };
const CONTRACT = {
  parties: [
    { role: 'PAYER', reference: 'city-works' },
    { role: 'PAYEE', reference: 'span-builders' },
  ],
  milestones: [
    { title: 'Foundations', amount: '40.00' },
    { title: 'Deck', amount: '60.00' },
  ],
  fees: [{ name: 'Platform fee', bearer: 'PAYEE', percentage: '0.5' }],
  retainagePercentage: '10',
};
const AGREE = 'mutation ($input: AgreeToPositionInput!) { agreeToPosition(input: $input) { __typename } }';
const REFUND = 'mutation ($input: RefundPositionInput!) { refundPosition(input: $input) { __typename } }';
const AMEND = 'mutation ($input: AmendPositionInput!) { amendPosition(input: $input) { __typename } }';
const MILESTONES = 'query ($id: ID!) { position(id: $id) { terms { milestones { nodes { id } } } } }';
interface MilestoneIds {
  readonly position: {
    readonly terms: { readonly milestones: { readonly nodes: readonly { readonly id: string }[] } };
  };
}

it('a change of a position with terms, milestones, fees and retainage takes a bounded number of round trips', async () => {
  const statements: string[] = [];
  const { server, proxy } = await proxied(({ text }) => statements.push(text));
  const trips = countTrips(proxy);
  const deal = await makeDeal(server);
  const { id: positionId } = await openPosition(server, deal, { terms: CONTRACT } as object);
  server.viewer = { role: 'ADMIN', institutionId: deal.institution.id };
  const figures: string[] = [];
  const count = async (name: string, document: string, input: object): Promise<void> => {
    trips.length = 0;
    statements.length = 0;
    const { typeOrCode } = await answered(server, document, { input: { positionId, idempotencyKey: name, ...input } });
    expect([typeOrCode, trips]).toEqual([expect.stringMatching(/Payload$/), [expect.any(Number)]]);
    expect(trips[0]).toBeLessThanOrEqual(TERMS_AT_MOST.trips);
    expect(statements.length).toBeLessThanOrEqual(TERMS_AT_MOST.statements);
    figures.push(`${name} ${trips[0]} and ${statements.length}`);
  };
  await count('amend', AMEND, { terms: CONTRACT });
  await count('agree', AGREE, { partyReference: 'city-works', termsVersion: 2 });
  await count('fund', FUND, { amount: '100.00' });
  const { data } = await server.ask<MilestoneIds>(MILESTONES, { id: positionId });
  const [first, second] = data?.position.terms.milestones.nodes ?? [];
  const RELEASE = 'mutation ($input: ReleasePositionInput!) { releasePosition(input: $input) { __typename } }';
  await count('release', RELEASE, { milestoneId: first?.id, all: true });
  await count('refund', REFUND, { milestoneId: second?.id, amount: '10.00' });
  await count('final release', RELEASE, { all: true });
  hasNoFaults(server);
  process.stdout.write(`Round trips and statements with terms: ${figures.join(', ')}.\n`);
});

const NESTED =
  'id held { amount } asset { label template { code institution { name } } } events(first: 5) { nodes { sequence } }';

it.each([
  ['a position', 'query ($id: ID!) { position(id: $id) { id state held { amount } } }', 1, 1],
  ['a position with its parents and events', `query ($id: ID!) { position(id: $id) { ${NESTED} } }`, 1, 1],
  ['a page with parents and events', `{ positions(first: 50) { nodes { institution { name } ${NESTED} } } }`, 1, 1],
])(
  'reading %s takes a fixed number of round trips and statements, without BEGIN',
  async (_what, document, trips, count) => {
    const statements: string[] = [];
    const { server, proxy } = await proxied(({ text }) => statements.push(text));
    const deal = await makeDeal(server);
    const { id } = await fundedPosition(server, deal);
    await fundedPosition(server, deal);
    server.viewer = { role: 'ADMIN', institutionId: deal.institution.id };
    for (let round = 0; round < 3; round += 1) {
      const links = new Map<Link, number>();
      const texts: string[] = [];
      proxy.tap = {
        fromClient: ({ type, text }, link) => {
          if (!links.has(link)) links.set(link, link.flights - 1);
          if (type === 'Q') texts.push(text);
        },
      };
      statements.length = 0;
      const { errors } = await server.ask(document, { id });
      expect(errors).toBeUndefined();
      const sent = [...links].reduce((sum, [link, before]) => sum + link.flights - before, 0);
      expect([sent, statements.length, texts]).toEqual([trips, count, []]);
    }
    hasNoFaults(server);
  },
);

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
