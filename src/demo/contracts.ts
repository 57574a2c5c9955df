import type { CreatePosition } from '../commands/position.ts';

// The contract for the bridge and three further ones with the same builder. Each is a position with terms.

/** One move of a contract. The amounts are texts in the currency of the contract. */
type ContractMove =
  | { readonly agree: string }
  | { readonly fund: string; readonly paymentReference: string }
  /** Releases an amount of the milestone with this number, or what is left of it. */
  | { readonly milestone: number; readonly amount?: string; readonly paymentReference: string }
  /** The final release. */
  | { readonly paymentReference: string };

/** A step of a contract: its moves are made on one day. */
export type ContractStep = ContractMove & { readonly day: number; readonly reason: string };

/** A position with terms, instead of the one that its asset would have at this place. */
export interface DemoContract {
  /** The number of the position, counted from 1 as in its external reference. */
  readonly number: number;
  readonly position: Pick<CreatePosition, 'holderReference' | 'terms'> & { readonly amount: string };
  readonly steps: readonly ContractStep[];
}

/** The code of the asset to which the contracts belong. */
export const CONTRACT_ASSET = 'BRIDGE';

const COUNTY = 'kestrel-county';
const BUILDER = 'builder-ironwood';

const contract = (
  number: number,
  amount: string,
  milestones: readonly (readonly [title: string, amount: string])[],
  steps: readonly ContractStep[],
): DemoContract => ({
  number,
  position: {
    holderReference: BUILDER,
    amount,
    terms: {
      parties: [
        { role: 'PAYER', reference: COUNTY },
        { role: 'PAYEE', reference: BUILDER },
        { role: 'OBSERVER', reference: 'inspector-mbeki' },
      ],
      milestones: milestones.map(([title, part]) => ({ title, amount: part })),
      fees: [{ name: 'Platform fee', bearer: 'PAYEE', percentage: '0.25' }],
      agreementRequired: true,
    },
  },
  steps,
});

const agreed = (day: number): readonly ContractStep[] => [
  { day, agree: COUNTY, reason: 'Signed by the county' },
  { day: day + 1, agree: BUILDER, reason: 'Signed by the builder' },
];

/** The contracts. Their asset template prescribes the retainage. */
export const CONTRACTS: readonly DemoContract[] = [
  contract(
    1,
    '1200000.00',
    [
      ['Foundations', '240000.00'],
      ['Pylons', '300000.00'],
      ['Deck', '360000.00'],
      ['Cables', '180000.00'],
      ['Handover', '120000.00'],
    ],
    [
      ...agreed(5),
      { day: 7, fund: '700000.00', paymentReference: 'KC-2026-0107', reason: 'First instalment of the county' },
      { day: 9, fund: '500000.00', paymentReference: 'KC-2026-0131', reason: 'Second instalment of the county' },
      { day: 13, milestone: 1, paymentReference: 'LEB-40012', reason: 'Foundations accepted by the engineer' },
      { day: 18, milestone: 2, paymentReference: 'LEB-40057', reason: 'Pylons accepted by the engineer' },
      {
        day: 23,
        milestone: 3,
        amount: '150000.00',
        paymentReference: 'LEB-40093',
        reason: 'Deck segments 1 to 5 accepted by the engineer',
      },
    ],
  ),
  contract(
    2,
    '84000.00',
    [
      ['Trial load', '36000.00'],
      ['Load test', '48000.00'],
    ],
    [
      ...agreed(6),
      { day: 8, fund: '84000.00', paymentReference: 'KC-2026-0112', reason: 'Wire received from the county' },
      { day: 12, milestone: 1, paymentReference: 'LEB-40009', reason: 'Trial load accepted by the engineer' },
      { day: 20, paymentReference: 'LEB-40071', reason: 'Load test passed: the retained money is paid out' },
    ],
  ),
  contract(
    7,
    '156000.00',
    [
      ['Railings, north side', '78000.00'],
      ['Railings, south side', '78000.00'],
    ],
    [
      ...agreed(13),
      { day: 16, fund: '60000.00', paymentReference: 'KC-2026-0208', reason: 'First instalment of the county' },
    ],
  ),
  contract(
    8,
    '230000.00',
    [
      ['Lift shafts', '150000.00'],
      ['Lifts', '80000.00'],
    ],
    [{ day: 15, agree: COUNTY, reason: 'Signed by the county' }],
  ),
];

/** Returns the contract that the asset has at this number, or undefined. */
export const contractAt = (code: string, number: number): DemoContract | undefined =>
  code === CONTRACT_ASSET ? CONTRACTS.find((each) => each.number === number) : undefined;
