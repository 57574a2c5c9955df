import { faultsOfSeveralPayees, misfitsOf } from './inputs.ts';
import {
  type Agree,
  type Amend,
  type Amounts,
  ASSETS,
  type Asset,
  type Create,
  DAY,
  type Event,
  type Held,
  invalid,
  type MoveName,
  minor,
  NEXT,
  Refused,
  type Rules,
  type State,
  type Terms,
  type TermsInput,
  type Update,
  written,
} from './model.ts';
import { amountsOf, balancesOf } from './sums.ts';

const assetOf = ({ asset }: Pick<Held, 'asset'>): Asset => ASSETS[asset] as Asset;

/** A creation or an amendment, whose violations have a path, and the paths of its input. */
interface Opening {
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly paths: 'all' | 'expiresAt';
}

/** Rejects an amount that the template or the policy does not allow. A funding has no path. */
export function obey(
  { asset: index, amount, currency }: Pick<Held, 'asset' | 'amount' | 'currency'>,
  rules: Rules | undefined,
  opening?: Opening,
): void {
  const asset = assetOf({ asset: index });
  const must = (rule: string, holds: boolean, path: readonly string[] | null, limit: string | null = null): void => {
    const isInput = opening?.paths === 'all' || (opening !== undefined && path?.[0] === 'expiresAt');
    if (!holds) throw new Refused('PolicyViolationError', isInput ? path : null, { rule, limit });
  };
  const within = (bounds: { readonly min?: string | undefined; readonly max?: string | undefined }): void => {
    const { min, max } = bounds;
    const limit = (bound: string): string => written(minor(bound, currency) as bigint, currency);
    if (min !== undefined) must('MIN_AMOUNT', amount >= (minor(min, currency) as bigint), ['amount'], limit(min));
    if (max !== undefined) must('MAX_AMOUNT', amount <= (minor(max, currency) as bigint), ['amount'], limit(max));
  };
  must('CURRENCY', currency === asset.currency, ['amount', 'currencyCode']);
  within(asset);
  const latest = opening && asset.tenorDays !== undefined ? opening.createdAt + asset.tenorDays * DAY : Infinity;
  must('TENOR', latest === Infinity || (opening?.expiresAt ?? Infinity) <= latest, ['expiresAt']);
  must('CURRENCY', rules?.allowed?.includes(currency) ?? true, ['amount', 'currencyCode']);
  must('COUNTRY', asset.country === undefined || (rules?.countries?.includes(asset.country) ?? true), null);
  within(rules?.limits.find((limit) => limit.currency === currency) ?? {});
}

/** Rejects a reference that another position has as a unique reference. */
function mustBeFree(reference: string | null, positions: readonly Held[]): void {
  if (positions.some((each) => each.unique && each.reference === reference))
    throw new Refused('ConflictError', ['externalReference']);
}

/** Returns a version of terms, to which nobody has agreed, with the retainage that the template requires. */
function termsOf(
  input: TermsInput | undefined,
  position: Pick<Held, 'asset' | 'currency'>,
  version: number,
): Terms | undefined {
  const minimum = assetOf(position).retainage;
  if (input === undefined && minimum === undefined) return undefined;
  const { parties, milestones = [], fees = [], retainage, agreementRequired = false } = input ?? { parties: [] };
  if (minimum !== undefined && retainage !== undefined && Number(retainage) < Number(minimum)) {
    throw new Refused('PolicyViolationError', ['terms', 'retainagePercentage'], { rule: 'RETAINAGE', limit: null });
  }
  const withheld = retainage ?? minimum;
  const faults = faultsOfSeveralPayees({ parties, milestones, fees, retainage: withheld });
  if (faults.length > 0) throw invalid(faults);
  const [only] = parties.filter(({ role }) => role === 'PAYEE');
  return {
    version,
    parties: parties.map((party) => ({ ...party, agreedAt: undefined })),
    milestones: milestones.map(({ title, amount, payee, dueAt }) => ({
      title,
      amount: minor(amount, position.currency) as bigint,
      payee: payee ?? only?.reference ?? '',
      dueAt,
    })),
    fees,
    retainage: withheld,
    agreementRequired,
  };
}

/** Returns a new position of an existing asset. */
export function opened(input: Create, rules: Rules | undefined, now: number, positions: readonly Held[]): Held {
  const { asset, currency, expiresAt, reference = null, unique = false } = input;
  const own = { asset, currency, amount: minor(input.amount, currency) as bigint, expiresAt, reference, unique };
  obey(own, rules, { expiresAt, createdAt: now, paths: 'all' });
  const terms = termsOf(input.terms, own, 1);
  if (unique) mustBeFree(reference, positions);
  const nothing = { ...amountsOf([], terms, currency), payments: [] };
  const before: Held = { ...own, terms, createdAt: now, state: 'CREATED', ...nothing, version: 0, events: [] };
  return after(before, 'CREATE', before, { from: null });
}

/** Returns the position after a change, with the event of the change. The event records what changed. */
export function after(
  before: Held,
  move: MoveName,
  changed: Held,
  about: Partial<Pick<Event, 'from' | 'milestone' | 'payment' | 'party'>> = {},
): Held {
  const { currency } = before;
  const grown = (name: keyof Amounts): bigint => changed[name] - before[name];
  const text = (amount: bigint): string | null => (amount === 0n ? null : written(amount, currency));
  const from = about.from === undefined ? before.state : about.from;
  const [balances, balancesBefore] = [balancesOf(changed), balancesOf(before)];
  const event: Event = {
    milestone: null,
    payment: null,
    party: null,
    ...about,
    sequence: before.events.length + 1,
    move,
    from,
    to: changed.state,
    moved: text(move === 'FUND' ? grown('funded') : grown('released') + grown('refunded')),
    fee: text(grown('fees')),
    retained: text(grown('retained')),
    kind: kindOf(from, move, changed.state),
    postings: Object.fromEntries(
      Object.entries(balances).flatMap(([account, balance]) => {
        const posted = balance - (balancesBefore[account] as bigint);
        return posted === 0n ? [] : [[account, written(posted, currency)]];
      }),
    ),
  };
  return { ...changed, version: before.version + 1, events: [...before.events, event] };
}

function kindOf(from: State | null, move: MoveName, to: State): string {
  if (from === null) return 'POSITION_CREATED';
  return from !== to || move === 'RELEASE' ? 'POSITION_STATE_CHANGED' : 'POSITION_CHANGED';
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

export function mustBeAt({ version }: Held, expectedVersion: number | undefined): void {
  if (expectedVersion === undefined || expectedVersion === version) return;
  throw new Refused('StaleVersionError', ['expectedVersion'], { expectedVersion, currentVersion: version });
}

export const allowedOf = ({ state, expiresAt }: Held, now: number): readonly State[] =>
  NEXT[state].length > 0 && expiresAt !== undefined && expiresAt <= now ? ['EXPIRED'] : NEXT[state];

/** Rejects a change of the terms of a position that is funded, closed or past its expiry. */
function mustBeOpenToTerms(position: Held, now: number): void {
  if (position.state !== 'CREATED' || allowedOf(position, now).length === 1) throw new Refused('ConflictError', null);
}

/** Returns a position with new terms or another expiry. Its terms get a new version even if only the expiry changes. */
export function amended(before: Held, input: Amend, now: number, policies: ReadonlyMap<string, Rules>): Held {
  mustBeAt(before, input.expectedVersion);
  mustBeOpenToTerms(before, now);
  const misfits = input.terms ? misfitsOf(input.terms, written(before.amount, before.currency), before.currency) : [];
  if (misfits.length > 0) throw invalid(misfits);
  const expiresAt = input.expiresAt === undefined ? before.expiresAt : (input.expiresAt ?? undefined);
  const rules = policies.get(assetOf(before).region);
  obey(before, rules, { createdAt: before.createdAt, expiresAt, paths: 'expiresAt' });
  const version = (before.terms?.version ?? 0) + 1;
  const same = before.terms && {
    ...before.terms,
    version,
    parties: before.terms.parties.map((party) => ({ ...party, agreedAt: undefined })),
  };
  const terms = input.terms ? termsOf(input.terms, before, version) : same;
  return after(before, 'AMEND', { ...before, expiresAt, terms });
}

/** Returns a position with the agreement of a party, or unchanged if the party had agreed. */
export function agreed(before: Held, { party, termsVersion }: Agree, now: number): Held {
  const { terms } = before;
  if (!terms) throw new Refused('ConflictError', null);
  const { version: currentVersion, parties } = terms;
  if (termsVersion !== currentVersion) {
    throw new Refused('StaleVersionError', ['termsVersion'], { expectedVersion: termsVersion, currentVersion });
  }
  mustBeOpenToTerms(before, now);
  const index = parties.findIndex(({ role, reference }) => role !== 'OBSERVER' && reference === party);
  if (index < 0) throw invalid([['partyReference']]);
  if (parties[index]?.agreedAt !== undefined) return before;
  const signed = parties.map((each, n) => (n === index ? { ...each, agreedAt: now } : each));
  return after(before, 'AGREE', { ...before, terms: { ...terms, parties: signed } }, { party });
}
