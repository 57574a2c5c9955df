import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { POSITION_STATES } from '../../src/domain/lifecycle.ts';
import { PositionLedgerDocument } from '../api/documents/graphql.ts';
import { COUNTS } from '../counts.ts';
import { call, did, opening, sceneOn } from '../support/accounting.ts';
import { checked } from '../support/random.ts';
import { onBothStores } from '../support/stores.ts';
import { livedThrough, lives } from '../terms/randomMoves.ts';

/** The state requested for a position, and the amount: none, or a number of cents. */
const moves = fc.array(
  fc.record({
    toState: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('FUNDED', 'PARTIALLY_RELEASED') },
      { weight: 1, arbitrary: fc.constantFrom(...POSITION_STATES) },
    ),
    cents: fc.option(fc.integer({ min: 1, max: 6_000 })),
  }),
  { minLength: 1, maxLength: COUNTS.movesPerLife },
);

const LEDGER = `query ($id: ID!) {
  position(id: $id) {
    funded { minorUnits } held { minorUnits } available { minorUnits } retained { minorUnits }
    released { minorUnits } refunded { minorUnits } fees { minorUnits }
    ledgerEvents(first: 100) { nodes { postings { accountKind amount { minorUnits } } } }
    events(first: 100) { nodes { move moved { minorUnits } } }
  }
}`;
type Amount = { readonly minorUnits: string };
type Ledger = {
  readonly [A in 'funded' | 'held' | 'available' | 'retained' | 'released' | 'refunded' | 'fees']: Amount;
} & {
  readonly ledgerEvents: {
    readonly nodes: readonly {
      readonly postings: readonly { readonly accountKind: string; readonly amount: Amount }[];
    }[];
  };
  readonly events: { readonly nodes: readonly { readonly move: string; readonly moved: Amount | null }[] };
};

const total = (amounts: readonly (Amount | null)[]): bigint =>
  amounts.reduce((sum, amount) => sum + BigInt(amount?.minorUnits ?? '0'), 0n);

onBothStores((open) => {
  const scene = sceneOn(open);

  it('after random moves, balances rebuilt from the postings equal those of the position', () =>
    checked(
      COUNTS.ledgerLives,
      fc.asyncProperty(moves, async (life) => {
        const { server, deal } = scene;
        const positionId = (await did(server, 'createPosition', opening(deal))).position?.id as string;
        for (const { toState, cents } of life) {
          const amount = cents === null ? null : (cents / 100).toFixed(2);
          await call(server, 'transitionPosition', { positionId, toState, amount });
        }
        const { position } = await server.run(PositionLedgerDocument, { id: positionId, first: 100 });
        const legs = position?.ledgerEvents?.nodes.flatMap(({ postings }) => postings) ?? [];
        const sum = (kind: string, sign: 1 | -1 | 0 = 0): string =>
          legs
            .filter(
              ({ accountKind, amount }) =>
                accountKind === kind && (sign === 0 || amount.minorUnits.startsWith('-') === sign < 0),
            )
            .reduce((all, { amount }) => all + BigInt(amount.minorUnits), 0n)
            .toString();
        const cents = (money: { readonly amount: string } | undefined): string =>
          BigInt(money?.amount.replace('.', '') ?? '').toString();
        expect(sum('ESCROW')).toBe(cents(position?.held));
        expect(sum('PAYEE')).toBe(cents(position?.released));
        expect(sum('PAYER', 1)).toBe(cents(position?.refunded));
        expect(sum('PAYER', -1)).toBe((-BigInt(cents(position?.funded))).toString());
        expect(position?.ledgerEvents?.totalCount).toBe(position?.version);
      }),
    ));

  it('after random moves of a contract, balances rebuilt from the postings equal those of the position', () =>
    checked(
      COUNTS.ledgerLives,
      fc.asyncProperty(lives, async (contract) => {
        const { server, deal } = scene;
        const id = await livedThrough(server, deal, contract);
        const { data } = await server.ask<{ readonly position: Ledger }>(LEDGER, { id });
        if (!data) throw new Error('The position was not read.');
        const { ledgerEvents, events, ...amounts } = data.position;
        const legs = ledgerEvents.nodes.flatMap(({ postings }) => postings);
        const balance = (kind: string): bigint =>
          total(legs.flatMap(({ accountKind, amount }) => (accountKind === kind ? [amount] : [])));
        const of = (name: keyof typeof amounts): bigint => BigInt(amounts[name].minorUnits);
        expect(balance('ESCROW')).toBe(of('held') - of('retained'));
        expect(balance('ESCROW')).toBe(of('available'));
        expect(balance('RETAINAGE')).toBe(of('retained'));
        expect(balance('FEE')).toBe(of('fees'));
        expect(balance('PAYEE')).toBe(of('released'));
        expect(-balance('PAYER')).toBe(of('funded') - of('refunded'));
        expect(of('funded')).toBe(of('held') + of('released') + of('refunded') + of('fees'));
        // The moved amounts are those of the bank statements: what came in, and what went out.
        const moved = (isFunding: boolean): bigint =>
          total(events.nodes.flatMap((each) => ((each.move === 'FUND') === isFunding ? [each.moved] : [])));
        expect(moved(true)).toBe(of('funded'));
        expect(moved(false)).toBe(of('released') + of('refunded'));
      }),
    ));
});
