import * as fc from 'fast-check';
import type { Call, MoveKind, MoveMutation, Operation, Policy, Who } from './calls.ts';
import {
  type Agree,
  type Amend,
  type Create,
  type Held,
  type Move,
  minor,
  NEXT,
  type State,
  written,
} from './model.ts';
import { partsOf } from './sums.ts';
import { terms } from './termsSteps.ts';
import type { World } from './world.ts';

/** One step of a lifecycle. Its effect depends on the existing objects. */
export type Step =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'expireDue' }
  | { readonly do: 'cleanUp' }
  | { readonly do: 'again'; readonly which: number; readonly who: Who; readonly changed: boolean }
  | {
      readonly do: 'call';
      readonly who: Who;
      readonly key: string | undefined;
      readonly call: (world: World) => Unsigned;
    };
type Unsigned = DistributiveOmit<Call, 'who' | 'key'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const often = <T>(weight: number, ...values: readonly T[]): fc.WeightedArbitrary<T> => ({
  weight,
  arbitrary: fc.constantFrom(...values),
});
const undefinedOr = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 10 - weight, arbitrary: fc.constant(undefined) }, { weight, arbitrary });

const who = fc.oneof(often<Who>(5, 'ROOT'), often<Who>(8, 'ADMIN'), often<Who>(1, 'READ_ONLY', 'STRANGER'));
const key = undefinedOr(4, fc.oneof(often(14, 'k1', 'k2'), often(1, '', 'k'.repeat(256))));
const BAD_AMOUNTS = ['0', '0.00', '-1', '1e3', '', '5.', '7.12345', '1'.repeat(25)];

/** The time until the expiry. A past time makes the input invalid. */
const expiry = fc.oneof(often(6, undefined), often(4, 10 * MINUTE, 2 * DAY), often(2, 10 * DAY), often(1, 11 * DAY, 0));
const create: fc.Arbitrary<(world: World) => Create> = fc
  .record({
    asset: fc.oneof(often(12, 0), often(4, 1, 2), often(1, -1)),
    holder: fc.oneof(often(20, 'payee'), often(1, ' ')),
    amount: fc.oneof(
      often(12, '100.00', '100', '10.00', '500'),
      often(2, '9.99', '500.01', '50.5'),
      often(1, ...BAD_AMOUNTS),
    ),
    currency: fc.oneof(often(16, 'fits'), often(1, 'USD', 'JPY', 'EUR', 'XXX')),
    expires: expiry,
    reference: fc.oneof(often<string | undefined>(12, undefined), often<string | undefined>(4, 'r1', 'r2')),
    // Mostly set with a reference, which it requires.
    isUnique: fc.oneof(often<boolean | 'if named'>(6, 'if named'), often<boolean | 'if named'>(1, false, true)),
    institution: undefinedOr(2, fc.oneof(often(4, 'own' as const), often(1, 'other' as const))),
    made: undefinedOr(6, terms),
  })
  .map(({ expires, asset, currency: sent, amount: text, isUnique, made, ...rest }) => ({ now }) => {
    const currency = sent !== 'fits' ? sent : asset === 1 ? 'JPY' : 'USD';
    const amount = asset === 1 && text.endsWith('.00') ? text.slice(0, -3) : text;
    const whole = minor(amount, currency);
    return {
      ...rest,
      unique: isUnique === 'if named' ? rest.reference !== undefined : isUnique,
      asset,
      currency,
      amount,
      // Invoices require an expiry.
      expiresAt: expires === undefined ? (asset === 1 ? now + DAY : undefined) : now + expires,
      terms: made?.(typeof whole === 'bigint' ? whole : 100n, currency, now),
    };
  });

const STATES: readonly State[] = [
  'FUNDED',
  'PARTIALLY_RELEASED',
  'RELEASED',
  'CANCELLED',
  'EXPIRED',
  'CREATED',
  'PARTIALLY_FUNDED',
];
const amount = fc.oneof(
  often<string | number | undefined>(6, undefined),
  often<string | number | undefined>(8, 0.3, 0.5),
  often<string | number | undefined>(3, 1),
  often<string | number | undefined>(3, 1.5),
  often<string | number | undefined>(2, '0.001', ...BAD_AMOUNTS),
);
/** The milestone of a release or refund: mostly an open one if the position has milestones. */
const milestone = fc.record({
  which: fc.oneof(often<'open' | 'any' | 'none' | 'unknown'>(14, 'open'), often(1, 'any', 'none', 'unknown')),
  at: fc.nat(3),
  isOld: fc.oneof(often(12, false), often(1, true)),
});
const position = fc.oneof({ weight: 20, arbitrary: fc.nat(3) }, often(1, -1, -2));
const expected = fc.oneof(often<number | undefined>(8, undefined), often(4, 0), often(1, 1));
const reason = fc.oneof(often<string | undefined>(20, undefined, 'as agreed'), often(1, 'r'.repeat(1_001)));

/** Returns the index of the newest position that suits, or of any if none does; negative for one that does not exist. */
function pick(positions: readonly Held[], at: number, suits: (each: Held) => boolean): number {
  const all = [...positions.keys()].toReversed();
  const suited = all.filter((each) => suits(positions[each] as Held));
  const among = suited.length > 0 ? suited : all;
  return at < 0 || among.length === 0 ? Math.min(at, -1) : (among[at % among.length] as number);
}

const move = (
  to: fc.Arbitrary<Move['to']>,
  part: fc.Arbitrary<string | number | undefined>,
): fc.Arbitrary<(world: World) => Move> =>
  fc
    .record({
      // Mostly a position for which the move is allowed, the newest first.
      at: position,
      suits: fc.oneof(often(3, true), often(1, false)),
      to,
      amount: part,
      // Mostly set without an amount, as a release requires.
      all: fc.oneof(
        often<boolean | 'as required' | undefined>(12, 'as required'),
        often<boolean | 'as required' | undefined>(1, true, false, undefined),
      ),
      milestone,
      payment: fc.oneof(often<string | undefined>(12, undefined, 'SWIFT-1'), often<string | undefined>(1, ' ')),
      reason,
      expected,
    })
    .map(
      ({ at, suits, amount: sent, all: isAll, milestone: chosen, payment: reference, expected: ahead, ...rest }) =>
        (world) => {
          const { positions } = world;
          const index = pick(positions, at, ({ state }) => suits && suitsTo(rest.to, state));
          const { currency, version } = positions[index] ?? NOTHING;
          const isPayout = rest.to === 'BY_AMOUNT' || rest.to === 'REFUND';
          const of = isPayout ? milestoneOf(positions, index, chosen) : undefined;
          const share = (times: number): string =>
            written((baseOf(positions[index], rest.to, of) * BigInt(times * 10) + 9n) / 10n, currency);
          return {
            ...rest,
            position: index,
            amount: typeof sent === 'number' ? share(sent) : sent,
            all: isPayout ? (isAll === 'as required' ? sent === undefined : isAll) : undefined,
            milestone: of,
            payment: isPayout || rest.to === 'FUND' ? reference : undefined,
            expectedVersion: ahead === undefined ? undefined : version + ahead,
          };
        },
    );

function milestoneOf(
  positions: readonly Held[],
  index: number,
  { which, at, isOld }: { readonly which: string; readonly at: number; readonly isOld: boolean },
): Move['milestone'] {
  const held = positions[index];
  if (which === 'none' || !held) return undefined;
  if (which === 'unknown') return 'unknown';
  // A milestone of another position, or of this one.
  const other = which === 'any' ? (index + at) % positions.length : index;
  const { terms: own, ...rest } = positions[other] as Held;
  const parts = partsOf({ terms: own, ...rest });
  const open = [...parts.keys()].filter((n) => which === 'any' || (parts[n]?.left ?? 0n) > 0n);
  const n = open.length === 0 ? at : (open[at % open.length] as number);
  // The final release and the refund of everything have none.
  if (parts.length === 0 || (which === 'open' && at === 3)) return undefined;
  const termsVersion = Math.max(1, (own?.version ?? 1) - (isOld ? 1 : 0));
  return { position: other, termsVersion, sequence: n + 1 };
}

/** Returns the amount that the amount of a move is a share of. */
function baseOf(held: Held | undefined, to: Move['to'], of: Move['milestone']): bigint {
  if (!held) return NOTHING.amount;
  if (to === 'FUND') return held.amount - held.principal;
  const part = typeof of === 'object' ? partsOf(held)[of.sequence - 1] : undefined;
  if (part) return part.left;
  if (held.available > 0n) return held.available;
  return held.held === 0n ? held.amount : held.held;
}

const NOTHING = { amount: 1n, currency: 'USD', version: 1 };
const REFUNDABLE: readonly State[] = ['PARTIALLY_FUNDED', 'FUNDED', 'PARTIALLY_RELEASED'];
function suitsTo(to: Move['to'], state: State): boolean {
  if (to === 'REFUND') return REFUNDABLE.includes(state);
  if (to === 'FUND') return NEXT[state].includes('FUNDED');
  return NEXT[state].includes(to === 'BY_AMOUNT' ? 'RELEASED' : to);
}

const isOpen = ({ state }: Held): boolean => state === 'CREATED';
const signers = ({ terms: own }: Held): readonly string[] =>
  own?.parties.flatMap(({ role, reference, agreedAt }) => (role === 'OBSERVER' || agreedAt ? [] : [reference])) ?? [];

const agree: fc.Arbitrary<(world: World) => Agree> = fc
  .record({
    at: position,
    party: fc.oneof(often(10, 'missing'), often(2, 'payer', 'payee'), often(1, 'observer', 'nobody', ' ')),
    ahead: fc.oneof(often(12, 0), often(1, -1, 1)),
    suits: fc.oneof(often(8, true), often(1, false)),
    reason,
  })
  .map(({ at, party, ahead, suits, ...rest }) => ({ positions }) => {
    const index = pick(positions, at, (each) => suits && isOpen(each) && signers(each).length > 0);
    const held = positions[index];
    const [missing = 'payer'] = held ? signers(held) : [];
    const termsVersion = (held?.terms?.version ?? 1) + ahead;
    return { ...rest, position: index, party: party === 'missing' ? missing : party, termsVersion };
  });

const amend: fc.Arbitrary<(world: World) => Amend> = fc
  .record({
    at: position,
    suits: fc.oneof(often(6, true), often(1, false)),
    made: undefinedOr(6, terms),
    expires: fc.oneof(
      often<number | null | undefined>(5, undefined),
      often<number | null | undefined>(2, 2 * DAY, null),
      often<number | null | undefined>(1, 11 * DAY, 0),
    ),
    reason,
    expected,
  })
  .map(({ at, suits, made, expires, expected: ahead, ...rest }) => ({ positions, now }) => {
    const index = pick(positions, at, (each) => suits && isOpen(each));
    const { amount: whole, currency, version } = positions[index] ?? NOTHING;
    return {
      ...rest,
      position: index,
      terms: made?.(whole, currency, now),
      expiresAt: typeof expires === 'number' ? now + expires : expires,
      expectedVersion: ahead === undefined ? undefined : version + ahead,
    };
  });

const update = fc
  .record({
    at: position,
    named: fc.boolean(),
    reference: fc.oneof(often<string | null | undefined>(6, 'r1', 'r2', 'r3'), often(2, null, undefined, ' ')),
    expected,
  })
  .map(({ at, named, reference, expected: ahead }) => ({ positions }: World): Unsigned => {
    const index = pick(positions, at, ({ unique }) => named && unique);
    const { version } = positions[index] ?? NOTHING;
    const expectedVersion = ahead === undefined ? undefined : version + ahead;
    return { mutation: 'updatePosition', input: { position: index, reference, expectedVersion } };
  });

const toAny = move(fc.constantFrom(...STATES, 'FUNDED', 'FUNDED'), fc.constant(undefined));
const toAnyPaying = move(fc.constantFrom(...STATES, 'PARTIALLY_RELEASED', 'PARTIALLY_RELEASED', 'RELEASED'), amount);
const transition = fc.oneof(toAny, toAnyPaying);
/** The amount of a funding: mostly everything that is due, so that releases follow. */
const payment = fc.oneof(
  often<string | number | undefined>(12, undefined),
  often<string | number | undefined>(5, 0.3, 0.5),
  often<string | number | undefined>(3, 1),
  often<string | number | undefined>(2, 1.5),
  often<string | number | undefined>(1, '0.001', ...BAD_AMOUNTS),
);
const funding = move(fc.constant('FUND'), payment);
const release = move(fc.constant('BY_AMOUNT'), amount);
const refund = move(fc.constant('REFUND'), amount);
const MOVES: readonly (readonly [number, MoveMutation, fc.Arbitrary<(world: World) => Move>])[] = [
  [12, 'fundPosition', funding],
  [10, 'releasePosition', release],
  [6, 'refundPosition', refund],
  [8, 'transitionPosition', transition],
  [2, 'cancelPosition', move(fc.constant('CANCELLED'), fc.constant(undefined))],
  [2, 'expirePosition', move(fc.constant('EXPIRED'), fc.constant(undefined))],
];

const moveOf = (
  kind: MoveKind,
  input: fc.Arbitrary<(world: World) => Move>,
): fc.Arbitrary<(world: World) => Operation> => input.map((made) => (world: World) => ({ kind, move: made(world) }));
const operation: fc.Arbitrary<(world: World) => Operation> = fc.oneof(
  create.map((made) => (world: World) => ({
    kind: 'create' as const,
    create: { ...made(world), institution: undefined },
  })),
  moveOf('transition', transition),
  fc.oneof(moveOf('fund', funding), moveOf('release', release), moveOf('refund', refund)),
);
const batch = fc
  .record({
    operations: fc.array(operation, { maxLength: 5, minLength: 0, size: 'max' }),
    atomic: fc.boolean(),
    dryRun: fc.oneof(often(4, false), often(1, true)),
  })
  .map(
    ({ operations, ...rest }) =>
      (world: World): Unsigned => ({
        mutation: 'applyPositions',
        input: { ...rest, operations: operations.map((made) => made(world)) },
      }),
  );

const POLICIES: readonly Omit<Policy, 'region' | 'expectedVersion'>[] = [
  {},
  { allowed: ['USD', 'JPY'], limits: [{ currency: 'USD', min: '50.00', max: '100.00' }] },
  { limits: [{ currency: 'JPY', max: '99' }] },
  { limits: [{ currency: 'USD', min: '99.00', max: '450.00' }] },
  { allowed: ['EUR'], countries: ['SG'] },
  { countries: ['DE', 'SG'] },
  { countries: ['DE'] },
  { countries: [] },
  { allowed: ['EUR'] },
  { allowed: [] },
  { allowed: ['EUR'], limits: [{ currency: 'USD' }] },
  { limits: [{ currency: 'USD', min: '2.00', max: '1.00' }, { currency: 'USD' }] },
];
const policy = fc
  .record({
    mutation: fc.oneof(often(4, 'setPolicy' as const), often(3, 'deletePolicy' as const)),
    region: fc.oneof(often(8, 'US', 'SG'), often(1, 'UAE')),
    expected: fc.oneof(often(6, undefined), often(2, 0), often(1, 1)),
    rules: fc.constantFrom(...POLICIES),
  })
  .map(({ mutation, region, expected: ahead, rules }) => ({ policies }: World): Unsigned => {
    const expectedVersion = ahead === undefined ? undefined : (policies.get(region)?.version ?? 0) + ahead;
    return { mutation, input: { region, expectedVersion, ...(mutation === 'setPolicy' && rules) } };
  });

const made: fc.Arbitrary<(world: World) => Unsigned> = fc.oneof(
  {
    weight: 12,
    arbitrary: create.map(
      (input) =>
        (world: World): Unsigned => ({ mutation: 'createPosition', input: input(world) }),
    ),
  },
  ...MOVES.map(([weight, mutation, input]) => ({
    weight,
    arbitrary: input.map(
      (make) =>
        (world: World): Unsigned => ({ mutation, input: make(world) }),
    ),
  })),
  {
    weight: 10,
    arbitrary: agree.map(
      (make) =>
        (world: World): Unsigned => ({ mutation: 'agreeToPosition', input: make(world) }),
    ),
  },
  {
    weight: 5,
    arbitrary: amend.map(
      (make) =>
        (world: World): Unsigned => ({ mutation: 'amendPosition', input: make(world) }),
    ),
  },
  { weight: 5, arbitrary: update },
  { weight: 5, arbitrary: batch },
  { weight: 6, arbitrary: policy },
);

const changed = fc.oneof(often(3, false), often(2, true));

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 40, arbitrary: fc.record({ do: fc.constant('call' as const), who, key, call: made }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('again' as const), which: fc.nat(), who, changed: changed }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(MINUTE, 10 * MINUTE, DAY) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'wait' as const, ms: 31 * DAY }) },
  { weight: 2, arbitrary: fc.constant({ do: 'expireDue' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'cleanUp' as const }) },
);
