import { formatInstant } from '../../src/domain/time.ts';
import type { Viewer } from '../../src/domain/viewer.ts';
import type { TestServer } from '../support/server.ts';
import type { Call, Operation, Who } from './calls.ts';
import type { Answer, Create, Event, Move, Update } from './model.ts';

/** The two institutions and the assets of a random lifecycle. */
export interface Stage {
  readonly institutionId: string;
  readonly otherId: string;
  readonly assetIds: readonly string[];
  /** The ids of the positions in order of creation. */
  readonly positionIds: string[];
}

const UNKNOWN = { asset: 'ast_00000000000000000000000000', position: 'pos_00000000000000000000000000' } as const;
const MALFORMED = 'nonsense';

const FACTS = `path ... on ValidationError { issues { path } }
  ... on IllegalTransitionError { from to allowedTransitions } ... on PolicyViolationError { rule limit { amount } }
  ... on InsufficientFundsError { held { amount } requested { amount } }
  ... on StaleVersionError { expectedVersion currentVersion }`;
const REFUSAL = `... on UserError { ${FACTS} }`;
export const POSITION = `id state version amount { amount currencyCode } held { amount } released { amount } refunded { amount }
  expiresAt externalReference allowedTransitions`;
export const EVENT = 'sequence fromState toState moved { amount }';
const PAYLOADS = {
  Position: `replayed position { ${POSITION} } event { ${EVENT} }`,
  Batch: `replayed committed results {
    status position { ${POSITION} } event { ${EVENT} } error { __typename ${FACTS} }
  }`,
  Updated: `replayed position { ${POSITION} }`,
  Policy: 'replayed policy { version limits { currencyCode } allowedCurrencies }',
  Gone: 'replayed',
};
const payloadOf = (mutation: Call['mutation']): string => {
  if (mutation === 'createPosition') return `... on CreatePositionPayload { ${PAYLOADS.Position} }`;
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
      'create' in each
        ? { create: createOf(each.create, stage) }
        : { transition: { ...moveOf(each.transition, stage), toState: each.transition.to } };
    return { ...call.input, operations: call.input.operations.map(operationOf), ...key };
  }
  if (call.mutation === 'setPolicy' || call.mutation === 'deletePolicy') {
    const { region, expectedVersion, allowed, limits } = call.input;
    const institutionId = call.who === 'ADMIN' ? undefined : stage.institutionId;
    const rules = {
      allowedCurrencies: allowed,
      limits: limits?.map(({ currency, min, max }) => ({ currencyCode: currency, minAmount: min, maxAmount: max })),
    };
    return { institutionId, region, expectedVersion, ...(call.mutation === 'setPolicy' && rules), ...key };
  }
  if (call.mutation === 'updatePosition') return { ...updateOf(call.input, stage), ...key };
  const move = moveOf(call.input, stage);
  return { ...move, ...(call.mutation === 'transitionPosition' && { toState: call.input.to }), ...key };
}

const createOf = (input: Create, { assetIds, institutionId, otherId }: Stage): object => ({
  assetId: assetIds[input.asset] ?? UNKNOWN.asset,
  holderReference: input.holder,
  amount: { amount: input.amount, currencyCode: input.currency },
  expiresAt: input.expiresAt === undefined ? undefined : formatInstant(input.expiresAt),
  externalReference: input.reference,
  uniqueReference: input.unique,
  institutionId: input.institution && (input.institution === 'own' ? institutionId : otherId),
});

const idOf = (position: number, { positionIds }: Stage): string =>
  positionIds[position] ?? (position === -2 ? MALFORMED : UNKNOWN.position);

const updateOf = ({ position, reference, expectedVersion }: Update, stage: Stage): object => ({
  positionId: idOf(position, stage),
  externalReference: reference,
  expectedVersion,
});

const moveOf = ({ position, amount, all, reason, expectedVersion }: Move, stage: Stage): object => ({
  positionId: idOf(position, stage),
  amount,
  all,
  reason,
  expectedVersion,
});

interface Amount {
  readonly amount: string;
}
export interface PositionData {
  readonly id: string;
  readonly [field: string]: unknown;
}
export interface EventData {
  readonly sequence: number;
  readonly fromState: string | null;
  readonly toState: string;
  readonly moved: Amount | null;
}
interface ResultData {
  readonly __typename: string;
  readonly position?: PositionData | null;
  readonly event?: EventData | null;
  readonly results?: readonly (ResultData & { readonly status: string; readonly error: ResultData | null })[];
  readonly [field: string]: unknown;
}

function answerOf(result: ResultData, stage: Stage, dryRun: boolean): Answer {
  const { __typename: type, position, event, results, limit, held, requested, issues, ...facts } = result;
  const amountOf = (money: unknown): string | null => (money as Amount | null)?.amount ?? null;
  const change = {
    ...(position && { position: positionOf(position, stage, dryRun ? 'not kept' : 'kept') }),
    ...(event && { event: eventOf(event) }),
  };
  return {
    ...facts,
    type,
    ...change,
    ...(results && { results: results.map((each) => resultOf(each, stage, dryRun)) }),
    ...(issues !== undefined && { issues: (issues as readonly { readonly path: unknown }[]).map(({ path }) => path) }),
    ...(limit !== undefined && { limit: amountOf(limit) }),
    ...(held !== undefined && { held: amountOf(held), requested: amountOf(requested) }),
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
export function positionOf({ id, ...result }: PositionData, { positionIds }: Stage, mode: 'kept' | 'not kept'): object {
  if (mode === 'kept' && !positionIds.includes(id)) positionIds.push(id);
  return { ...result, at: positionIds.indexOf(id) };
}

export const eventOf = ({ sequence, fromState, toState, moved }: EventData): Event =>
  ({ sequence, from: fromState, to: toState, moved: moved?.amount ?? null }) as Event;
