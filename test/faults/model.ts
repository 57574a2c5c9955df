/**
 * The required behaviour of the server, written from its rules and independent of its code: plain, slow and in one
 * place.
 */

export type State = 'CREATED' | 'FUNDED' | 'PARTIALLY_RELEASED' | 'RELEASED' | 'CANCELLED' | 'EXPIRED';
export const NEXT: { readonly [S in State]: readonly State[] } = {
  CREATED: ['FUNDED', 'CANCELLED', 'EXPIRED'],
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
}
export interface Update {
  readonly position: number;
  readonly reference?: string | null | undefined;
  readonly expectedVersion?: number | undefined;
}
export interface Move {
  /** The index of the position in order of creation, or negative for a position that does not exist. */
  readonly position: number;
  readonly to: State | 'BY_AMOUNT';
  readonly amount?: string | undefined;
  /** Only for releasePosition. */
  readonly all?: boolean | undefined;
  readonly reason?: string | undefined;
  readonly expectedVersion?: number | undefined;
}

/** The current state of a position, with amounts in minor units. */
export interface Held {
  /** The index of the asset in ASSETS. */
  readonly asset: number;
  readonly currency: string;
  readonly amount: bigint;
  readonly expiresAt: number | undefined;
  readonly reference: string | null;
  /** Whether it was created with uniqueReference. */
  readonly unique: boolean;
  readonly state: State;
  readonly held: bigint;
  readonly released: bigint;
  readonly refunded: bigint;
  readonly version: number;
  readonly events: readonly Event[];
}
export interface Event {
  readonly sequence: number;
  readonly from: State | null;
  readonly to: State;
  readonly moved: string | null;
}
export interface Rules {
  readonly id: number;
  readonly version: number;
  readonly allowed: readonly string[] | undefined;
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

const DAY = 86_400_000;
export const DIGITS: { readonly [currency: string]: number } = { USD: 2, JPY: 0, EUR: 2 };
/** The assets of the positions, with the requirements of their templates. */
export const ASSETS = [
  { region: 'US', currency: 'USD', min: '10.00', max: '500.00', tenorDays: undefined },
  { region: 'SG', currency: 'JPY', min: undefined, max: undefined, tenorDays: 10 },
] as const;

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
  const text = amount.toString().padStart(digits + 1, '0');
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
const positive = (text: string): boolean => minor(text, 'none') !== undefined && /[1-9]/.test(text);

/** Returns the issues of the input only. A past expiry is reported together with other issues. */
export function faultsOfCreate(input: Create, now: number, others: readonly string[][] = []): string[][] {
  const faults = [...others, ...faultsBeside(input)];
  return faults.length > 0 && (input.expiresAt ?? Infinity) <= now ? [...faults, ['expiresAt']] : faults;
}
const faultsBeside = ({ holder, amount, currency, reference, unique }: Create): string[][] => [
  ...(holder.trim() === '' ? [['holderReference']] : []),
  ...(unique && reference === undefined ? [['externalReference']] : []),
  ...(positive(amount) && !(currency in DIGITS && minor(amount, currency) === 'fine') ? [] : [['amount', 'amount']]),
  ...(currency in DIGITS ? [] : [['amount', 'currencyCode']]),
];
export const faultsOfMove = ({ to, amount, all, reason }: Move): string[][] => [
  ...(to === 'BY_AMOUNT' && (amount !== undefined) === (all === true) ? [['amount']] : []),
  ...(amount === undefined || positive(amount) ? [] : [['amount']]),
  ...((reason ?? '').length > 1_000 ? [['reason']] : []),
];
export const faultsOfUpdate = ({ reference }: Update): string[][] =>
  reference?.trim() === '' ? [['externalReference']] : [];
export const invalid = (paths: readonly (readonly (string | number)[])[]): Refused =>
  new Refused('ValidationError', paths[0] ?? [], { issues: paths.map((path) => path.map(String)) });

/** Rejects an amount that the template or the policy does not allow. Only a creation has the path. */
function obey(
  { asset: index, amount, currency }: Pick<Held, 'asset' | 'amount' | 'currency'>,
  rules: Rules | undefined,
  creation?: { readonly expiresAt: number | undefined; readonly now: number },
): void {
  const asset = ASSETS[index] as (typeof ASSETS)[number];
  const must = (rule: string, holds: boolean, path: readonly string[], limit: string | null = null): void => {
    if (!holds) throw new Refused('PolicyViolationError', creation ? path : null, { rule, limit });
  };
  const within = (bounds: { readonly min?: string | undefined; readonly max?: string | undefined }): void => {
    const { min, max } = bounds;
    const limit = (bound: string): string => written(minor(bound, currency) as bigint, currency);
    if (min !== undefined) must('MIN_AMOUNT', amount >= (minor(min, currency) as bigint), ['amount'], limit(min));
    if (max !== undefined) must('MAX_AMOUNT', amount <= (minor(max, currency) as bigint), ['amount'], limit(max));
  };
  must('CURRENCY', currency === asset.currency, ['amount', 'currencyCode']);
  within(asset);
  const latest = creation && asset.tenorDays !== undefined ? creation.now + asset.tenorDays * DAY : Infinity;
  must('TENOR', latest === Infinity || (creation?.expiresAt ?? Infinity) <= latest, ['expiresAt']);
  must('CURRENCY', rules?.allowed?.includes(currency) ?? true, ['amount', 'currencyCode']);
  within(rules?.limits.find((limit) => limit.currency === currency) ?? {});
}

/** Rejects a reference that another position has as a unique reference. */
function mustBeFree(reference: string | null, positions: readonly Held[]): void {
  if (positions.some((each) => each.unique && each.reference === reference))
    throw new Refused('ConflictError', ['externalReference']);
}

/** Returns a new position of an existing asset. */
export function opened(input: Create, rules: Rules | undefined, now: number, positions: readonly Held[]): Held {
  const { asset, currency, expiresAt, reference = null, unique = false } = input;
  const amount = minor(input.amount, currency) as bigint;
  obey({ asset, amount, currency }, rules, { expiresAt, now });
  if (unique) mustBeFree(reference, positions);
  const event: Event = { sequence: 1, from: null, to: 'CREATED', moved: null };
  const nothing = { held: 0n, released: 0n, refunded: 0n };
  const own = { asset, currency, amount, expiresAt, reference, unique };
  return { ...own, state: 'CREATED', ...nothing, version: 1, events: [event] };
}

/** Returns a position with the reference of an update, or unchanged if the reference is the same. */
export function updated(
  before: Held,
  { reference, expectedVersion }: Omit<Update, 'position'>,
  positions: readonly Held[],
): Held {
  mustBeAt(before, expectedVersion);
  if (reference === undefined || reference === before.reference) return before;
  if (before.unique && reference === null) throw invalid([['externalReference']]);
  if (before.unique) mustBeFree(reference, positions);
  return { ...before, reference, version: before.version + 1 };
}

function mustBeAt({ version }: Held, expectedVersion: number | undefined): void {
  if (expectedVersion === undefined || expectedVersion === version) return;
  throw new Refused('StaleVersionError', ['expectedVersion'], { expectedVersion, currentVersion: version });
}

export const allowedOf = ({ state, expiresAt }: Held, now: number): readonly State[] =>
  NEXT[state].length > 0 && expiresAt !== undefined && expiresAt <= now ? ['EXPIRED'] : NEXT[state];

/** Returns a position after a move. Funding checks the current rules of the region. */
export function moved(
  before: Held,
  { to, amount: text, expectedVersion }: Move,
  now: number,
  policies: ReadonlyMap<string, Rules> = new Map(),
): Held {
  const { currency, held, version } = before;
  mustBeAt(before, expectedVersion);
  const amount = text === undefined ? undefined : minor(text, currency);
  const target =
    to === 'BY_AMOUNT' ? (amount === undefined || amount === held ? 'RELEASED' : 'PARTIALLY_RELEASED') : to;
  const allowed = allowedOf(before, now);
  if (!allowed.includes(target)) {
    throw new Refused('IllegalTransitionError', null, { from: before.state, to: target, allowedTransitions: allowed });
  }
  const paysOut = target === 'RELEASED' || target === 'PARTIALLY_RELEASED';
  if (!paysOut && amount !== undefined) throw invalid([['amount']]);
  if (amount === 'fine' || (target === 'PARTIALLY_RELEASED' && amount === undefined)) throw invalid([['amount']]);
  if (paysOut && amount !== undefined && amount > held) {
    const facts = { held: written(held, currency), requested: written(amount, currency) };
    throw new Refused('InsufficientFundsError', ['amount'], facts);
  }
  if (paysOut && amount !== undefined && (amount === held) !== (target === 'RELEASED')) throw invalid([['amount']]);
  if (target === 'FUNDED') obey(before, policies.get(ASSETS[before.asset]?.region ?? ''));
  const sum = target === 'FUNDED' ? before.amount : (amount ?? held);
  const event: Event = {
    sequence: before.events.length + 1,
    from: before.state,
    to: target,
    moved: sum === 0n ? null : written(sum, currency),
  };
  return {
    ...before,
    state: target,
    held: target === 'FUNDED' ? sum : held - sum,
    released: before.released + (paysOut ? sum : 0n),
    refunded: before.refunded + (target === 'CANCELLED' || target === 'EXPIRED' ? sum : 0n),
    version: version + 1,
    events: [...before.events, event],
  };
}
