// A part of the application that is tested.

const PAY_OUT = `mutation PayOut($input: ReleasePositionInput!) {
  releasePosition(input: $input) {
    ... on ReleasePositionPayload { position { state held { amount } } }
    ... on UserError { code message }
  }
}`;

/**
 * Releases everything that a position holds, and returns its new state. Throws an error with the message of EscrowGrid
 * if it is rejected.
 *
 * @param {{ url: string, key: string, fetch?: typeof globalThis.fetch }} server
 * @param {string} positionId
 * @returns {Promise<string>}
 */
export async function payOut({ url, key, fetch = globalThis.fetch }, positionId) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    // A repeated request pays once.
    body: JSON.stringify({
      query: PAY_OUT,
      variables: { input: { positionId, all: true, idempotencyKey: `pay-out-${positionId}` } },
    }),
  });
  const { data, errors } = await response.json();
  const result = data?.releasePosition;
  if (!result?.position) throw new Error(result?.message ?? errors[0].message);
  return result.position.state;
}
