import type { IncomingMessage } from 'node:http';

const CREDENTIALS: readonly string[] = ['authorization', 'x-api-key'];
/** Headers that apply to one operation and are therefore ignored on an upgrade. */
const OF_UPGRADE: readonly string[] = ['accept', 'idempotency-key', 'last-event-id', 'escrowgrid-min-lsn'];
const PRINTABLE = /^[\x20-\x7e]*$/;

/**
 * Converts an operation over WebSocket to a POST request (the upgrade was a GET). The credential is that in the payload
 * of `connection_init`, flat or under `headers`, or else that in the headers of the upgrade.
 */
export function socketRequest(
  upgrade: IncomingMessage,
  payload: Readonly<Record<string, unknown>> | undefined,
  path: string,
): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(upgrade.headers)) {
    if (typeof value !== 'string' || CREDENTIALS.includes(name) || OF_UPGRADE.includes(name)) continue;
    headers.set(name, value);
  }
  const nested = payload?.['headers'];
  const sent = credentialHeaders([
    ...Object.entries(payload ?? {}),
    ...(typeof nested === 'object' && nested !== null ? Object.entries(nested) : []),
  ]);
  const credentials = [...sent].length > 0 ? sent : credentialHeaders(Object.entries(upgrade.headers));
  for (const [name, value] of credentials) headers.set(name, value);
  return new Request(`http://localhost${path}`, { method: 'POST', headers });
}

/**
 * Returns the credentials among the entries. Names that differ only in case are one header, which then has several
 * values.
 */
export function credentialHeaders(entries: readonly (readonly [string, unknown])[]): Headers {
  const headers = new Headers();
  for (const [name, value] of entries) {
    if (typeof value !== 'string' || !CREDENTIALS.includes(name.toLowerCase())) continue;
    // No header can have such a value, so it cannot be a valid credential.
    headers.append(name, PRINTABLE.test(value) ? value : 'unreadable');
  }
  return headers;
}
