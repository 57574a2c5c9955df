import type { Asset } from '../../src/domain/asset.ts';
import type { AssetTemplate } from '../../src/domain/assetTemplate.ts';
import type { Institution } from '../../src/domain/institution.ts';
import type { PositionState } from '../../src/domain/lifecycle.ts';
import type { Position } from '../../src/domain/position.ts';
import type { CurrentTerms } from '../../src/domain/terms.ts';
import { anAsset, anInstitution, aPosition, aTemplate, currency, START } from './rows.ts';
import { aParty, someTerms } from './termsRows.ts';

export interface Portfolio {
  readonly institutions: readonly Institution[];
  readonly assetTemplates: readonly AssetTemplate[];
  readonly assets: readonly Asset[];
  readonly positions: readonly Position[];
  /** The terms of some positions, by the ids of these. */
  readonly termsOf: ReadonlyMap<string, CurrentTerms>;
  /** One of the institutions, with its objects. */
  readonly own: Institution;
  readonly ownTemplates: readonly AssetTemplate[];
  readonly ownAssets: readonly Asset[];
  readonly middle: Position;
}

const times = <V>(count: number, make: (index: number) => V): V[] =>
  Array.from({ length: count }, (_one, index) => make(index));

/**
 * Positions of a bank after some years. Their state, holder and currency depend on their age, because the oldest have
 * expired, most are closed, and only the newest are open. A scan of the list in the order of creation for one of these
 * values therefore meets all others first. Amounts and expiries are scattered.
 */
export function portfolioOf(size: number): Portfolio {
  const institutions = times(5, () => anInstitution());
  const assetTemplates = institutions.flatMap((row) =>
    times(2, (index) => aTemplate(row, { config: { currency: 'USD', ...(index === 1 && { country: 'SG' }) } })),
  );
  const assets = assetTemplates.flatMap((row) => times(5, () => anAsset(row)));
  const positions = times(size, (index) => aged(index, index / size, assets));
  const [, , own] = institutions;
  const middle = positions[size / 2];
  if (!own || !middle) throw new Error('There are too few rows.');
  const isOwn = ({ institutionId }: { readonly institutionId: string }) => institutionId === own.id;
  return {
    institutions,
    assetTemplates,
    assets,
    positions,
    termsOf: new Map(
      positions.flatMap((row, index) => (row.termsVersion === null ? [] : [[row.id, agedTerms(row, index)]])),
    ),
    own,
    ownTemplates: assetTemplates.filter(isOwn),
    ownAssets: assets.filter(isOwn),
    middle,
  };
}

const UNTIL: readonly (readonly [number, PositionState])[] = [
  [0.03, 'EXPIRED'],
  [0.1, 'CANCELLED'],
  [0.8, 'RELEASED'],
  [0.88, 'PARTIALLY_RELEASED'],
  [0.95, 'FUNDED'],
  [1, 'CREATED'],
];

/** Returns the position at this index. `age` is from 0, the oldest, to 1. */
function aged(index: number, age: number, assets: readonly Asset[]): Position {
  const asset = assets[Math.floor(scattered(index, 1) * assets.length)];
  const state = UNTIL.find(([until]) => age < until)?.[1] ?? 'CREATED';
  if (!asset) throw new Error('There are no assets.');
  const amount = BigInt(2 + Math.floor(scattered(index, 2) * 1e9));
  const createdAt = START + index * 1_000;
  return aPosition(asset, {
    createdAt,
    updatedAt: createdAt + Math.floor(scattered(index, 3) * 1e9),
    amount,
    currency: currency(age < 0.05 ? 'EUR' : age > 0.9 && index % 2 === 0 ? 'JPY' : 'USD'),
    expiresAt: index % 4 === 0 ? null : START + Math.floor(scattered(index, 4) * 1e9),
    holderReference: `holder ${Math.floor(age * 20)}`,
    externalReference: index % 2 === 0 ? `${index < 120 ? `old ${index}, ` : ''}ref ${Math.floor(age * 200)}` : null,
    metadata: {
      batch: `${Math.floor(index / 20)}`,
      parity: index % 2,
      ...(index < 400 && { oldest: true }),
      lane: { number: Math.floor(scattered(index, 5) * 1_000) },
    },
    state,
    ...partsOf(state, amount),
    ...(index % 2 === 0 && { termsVersion: 1, ...principalIn(partsOf(state, amount)) }),
  });
}

/** Returns terms whose parties are those of half of the positions, of a few neighbours, and of the oldest. */
function agedTerms(position: Position, index: number): CurrentTerms {
  const terms = someTerms(position);
  const references = ['owner', `crew ${Math.floor(index / 20)}`, ...(index < 400 ? ['founder'] : [])];
  const parties = references.map((reference, at) => aParty(terms, at + 1, { reference }));
  return { terms, parties, milestones: [] };
}

const principalIn = ({ held = 0n, released = 0n }: Partial<Position>) => ({ principal: held + released });

function partsOf(state: PositionState, amount: bigint): Partial<Position> {
  if (state === 'FUNDED') return { held: amount };
  if (state === 'PARTIALLY_RELEASED') return { held: amount - 1n, released: 1n };
  return state === 'RELEASED' ? { released: amount } : {};
}

/** Returns a reproducible number from 0 to 1 that looks random. */
function scattered(index: number, salt: number): number {
  let bits = Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}
