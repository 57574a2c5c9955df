import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AS_ROOT } from '../support/program.ts';

const RETRY_PAUSE_MS = 50;
const APPLY = `mutation ($input: ApplyPositionsInput!) { applyPositions(input: $input) { __typename
  ... on ApplyPositionsPayload { results { position { id } } } ... on UserError { message } } }`;

/** The changes of one position, by applyPositions. */
export const CHANGES_PER_LIFE = 6;

interface Payload {
  readonly message?: string;
  readonly results?: readonly { readonly position: { readonly id: string } }[];
}

/**
 * Creates positions and moves each one through its life, one batch per step. Repeats a call whose outcome is unknown
 * with its idempotency key, at the server that `url` then returns.
 */
export async function livePositions(url: () => string, assetId: string, count: number): Promise<readonly string[]> {
  const amount = { amount: '100.00', currencyCode: 'USD' };
  const create = { assetId, holderReference: 'holder', amount };
  const ids = await apply(
    url,
    Array.from({ length: count }, () => ({ create })),
  );
  const steps: readonly ((positionId: string) => object)[] = [
    (positionId) => ({ fund: { positionId, amount: '40.00' } }),
    (positionId) => ({ fund: { positionId, amount: '60.00' } }),
    (positionId) => ({ release: { positionId, amount: '10.00' } }),
    (positionId) => ({ refund: { positionId, amount: '20.00' } }),
    (positionId) => ({ release: { positionId, all: true } }),
  ];
  for (const step of steps)
    await apply(
      url,
      ids.map((id) => step(id)),
    );
  return ids;
}

async function apply(url: () => string, operations: readonly object[]): Promise<readonly string[]> {
  const variables = { input: { operations, idempotencyKey: randomUUID() } };
  const body = JSON.stringify({ query: APPLY, variables });
  for (;;) {
    const payload = await post(url(), body);
    if (payload?.results) return payload.results.map(({ position }) => position.id);
    if (payload) throw new Error(`The batch was rejected: ${JSON.stringify(payload)}`);
    await delay(RETRY_PAUSE_MS);
  }
}

/** Returns undefined if the outcome is unknown, or the server could not execute the call. */
async function post(url: string, body: string): Promise<Payload | undefined> {
  try {
    const headers = { 'content-type': 'application/json', ...AS_ROOT };
    const response = await fetch(url, { method: 'POST', headers, body });
    const { data } = (await response.json()) as { readonly data?: { readonly applyPositions: Payload } | null };
    return data?.applyPositions;
  } catch {
    return undefined;
  }
}
