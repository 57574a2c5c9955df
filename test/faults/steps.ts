import * as fc from 'fast-check';
import type { Call, MoveName, Operation, Policy, Who } from './calls.ts';
import { type Create, type Move, NEXT, type State, written } from './model.ts';
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
    asset: fc.oneof(often(12, 0), often(4, 1), often(1, -1)),
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
  })
  .map(({ expires, asset, currency, amount, isUnique, ...rest }) => ({ now }) => ({
    ...rest,
    unique: isUnique === 'if named' ? rest.reference !== undefined : isUnique,
    asset,
    currency: currency !== 'fits' ? currency : asset === 1 ? 'JPY' : 'USD',
    amount: asset === 1 && amount.endsWith('.00') ? amount.slice(0, -3) : amount,
    // Invoices require an expiry.
    expiresAt: expires === undefined ? (asset === 1 ? now + DAY : undefined) : now + expires,
  }));

const STATES: readonly State[] = ['FUNDED', 'PARTIALLY_RELEASED', 'RELEASED', 'CANCELLED', 'EXPIRED', 'CREATED'];
const amount = fc.oneof(
  often<string | number | undefined>(6, undefined),
  often<string | number | undefined>(8, 0.3, 0.5),
  often<string | number | undefined>(3, 1),
  often<string | number | undefined>(3, 1.5),
  often<string | number | undefined>(2, '0.001', ...BAD_AMOUNTS),
);
const move = (to: fc.Arbitrary<Move['to']>, pays: boolean): fc.Arbitrary<(world: World) => Move> =>
  fc
    .record({
      // Mostly a position for which the move is allowed, the newest first.
      at: fc.oneof({ weight: 20, arbitrary: fc.nat(3) }, often(1, -1, -2)),
      suits: fc.oneof(often(3, true), often(1, false)),
      to,
      amount: pays ? amount : fc.constant(undefined),
      // Mostly set without an amount, as a release requires.
      all: fc.oneof(
        often<boolean | 'as required' | undefined>(12, 'as required'),
        often<boolean | 'as required' | undefined>(1, true, false, undefined),
      ),
      reason: fc.oneof(often(20, undefined, 'as agreed'), often(1, 'r'.repeat(1_001))),
      expected: fc.oneof(often(8, undefined), often(4, 0), often(1, 1)),
    })
    .map(({ at, suits, amount: part, all: isAll, expected, ...rest }) => ({ positions }) => {
      const all = [...positions.keys()].toReversed();
      const suited = all.filter((each) => suitsTo(rest.to, positions[each]?.state));
      const among = suits && suited.length > 0 ? suited : all;
      const position = at < 0 || among.length === 0 ? Math.min(at, -1) : (among[at % among.length] as number);
      const { held, amount: whole, currency, version } = positions[position] ?? NOTHING;
      const share = (of: number): string =>
        written(((held === 0n ? whole : held) * BigInt(of * 10) + 9n) / 10n, currency);
      return {
        ...rest,
        position,
        amount: typeof part === 'number' ? share(part) : part,
        all: rest.to !== 'BY_AMOUNT' ? undefined : isAll === 'as required' ? part === undefined : isAll,
        expectedVersion: expected === undefined ? undefined : version + expected,
      };
    });

const NOTHING = { held: 0n, amount: 1n, currency: 'USD', version: 1 };
const suitsTo = (to: Move['to'], state: State = 'CREATED'): boolean =>
  NEXT[state].includes(to === 'BY_AMOUNT' ? 'RELEASED' : to);

const update = fc
  .record({
    at: fc.oneof({ weight: 20, arbitrary: fc.nat(3) }, often(1, -1, -2)),
    named: fc.boolean(),
    reference: fc.oneof(often<string | null | undefined>(6, 'r1', 'r2', 'r3'), often(2, null, undefined, ' ')),
    expected: fc.oneof(often(8, undefined), often(4, 0), often(1, 1)),
  })
  .map(({ at, named, reference, expected }) => ({ positions }: World): Unsigned => {
    const all = [...positions.keys()].toReversed();
    const unique = all.filter((each) => positions[each]?.unique);
    const among = named && unique.length > 0 ? unique : all;
    const position = at < 0 || among.length === 0 ? Math.min(at, -1) : (among[at % among.length] as number);
    const { version } = positions[position] ?? NOTHING;
    const expectedVersion = expected === undefined ? undefined : version + expected;
    return { mutation: 'updatePosition', input: { position, reference, expectedVersion } };
  });

const toAny = move(fc.constantFrom(...STATES), false);
const toAnyPaying = move(fc.constantFrom(...STATES, 'PARTIALLY_RELEASED', 'PARTIALLY_RELEASED', 'RELEASED'), true);
const transition = fc.oneof(toAny, toAnyPaying);
const MOVES: readonly (readonly [number, MoveName, fc.Arbitrary<(world: World) => Move>])[] = [
  [8, 'fundPosition', move(fc.constant('FUNDED'), false)],
  [8, 'releasePosition', move(fc.constant('BY_AMOUNT'), true)],
  [8, 'transitionPosition', transition],
  [2, 'cancelPosition', move(fc.constant('CANCELLED'), false)],
  [2, 'expirePosition', move(fc.constant('EXPIRED'), false)],
];

const operation: fc.Arbitrary<(world: World) => Operation> = fc.oneof(
  create.map((made) => (world: World) => ({ create: { ...made(world), institution: undefined } })),
  transition.map((made) => (world: World) => ({ transition: made(world) })),
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
  .map(({ mutation, region, expected, rules }) => ({ policies }: World): Unsigned => {
    const expectedVersion = expected === undefined ? undefined : (policies.get(region)?.version ?? 0) + expected;
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
