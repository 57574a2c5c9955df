import type { CurrencyCode } from './currencies.ts';
import type { NewId } from './ids.ts';
import type { Position } from './position.ts';
import { type CurrentTerms, fixedOf, partyId, termsId } from './terms.ts';
import { feeTermOf, type TermsContent } from './termsInput.ts';
import type { Instant } from './time.ts';

/** Returns the rows of a version of the terms of a position. */
export function newTerms(
  content: TermsContent,
  { id: positionId, institutionId, currency }: Pick<Position, 'id' | 'institutionId' | 'currency'>,
  version: number,
  newId: NewId,
  now: Instant,
): CurrentTerms {
  const id = termsId(positionId, version);
  const own = { institutionId, positionId };
  return {
    terms: Object.freeze({
      id,
      ...own,
      version,
      fees: Object.freeze(content.fees.map((fee) => feeTermOf(fee, currency))),
      retainagePercentage: content.retainagePercentage,
      agreementRequired: content.agreementRequired,
      createdAt: now,
    }),
    parties: content.parties.map(({ role, reference }, index) =>
      Object.freeze({
        id: partyId(id, index + 1),
        ...own,
        termsId: id,
        ordinal: index + 1,
        role,
        reference,
        agreedAt: null,
        version: 1,
        createdAt: now,
      }),
    ),
    milestones: content.milestones.map((milestone, index) =>
      Object.freeze({
        id: newId('mil'),
        ...own,
        termsId: id,
        sequence: index + 1,
        title: milestone.title,
        currency,
        amount: milestone.amount,
        earned: 0n,
        refunded: 0n,
        payeeReference: milestone.payeeReference,
        dueAt: milestone.dueAt,
        state: 'OPEN',
        version: 1,
        createdAt: now,
      }),
    ),
  };
}

/** Returns the content of terms, to write it again as another version. */
export function contentOf({ terms, parties, milestones }: CurrentTerms, currency: CurrencyCode): TermsContent {
  const { retainagePercentage, agreementRequired } = terms;
  return {
    parties,
    milestones,
    fees: terms.fees.map((fee) => ({ ...fee, fixed: fee.fixed === null ? null : fixedOf(fee, currency) })),
    retainagePercentage,
    agreementRequired,
  };
}
