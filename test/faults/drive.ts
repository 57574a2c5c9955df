import { formatInstant } from '../../src/domain/time.ts';
import type { Viewer } from '../../src/domain/viewer.ts';
import type { TestServer } from '../support/server.ts';
import type { Call, Operation, Who } from './calls.ts';
import {
  type Agree,
  AMOUNT_NAMES,
  type Amend,
  type Answer,
  type Create,
  type Move,
  type TermsInput,
  type Update,
} from './model.ts';

/** The two institutions and the assets of a random lifecycle. */
export interface Stage {
  readonly institutionId: string;
  readonly otherId: string;
  readonly assetIds: readonly string[];
  /** The ids of the positions in order of creation. */
  readonly positionIds: string[];
  /** The ids of the milestones that were seen, by position and version of its terms. */
  readonly milestoneIds: Map<string, readonly string[]>;
}

const UNKNOWN = {
  asset: 'ast_00000000000000000000000000',
  position: 'pos_00000000000000000000000000',
  milestone: 'mil_00000000000000000000000000',
} as const;
const MALFORMED = 'nonsense';

const FACTS = `path ... on ValidationError { issues { path } }
  ... on IllegalTransitionError { from to allowedTransitions } ... on PolicyViolationError { rule limit { amount } }
  ... on InsufficientFundsError { held { amount } available { amount } requested { amount } }
  ... on StaleVersionError { expectedVersion currentVersion }`;
const REFUSAL = `... on UserError { ${FACTS} }`;
const AMOUNTS = AMOUNT_NAMES.map((name) => `${name} { amount }`).join(' ');
const BARE = `id state version amount { amount currencyCode } ${AMOUNTS} expiresAt externalReference allowedTransitions`;
/** More than the milestones of any position of a random lifecycle. */
const MILESTONES = 5;
export const POSITION = `${BARE} terms {
  version agreed agreementRequired retainagePercentage parties { role reference agreedAt }
  fees { name bearer percentage fixed { amount } }
  milestones(first: ${MILESTONES}) { nodes {
    id sequence title amount { amount } earned { amount } refunded { amount } payeeReference dueAt state
  } }
}`;
export const EVENT = `sequence move fromState toState moved { amount } fee { amount } retained { amount }
  milestone { sequence } paymentReference partyReference`;
export const LEDGER = 'ledgerEvent { kind postings { accountKind amount { amount } } }';
// The results of a batch have no terms: the milestones would be those after the whole batch.
const PAYLOADS = {
  Position: `replayed position { ${POSITION} } event { ${EVENT} }`,
  Batch: `replayed committed results {
    status position { ${BARE} } event { ${EVENT} } error { __typename ${FACTS} }
  }`,
  Updated: `replayed position { ${POSITION} }`,
  Policy: 'replayed policy { version limits { currencyCode } allowedCurrencies allowedCountries }',
  Gone: 'replayed',
};
const payloadOf = (mutation: Call['mutation']): string => {
  if (mutation === 'createPosition') return `... on CreatePositionPayload { ${PAYLOADS.Position} }`;
  if (mutation === 'agreeToPosition') return `... on AgreeToPositionPayload { ${PAYLOADS.Position} }`;
  if (mutation === 'applyPositions') return `... on ApplyPositionsPayload { ${PAYLOADS.Batch} }`;
  if (mutation === 'updatePosition') return `... on UpdatePositionPayload { ${PAYLOADS.Updated} }`;
  if (mutation === 'setPolicy') return `... on SetPolicyPayload { ${PAYLOADS.Policy} }`;
  if (mutation === 'deletePolicy') return `... on DeletePolicyPayload { ${PAYLOADS.Gone} }`;
  return `... on PositionChangePayload { ${PAYLOADS.Position} }`;
};

/** Sends a call to the server, and returns the response in the terms of the model. */
export async function send(server: TestServer, stage: Stage, call: Call): Promise<Answer> {
  const { mutation, who } = call;
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const document = `mutation ($input: ${type}!) { it: ${mutation}(input: $input) { __typename ${payloadOf(mutation)} ${REFUSAL} } }`;
  server.viewer = viewerOf(who, stage);
  const { data, errors } = await server.ask<{ it: ResultData }>(document, { input: inputOf(call, stage) });
  if (errors || !data) throw new Error(JSON.stringify(errors), { cause: server.faults.at(-1) });
  return answerOf(data.it, stage, mutation === 'applyPositions' && call.input.dryRun);
}

export function viewerOf(who: Who, { institutionId, otherId }: Stage): Viewer {
  if (who === 'ROOT') return { role: 'ROOT' };
  return { role: who === 'READ_ONLY' ? who : 'ADMIN', institutionId: who === 'STRANGER' ? otherId : institutionId };
}

function inputOf(call: Call, stage: Stage): object {
  const key = call.key === undefined ? {} : { idempotencyKey: call.key };
  if (call.mutation === 'createPosition') return { ...createOf(call.input, stage), ...key };
  if (call.mutation === 'applyPositions') {
    const operationOf = (each: Operation): object =>
      each.kind === 'create'
        ? { create: createOf(each.create, stage) }
        : {
            [each.kind]: { ...moveOf(each.move, stage), ...(each.kind === 'transition' && { toState: each.move.to }) },
          };
    return { ...call.input, operations: call.input.operations.map(operationOf), ...key };
  }
  if (call.mutation === 'setPolicy' || call.mutation === 'deletePolicy') {
    const { region, expectedVersion, allowed, countries, limits } = call.input;
    const institutionId = call.who === 'ADMIN' ? undefined : stage.institutionId;
    const rules = {
      allowedCurrencies: allowed,
      allowedCountries: countries,
      limits: limits?.map(({ currency, min, max }) => ({ currencyCode: currency, minAmount: min, maxAmount: max })),
    };
    return { institutionId, region, expectedVersion, ...(call.mutation === 'setPolicy' && rules), ...key };
  }
  if (call.mutation === 'updatePosition') return { ...updateOf(call.input, stage), ...key };
  if (call.mutation === 'amendPosition') return { ...amendOf(call.input, stage), ...key };
  if (call.mutation === 'agreeToPosition') return { ...agreeOf(call.input, stage), ...key };
  const move = moveOf(call.input, stage);
  return { ...move, ...(call.mutation === 'transitionPosition' && { toState: call.input.to }), ...key };
}

const createOf = (input: Create, { assetIds, institutionId, otherId }: Stage): object => ({
  assetId: assetIds[input.asset] ?? UNKNOWN.asset,
  holderReference: input.holder,
  amount: { amount: input.amount, currencyCode: input.currency },
  expiresAt: instantOf(input.expiresAt),
  terms: termsOf(input.terms),
  externalReference: input.reference,
  uniqueReference: input.unique,
  institutionId: input.institution && (input.institution === 'own' ? institutionId : otherId),
});

const instantOf = (at: number | null | undefined): string | null | undefined =>
  typeof at === 'number' ? formatInstant(at) : at;

const termsOf = (terms: TermsInput | undefined): object | undefined =>
  terms && {
    parties: terms.parties,
    milestones: terms.milestones?.map(({ title, amount, payee, dueAt }) => ({
      title,
      amount,
      payeeReference: payee,
      dueAt: instantOf(dueAt),
    })),
    fees: terms.fees,
    retainagePercentage: terms.retainage,
    agreementRequired: terms.agreementRequired,
  };

const amendOf = ({ position, terms, expiresAt, ...rest }: Amend, stage: Stage): object => ({
  positionId: idOf(position, stage),
  terms: termsOf(terms),
  expiresAt: instantOf(expiresAt),
  ...rest,
});

const agreeOf = ({ position, party, ...rest }: Agree, stage: Stage): object => ({
  positionId: idOf(position, stage),
  partyReference: party,
  ...rest,
});

const idOf = (position: number, { positionIds }: Stage): string =>
  positionIds[position] ?? (position === -2 ? MALFORMED : UNKNOWN.position);

const updateOf = ({ position, reference, expectedVersion }: Update, stage: Stage): object => ({
  positionId: idOf(position, stage),
  externalReference: reference,
  expectedVersion,
});

const moveOf = ({ position, milestone, payment, to: _to, ...rest }: Move, stage: Stage): object => ({
  positionId: idOf(position, stage),
  milestoneId: milestoneOf(milestone, stage),
  paymentReference: payment,
  ...rest,
});

function milestoneOf(milestone: Move['milestone'], { milestoneIds }: Stage): string | undefined {
  if (milestone === undefined) return undefined;
  if (milestone === 'unknown') return MALFORMED;
  const { position, termsVersion, sequence } = milestone;
  return milestoneIds.get(`${position} ${termsVersion}`)?.[sequence - 1] ?? UNKNOWN.milestone;
}

interface Amount {
  readonly amount: string;
}
export interface PositionData {
  readonly id: string;
  readonly terms?: TermsData | null;
  readonly [field: string]: unknown;
}
interface TermsData {
  readonly version: number;
  readonly milestones: { readonly nodes: readonly { readonly id: string }[] };
  readonly [field: string]: unknown;
}
export interface EventData {
  readonly sequence: number;
  readonly move: string;
  readonly fromState: string | null;
  readonly toState: string;
  readonly moved: Amount | null;
  readonly fee: Amount | null;
  readonly retained: Amount | null;
  readonly milestone: { readonly sequence: number } | null;
  readonly paymentReference: string | null;
  readonly partyReference: string | null;
  readonly ledgerEvent?: {
    readonly kind: string;
    readonly postings: readonly { readonly accountKind: string; readonly amount: Amount }[];
  };
}
interface ResultData {
  readonly __typename: string;
  readonly position?: PositionData | null;
  readonly event?: EventData | null;
  readonly results?: readonly (ResultData & { readonly status: string; readonly error: ResultData | null })[];
  readonly [field: string]: unknown;
}

function answerOf(result: ResultData, stage: Stage, dryRun: boolean): Answer {
  const { __typename: type, position, event, results, limit, held, available, requested, issues, ...facts } = result;
  const amountOf = (money: unknown): string | null => (money as Amount | null)?.amount ?? null;
  const change = {
    ...(position && { position: positionOf(position, stage, dryRun ? 'not kept' : 'kept') }),
    // Only a repeated agreement has no event; results of a batch that were not applied have none either.
    ...(event && { event: eventOf(event) }),
    ...(event === null && type === 'AgreeToPositionPayload' && { event }),
  };
  return {
    ...facts,
    type,
    ...change,
    ...(results && { results: results.map((each) => resultOf(each, stage, dryRun)) }),
    ...(issues !== undefined && { issues: (issues as readonly { readonly path: unknown }[]).map(({ path }) => path) }),
    ...(limit !== undefined && { limit: amountOf(limit) }),
    ...(held !== undefined && {
      held: amountOf(held),
      available: amountOf(available),
      requested: amountOf(requested),
    }),
  };
}

function resultOf(
  { status, error, ...result }: NonNullable<ResultData['results']>[number],
  stage: Stage,
  dryRun: boolean,
): Answer {
  if (!error) return answerOf({ ...result, __typename: status }, stage, dryRun);
  const { type, ...facts } = answerOf(error, stage, dryRun);
  return { ...facts, type: status, error: type };
}

/** Returns a position by its index in order of creation. A new position is appended. */
export function positionOf({ id, terms, ...result }: PositionData, stage: Stage, mode: 'kept' | 'not kept'): object {
  const { positionIds, milestoneIds } = stage;
  if (mode === 'kept' && !positionIds.includes(id)) positionIds.push(id);
  const at = positionIds.indexOf(id);
  if (terms === undefined) return { ...result, at };
  if (!terms) return { ...result, at, terms };
  const { nodes } = terms.milestones;
  const ids = nodes.map((milestone) => milestone.id);
  milestoneIds.set(`${at} ${terms.version}`, ids);
  return { ...result, at, terms: { ...terms, milestones: nodes.map(({ id: _id, ...milestone }) => milestone) } };
}

/** Returns an event as the model has it, with its ledger event if it was read. */
export function eventOf({ ledgerEvent, ...event }: EventData): object {
  const { sequence, move, fromState, toState, moved, fee, retained, milestone } = event;
  return {
    sequence,
    move,
    from: fromState,
    to: toState,
    moved: moved?.amount ?? null,
    fee: fee?.amount ?? null,
    retained: retained?.amount ?? null,
    milestone: milestone?.sequence ?? null,
    payment: event.paymentReference,
    party: event.partyReference,
    ...(ledgerEvent && {
      kind: ledgerEvent.kind,
      postings: Object.fromEntries(ledgerEvent.postings.map(({ accountKind, amount }) => [accountKind, amount.amount])),
    }),
  };
}
