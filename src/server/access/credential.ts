/** The most characters of a token that is looked at. */
export const TOKEN_CHARACTERS = 200;

/** What a request shows as its credential. */
export type Credential = { readonly token: string } | 'NONE' | 'UNREADABLE';

const BEARER = /^Bearer +(\S+)$/i;

/**
 * Reads `Authorization: Bearer` or `X-API-Key`. One that is of another scheme, overlong or blank cannot be read, and
 * neither can two that differ.
 */
export function credentialOf(header: (name: string) => string | null): Credential {
  const authorization = header('authorization');
  const apiKey = header('x-api-key');
  if (authorization === null && apiKey === null) return 'NONE';
  const token = authorization === null ? apiKey : BEARER.exec(authorization)?.[1];
  if (!token || token.length > TOKEN_CHARACTERS || !/^\S+$/.test(token)) return 'UNREADABLE';
  return apiKey === null || apiKey === token ? { token } : 'UNREADABLE';
}
