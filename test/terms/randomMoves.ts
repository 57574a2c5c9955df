import * as fc from 'fast-check';
import { COUNTS } from '../counts.ts';
import { type Deal } from '../support/deal.ts';
import type { TestServer } from '../support/server.ts';
import { send, sent } from './terms.ts';

/** A random contract of 100.00 USD and the moves that are tried on it. */
export interface Life {
  readonly terms: object;
  readonly moves: readonly Try[];
}
interface Try {
  readonly mutation: keyof typeof INPUTS;
  /** An amount in cents; null for everything. */
  readonly cents: number | null;
  /** The index of a milestone, if the contract has any; null for none. */
  readonly milestone: number | null;
}

const percentage = fc.option(fc.integer({ min: 0, max: 600_000 }).map((rate) => (rate / 10_000).toFixed(4)));

const terms = fc
  .record({
    percentage,
    fixed: fc.option(fc.integer({ min: 1, max: 900 })),
    bearer: fc.constantFrom('PAYER', 'PAYEE'),
    retainagePercentage: percentage,
    milestones: fc.constantFrom<(readonly string[])[]>([], ['100'], ['33.33', '33.33', '33.34'], ['0.01', '99.99']),
    agreementRequired: fc.boolean(),
  })
  .map(({ percentage: part, fixed, bearer, ...rest }) => ({
    ...rest,
    parties: [
      { role: 'PAYER', reference: 'payer' },
      { role: 'PAYEE', reference: 'payee' },
    ],
    milestones: rest.milestones.map((amount) => ({ title: 'part', amount })),
    fees:
      part === null && fixed === null
        ? []
        : [{ name: 'fee', bearer, percentage: part, fixed: fixed === null ? null : (fixed / 100).toFixed(2) }],
  }));

/** The input of each mutation, in addition to the position. */
const INPUTS = {
  fundPosition: ({ amount }: Given) => ({ amount }),
  releasePosition: ({ amount, milestoneId }: Given) => ({ amount, milestoneId, all: amount === null }),
  refundPosition: ({ amount, milestoneId }: Given) => ({ amount, milestoneId, all: amount === null }),
  amendPosition: ({ life }: Given) => ({ terms: life.terms }),
  cancelPosition: () => ({}),
  expirePosition: () => ({}),
} as const;
interface Given {
  readonly amount: string | null;
  readonly milestoneId: string | null;
  readonly life: Life;
}

/** Random contracts, most of which are funded before they are released. */
export const lives: fc.Arbitrary<Life> = fc.record({
  terms,
  moves: fc.array(
    fc.record({
      mutation: fc.constantFrom<(keyof typeof INPUTS)[]>(
        ...(['fundPosition', 'fundPosition', 'releasePosition', 'releasePosition', 'releasePosition'] as const),
        ...(['refundPosition', 'amendPosition', 'cancelPosition', 'expirePosition'] as const),
      ),
      cents: fc.option(fc.integer({ min: 1, max: 6_000 }), { freq: 2 }),
      milestone: fc.option(fc.nat(2)),
    }),
    { minLength: 4, maxLength: COUNTS.movesPerLife },
  ),
});

/** Opens the contract, lets its parties agree, and tries the moves. Returns the id of the position. */
export async function livedThrough(server: TestServer, { assetId }: Deal, life: Life): Promise<string> {
  const amount = { amount: '100.00', currencyCode: 'USD' };
  const created = { assetId, holderReference: 'holder', amount, terms: life.terms };
  let { position } = await sent(server, 'createPosition', created);
  const positionId = position.id;
  const agree = async (): Promise<void> => {
    for (const partyReference of ['payer', 'payee']) {
      const termsVersion = position.terms?.version ?? 1;
      await send(server, 'agreeToPosition', { positionId, partyReference, termsVersion });
    }
  };
  await agree();
  for (const { mutation, cents, milestone } of life.moves) {
    const milestones = position.terms?.milestones.nodes ?? [];
    const chosen = milestone === null ? undefined : milestones[milestone % Math.max(1, milestones.length)];
    const given = { amount: cents === null ? null : (cents / 100).toFixed(2), milestoneId: chosen?.id ?? null, life };
    const result = await send(server, mutation, { positionId, ...INPUTS[mutation](given) });
    if (result.code !== undefined) continue;
    position = result.position;
    if (mutation === 'amendPosition') await agree();
  }
  return positionId;
}
