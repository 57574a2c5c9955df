import type { Maybe } from './issues.ts';
import type { Decimal } from './money.ts';
import type { FeeBearer, FeeTerm, PartyRole } from './terms.ts';
import type { Instant } from './time.ts';

/** The terms that a client chooses. They replace earlier terms as a whole. */
export interface TermsInput {
  readonly parties: readonly PartyInput[];
  readonly milestones?: Maybe<readonly MilestoneInput[]>;
  readonly fees?: Maybe<readonly FeeTermInput[]>;
  readonly retainagePercentage?: Maybe<string>;
  readonly agreementRequired?: Maybe<boolean>;
}
/** A party that a client chooses. */
export interface PartyInput {
  readonly role: PartyRole;
  readonly reference: string;
}
/** A milestone that a client chooses. */
export interface MilestoneInput {
  readonly title: string;
  readonly amount: string;
  readonly payeeReference?: Maybe<string>;
  readonly dueAt?: Maybe<Instant>;
}
/** A fee that a client chooses. */
export interface FeeTermInput {
  readonly name: string;
  readonly bearer: FeeBearer;
  readonly percentage?: Maybe<string>;
  readonly fixed?: Maybe<string>;
}

/** Terms after validation. Amounts have the type A: decimals, or minor units once the currency is known. */
export interface TermsContent<A = bigint> {
  readonly parties: readonly PartyInput[];
  readonly milestones: readonly MilestoneContent<A>[];
  readonly fees: readonly FeeContent<A>[];
  readonly retainagePercentage: string | null;
  readonly agreementRequired: boolean;
}
/** A milestone of terms after validation. */
export interface MilestoneContent<A> {
  readonly title: string;
  readonly amount: A;
  readonly payeeReference: string | null;
  readonly dueAt: Instant | null;
}
/** A fee of terms after validation. */
export type FeeContent<A> = Omit<FeeTerm, 'fixed'> & { readonly fixed: A | null };
/** Terms whose currency is not known yet. */
export type TermsDraft = TermsContent<Decimal>;
