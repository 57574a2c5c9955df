import { faultsOfAgree, faultsOfAmend, faultsOfCreate, faultsOfMove, faultsOfUpdate } from './inputs.ts';
import {
  type Agree,
  type Amend,
  type Answer,
  ASSETS,
  type Create,
  type Limit,
  type Move,
  minor,
  type Update,
} from './model.ts';

export type Who = 'ROOT' | 'ADMIN' | 'READ_ONLY' | 'STRANGER';
export type MoveMutation =
  | 'fundPosition'
  | 'releasePosition'
  | 'refundPosition'
  | 'transitionPosition'
  | 'cancelPosition'
  | 'expirePosition';
export type MoveKind = 'transition' | 'fund' | 'release' | 'refund';
/** One operation of a batch. */
export type Operation =
  | { readonly kind: 'create'; readonly create: Create }
  | { readonly kind: MoveKind; readonly move: Move };
export interface Batch {
  readonly operations: readonly Operation[];
  readonly atomic: boolean;
  readonly dryRun: boolean;
}
export interface Policy {
  readonly region: string;
  readonly expectedVersion?: number | undefined;
  readonly allowed?: readonly string[] | undefined;
  readonly countries?: readonly string[] | undefined;
  readonly limits?: readonly Limit[] | undefined;
}
/** One request. */
export type Call = { readonly who: Who; readonly key?: string | undefined } & (
  | { readonly mutation: 'createPosition'; readonly input: Create }
  | { readonly mutation: 'updatePosition'; readonly input: Update }
  | { readonly mutation: 'amendPosition'; readonly input: Amend }
  | { readonly mutation: 'agreeToPosition'; readonly input: Agree }
  | { readonly mutation: MoveMutation; readonly input: Move }
  | { readonly mutation: 'applyPositions'; readonly input: Batch }
  | { readonly mutation: 'setPolicy'; readonly input: Policy }
  | { readonly mutation: 'deletePolicy'; readonly input: Policy }
);

const REMEMBERED = [
  'ConflictError',
  'IllegalTransitionError',
  'InsufficientFundsError',
  'PolicyViolationError',
  'StaleVersionError',
];

/** Returns the same call with another input. */
export function changedCall(call: Call): Call {
  if (call.mutation === 'createPosition') return { ...call, input: { ...call.input, holder: 'another' } };
  if (call.mutation === 'applyPositions') return { ...call, input: { ...call.input, atomic: !call.input.atomic } };
  if (call.mutation === 'updatePosition') return { ...call, input: { ...call.input, reference: 'another' } };
  if (call.mutation === 'agreeToPosition') return { ...call, input: { ...call.input, reason: 'another' } };
  const expectedVersion = (call.input.expectedVersion ?? 0) + 1;
  if (call.mutation === 'setPolicy' || call.mutation === 'deletePolicy') {
    return { ...call, input: { ...call.input, expectedVersion } };
  }
  if (call.mutation === 'amendPosition') return { ...call, input: { ...call.input, expectedVersion } };
  return { ...call, input: { ...call.input, expectedVersion } };
}

/** Whether a result is stored under its idempotency key: only if a retry would return the same. */
export function isKept({ type, results, committed }: Answer): boolean {
  if (!type.endsWith('Payload')) return REMEMBERED.includes(type);
  if (results === undefined || committed === true) return true;
  const refused = (results as readonly Answer[]).filter((each) => each.type === 'REFUSED');
  return refused.every(({ error }) => REMEMBERED.includes(error as string));
}

/** Returns the result of an operation of a batch, with paths that start at the whole input. */
export function within(path: readonly string[], { type, issues, ...facts }: Answer): Answer {
  const whole = (part: unknown): readonly string[] => [...path, ...((part ?? []) as readonly string[])];
  const all = issues === undefined ? {} : { issues: (issues as readonly unknown[]).map(whole) };
  return { ...facts, type: 'REFUSED', error: type, path: whole(facts['path']), ...all };
}

/** Whether the object of the call exists. Without it the root key stores no idempotency key. */
export function isAboutSomething({ mutation, input }: Call, positions: readonly unknown[]): boolean {
  if (mutation === 'createPosition') return input.asset in ASSETS;
  if (mutation === 'setPolicy' || mutation === 'deletePolicy') return true;
  if (mutation !== 'applyPositions') return input.position in positions;
  return input.operations.some((operation) =>
    operation.kind === 'create'
      ? operation.create.asset in ASSETS && faultsOfCreate(operation.create, 0).length === 0
      : operation.move.position in positions && faultsOfMove(operation.move).length === 0,
  );
}

/** Returns the validation issues that follow from the input only. */
export function faultsOf({ mutation, input, key }: Call, now: number): (string | number)[][] {
  const badKey = key !== undefined && (key.trim() === '' || key.length > 255) ? [['idempotencyKey']] : [];
  if (mutation === 'createPosition') return faultsOfCreate(input, now, badKey);
  if (mutation === 'applyPositions') return [...badKey, ...(input.operations.length === 0 ? [['operations']] : [])];
  if (mutation === 'setPolicy') return [...badKey, ...faultsOfPolicy(input)];
  if (mutation === 'updatePosition') return [...badKey, ...faultsOfUpdate(input)];
  if (mutation === 'amendPosition') return faultsOfAmend(input, now, badKey);
  if (mutation === 'agreeToPosition') return [...badKey, ...faultsOfAgree(input)];
  return mutation === 'deletePolicy' ? badKey : [...badKey, ...faultsOfMove(input)];
}

const faultsOfPolicy = ({ allowed, countries, limits = [] }: Policy): (string | number)[][] => [
  ...(allowed?.length === 0 ? [['allowedCurrencies']] : []),
  ...(countries?.length === 0 ? [['allowedCountries']] : []),
  ...limits.flatMap(({ currency, min, max }, index) => [
    ...(limits.findIndex((each) => each.currency === currency) < index ? [['limits', index, 'currencyCode']] : []),
    ...(allowed && !allowed.includes(currency) ? [['limits', index, 'currencyCode']] : []),
    ...(min !== undefined && max !== undefined && (minor(min, currency) as bigint) > (minor(max, currency) as bigint)
      ? [['limits', index, 'minAmount']]
      : []),
  ]),
];

/** Returns what makes two calls equal: amounts by value, and no field that is implied by another. */
export function requestOf({ mutation, input }: Call): string {
  if (mutation !== 'applyPositions') return JSON.stringify([mutation, worth(input)]);
  const operations = input.operations.map((each) =>
    worth(each.kind === 'create' ? { create: each.create } : { ...each.move, to: fundedBy(each.move) }),
  );
  return JSON.stringify([input.atomic, operations]);
}

/** Funding everything that is due is the transition to FUNDED. */
const fundedBy = ({ to, amount }: Move): Move['to'] => (to === 'FUND' && amount === undefined ? 'FUNDED' : to);

const worth = (part: object): unknown =>
  JSON.parse(
    JSON.stringify(part, (name, value: unknown) => {
      if (name === 'institution' || name === 'all') return undefined;
      return (name === 'amount' || name === 'fixed') && typeof value === 'string' ? worthOf(value) : value;
    }),
  );

const worthOf = (text: string): string => (/^\d+\.\d*$/.test(text) ? text.replace(/\.?0*$/, '') : text);
