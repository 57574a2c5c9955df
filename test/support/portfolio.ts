import { beforeAll, expect } from 'vitest';
import {
  CancelPositionDocument,
  FundPositionDocument,
  type PositionOrderField,
  type PositionPartsFragment,
  PositionsDocument,
  ReleasePositionDocument,
} from '../api/documents/graphql.ts';
import { type Deal, makeDeal, openPosition } from './deal.ts';
import { day } from './refusing.ts';
import { START, serve, type TestServer } from './server.ts';
import type { OpenStore } from './stores.ts';

export type Position = PositionPartsFragment;
export const FAR = '9999-12-31T23:59:59.999Z';
/**
 * The deal, the amount, the expiry and the holder of each position. Several are equal, so that ids decide their order.
 */
const OPENED: readonly (readonly [deal: number, amount: string, expiry: string | null, holder: string])[] = [
  [0, '100.00', null, 'a'],
  [0, '99.99', day(3), 'b'],
  [1, '100', day(1), 'a'],
  [0, '0.01', null, 'a'],
  [2, '100.000', day(3), 'é'],
  [0, '123456789012345678901234.99', FAR, 'a'],
  [1, '99', null, 'B'],
  [2, '0.001', day(2), 'a'],
  [0, '100.00', day(1), '🏗'],
  [1, '101', FAR, 'z'],
  [0, '100.00', null, 'a'],
];
/** Returns the amount as a number that is comparable across currencies. */
export const magnitude = ({ amount: { amount } }: Position): bigint => {
  const [whole = '', part = ''] = amount.split('.');
  return BigInt(whole + part.padEnd(4, '0'));
};
const KEYS: { readonly [F in PositionOrderField]: (position: Position) => bigint | string } = {
  CREATED_AT: ({ createdAt }) => createdAt,
  UPDATED_AT: ({ updatedAt }) => updatedAt,
  AMOUNT: magnitude,
  EXPIRES_AT: ({ expiresAt }) => expiresAt ?? 'never: greater than any time',
};
export const FIELDS = Object.keys(KEYS) as PositionOrderField[];
export const inOrder = (positions: readonly Position[], field: PositionOrderField, descending: boolean): string[] => {
  const key = KEYS[field];
  const compare = (a: Position, b: Position) => (key(a) < key(b) || (key(a) === key(b) && a.id < b.id) ? -1 : 1);
  return positions.toSorted((a, b) => (descending ? compare(b, a) : compare(a, b))).map(({ id }) => id);
};

export interface Portfolio {
  readonly server: () => TestServer;
  /** One deal in dollars, one in yen and one in dinars. */
  readonly deals: () => readonly [Deal, Deal, Deal];
  /** All positions in their current state. */
  readonly all: () => readonly Position[];
}

/** Creates positions of three institutions in a new store, with various amounts, currencies, states and expiries. */
export function portfolioOn(open: OpenStore): Portfolio {
  let server: TestServer;
  let deals: readonly [Deal, Deal, Deal];
  let all: readonly Position[];
  beforeAll(async () => {
    server = serve(await open());
    const dollars = await makeDeal(server);
    const yen = await makeDeal(server, { config: { currency: 'JPY', region: 'US' } });
    const dinars = await makeDeal(server, { region: 'SG', config: { currency: 'KWD', region: 'SG' } });
    deals = [dollars, yen, dinars];
    const ids: string[] = [];
    for (const [index, [deal, amount, expiresAt, holderReference]] of OPENED.entries()) {
      server.now = START + Math.floor(index / 4);
      const { assetId } = deals[deal as 0 | 1 | 2];
      const currencyCode = ['USD', 'JPY', 'KWD'][deal] as string;
      const externalReference = index % 3 === 0 ? `order ${index % 2}` : null;
      const input = { assetId, amount: { amount, currencyCode }, expiresAt, holderReference, externalReference };
      ids.push((await openPosition(server, dollars, input)).id);
    }
    server.now = START + 10;
    for (const positionId of ids.slice(0, 6)) await server.run(FundPositionDocument, { input: { positionId } });
    server.now = START + 20;
    await server.run(ReleasePositionDocument, { input: { positionId: ids[0] as string, amount: '1' } });
    await server.run(ReleasePositionDocument, { input: { positionId: ids[1] as string } });
    for (const at of [2, 7]) await server.run(CancelPositionDocument, { input: { positionId: ids[at] as string } });
    all = (await server.run(PositionsDocument, { first: 100 })).positions?.edges.map(({ node }) => node) ?? [];
    expect(all).toHaveLength(OPENED.length);
  });
  return { server: () => server, deals: () => deals, all: () => all };
}
