import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { POSITION_STATES } from '../../src/domain/lifecycle.ts';
import { PositionLedgerDocument } from '../api/documents/graphql.ts';
import { COUNTS } from '../counts.ts';
import { call, did, opening, sceneOn } from '../support/accounting.ts';
import { checked } from '../support/random.ts';
import { onBothStores } from '../support/stores.ts';

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
});
