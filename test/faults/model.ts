/**
 * The required behaviour of the server, written from its rules and independent of its code: plain, slow and in one
 * place.
 */

export type State =
  | 'CREATED'
  | 'PARTIALLY_FUNDED'
  | 'FUNDED'
  | 'PARTIALLY_RELEASED'
  | 'RELEASED'
  | 'CANCELLED'
  | 'EXPIRED';
export const NEXT: { readonly [S in State]: readonly State[] } = {
  CREATED: ['FUNDED', 'CANCELLED', 'EXPIRED'],
  PARTIALLY_FUNDED: ['FUNDED', 'CANCELLED', 'EXPIRED'],
  FUNDED: ['PARTIALLY_RELEASED', 'RELEASED', 'CANCELLED', 'EXPIRED'],
  PARTIALLY_RELEASED: ['PARTIALLY_RELEASED', 'RELEASED', 'CANCELLED', 'EXPIRED'],
  RELEASED: [],
  CANCELLED: [],
  EXPIRED: [],
};

export interface Create {
  readonly asset: number;
  readonly holder: string;
  readonly amount: string;
  readonly currency: string;
  readonly expiresAt?: number | undefined;
  readonly institution?: 'own' | 'other' | undefined;
  readonly reference?: string | undefined;
  readonly unique?: boolean | undefined;
  readonly terms?: TermsInput | undefined;
}
/** Terms as a client sends them. */
export interface TermsInput {
  readonly parties: readonly { readonly role: Role; readonly reference: string }[];
  readonly milestones?: readonly MilestoneInput[] | undefined;
  readonly fees?: readonly FeeInput[] | undefined;
  readonly retainage?: string | undefined;
  readonly agreementRequired?: boolean | undefined;
}
export type Role = 'PAYER' | 'PAYEE' | 'OBSERVER';
export interface MilestoneInput {
  readonly title: string;
  readonly amount: string;
  readonly payee?: string | undefined;
  readonly dueAt?: number | undefined;
}
export interface FeeInput {
  readonly name: string;
  readonly bearer: 'PAYER' | 'PAYEE';
  readonly percentage?: string | undefined;
  readonly fixed?: string | undefined;
}
export interface Amend {
  readonly position: number;
  readonly terms?: TermsInput | undefined;
  readonly expiresAt?: number | null | undefined;
  readonly reason?: string | undefined;
  readonly expectedVersion?: number | undefined;
}
export interface Agree {
  readonly position: number;
  readonly party: string;
  readonly termsVersion: number;
  readonly reason?: string | undefined;
}
export interface Update {
  readonly position: number;
  readonly reference?: string | null | undefined;
  readonly expectedVersion?: number | undefined;
}
export interface Move {
  /** The index of the position in order of creation, or negative for a position that does not exist. */
  readonly position: number;
  readonly to: State | 'FUND' | 'BY_AMOUNT' | 'REFUND';
  readonly amount?: string | undefined;
  /** Only for releasePosition and refundPosition. */
  readonly all?: boolean | undefined;
  /** A milestone of any position and any version of its terms, or one that does not exist. */
  readonly milestone?: MilestoneRef | 'unknown' | undefined;
  readonly payment?: string | undefined;
  readonly reason?: string | undefined;
  readonly expectedVersion?: number | undefined;
}

export interface MilestoneRef {
  readonly position: number;
  readonly termsVersion: number;
  readonly sequence: number;
}

/** The amounts of a position in minor units. All of them follow from its payments. */
export interface Amounts {
  /** Everything funded so far, without the fees of the payer. */
  readonly principal: bigint;
  readonly funded: bigint;
  readonly held: bigint;
  readonly available: bigint;
  readonly retained: bigint;
  readonly released: bigint;
  readonly refunded: bigint;
  readonly fees: bigint;
}
export const AMOUNT_NAMES = ['funded', 'held', 'available', 'retained', 'released', 'refunded', 'fees'] as const;

/** The current state of a position. */
export interface Held extends Amounts {
  /** The index of the asset in ASSETS. */
  readonly asset: number;
  readonly currency: string;
  readonly amount: bigint;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly reference: string | null;
  /** Whether it was created with uniqueReference. */
  readonly unique: boolean;
  readonly state: State;
  readonly terms: Terms | undefined;
  readonly payments: readonly Payment[];
  readonly version: number;
  readonly events: readonly Event[];
}
/** The current terms of a position, with amounts in minor units. */
export interface Terms {
  readonly version: number;
  readonly parties: readonly {
    readonly role: Role;
    readonly reference: string;
    readonly agreedAt: number | undefined;
  }[];
  readonly milestones: readonly {
    readonly title: string;
    readonly amount: bigint;
    readonly payee: string;
    readonly dueAt: number | undefined;
  }[];
  readonly fees: readonly FeeInput[];
  readonly retainage: string | undefined;
  readonly agreementRequired: boolean;
}
/** One movement of money, before fees and retainage. */
export interface Payment {
  readonly move: 'FUND' | 'RELEASE' | 'REFUND' | 'CANCEL' | 'EXPIRE';
  readonly gross: bigint;
  /** The only milestone of the payment. */
  readonly milestone?: number | undefined;
  /** Whether it is the final release. */
  readonly final?: boolean | undefined;
}
export type MoveName = 'CREATE' | 'AGREE' | 'AMEND' | Payment['move'];
export interface Event {
  readonly sequence: number;
  readonly move: MoveName;
  readonly from: State | null;
  readonly to: State;
  readonly moved: string | null;
  readonly fee: string | null;
  readonly retained: string | null;
  readonly milestone: number | null;
  readonly payment: string | null;
  readonly party: string | null;
  /** The kind of the ledger event. */
  readonly kind: string;
  /** The amount of each account with a posting. */
  readonly postings: { readonly [account: string]: string };
}
export interface Rules {
  readonly id: number;
  readonly version: number;
  readonly allowed: readonly string[] | undefined;
  readonly countries: readonly string[] | undefined;
  readonly limits: readonly Limit[];
}
export interface Limit {
  readonly currency: string;
  readonly min?: string | undefined;
  readonly max?: string | undefined;
}

/** The compared part of the result of a mutation. */
export interface Answer {
  readonly type: string;
  readonly [fact: string]: unknown;
}
export class Refused extends Error {
  readonly answer: Answer;
  constructor(type: string, path: readonly (string | number)[] | null, facts: object = {}) {
    super(type);
    this.answer = { type, path: path && path.map(String), ...facts };
  }
}

/** Returns the result, even if it is a user error. */
export function resultOf(work: () => Answer): Answer {
  try {
    return work();
  } catch (no) {
    if (no instanceof Refused) return no.answer;
    throw no;
  }
}

export const DAY = 86_400_000;
export const DIGITS: { readonly [currency: string]: number } = { USD: 2, JPY: 0, EUR: 2 };
/** The assets of the positions, with the requirements of their templates. */
export const ASSETS = [
  { region: 'US', currency: 'USD', min: '10.00', max: '500.00', tenorDays: undefined },
  { region: 'SG', currency: 'JPY', min: undefined, max: undefined, tenorDays: 10, country: 'SG' },
  { region: 'US', currency: 'USD', min: undefined, max: undefined, tenorDays: undefined, retainage: '10.5' },
] as const satisfies readonly Asset[];
export interface Asset {
  readonly region: string;
  readonly currency: string;
  readonly min: string | undefined;
  readonly max: string | undefined;
  readonly tenorDays: number | undefined;
  readonly country?: string;
  readonly retainage?: string;
}

/** Returns minor units, undefined for an invalid amount, or 'fine' if the currency has fewer decimals. */
export function minor(text: string, currency: string): bigint | 'fine' | undefined {
  const [whole = '', fraction = '', ...more] = text.split('.');
  if (more.length > 0 || !/^\d{1,24}$/.test(whole) || !/^\d{0,4}$/.test(fraction) || text.endsWith('.'))
    return undefined;
  const digits = DIGITS[currency] ?? 0;
  return fraction.length > digits ? 'fine' : BigInt(whole + fraction.padEnd(digits, '0'));
}
export function written(amount: bigint, currency: string): string {
  const digits = DIGITS[currency] ?? 0;
  const text = (amount < 0n ? -amount : amount).toString().padStart(digits + 1, '0');
  const sign = amount < 0n ? '-' : '';
  return sign + (digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`);
}
export const positive = (text: string): boolean => minor(text, 'none') !== undefined && /[1-9]/.test(text);

export const invalid = (paths: readonly (readonly (string | number)[])[]): Refused =>
  new Refused('ValidationError', paths[0] ?? [], { issues: paths.map((path) => path.map(String)) });
