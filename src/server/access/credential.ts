/** The maximum length of a token, in characters; longer ones are not looked up. */
export const TOKEN_CHARACTERS = 200;

/** The credential of a request. */
export type Credential = { readonly token: string } | 'NONE' | 'SEVERAL' | 'UNREADABLE';

const BEARER = /^Bearer +(\S+)$/i;
/** Repeated headers arrive as one text. No token contains a space, but the root key may contain a comma. */
const JOINED = /,\s/;
const isJoined = (value: string | null): boolean => value !== null && JOINED.test(value);

/**
 * Reads the API key from `Authorization: Bearer` or `X-API-Key`. Returns SEVERAL if a header is repeated, even with
 * equal values, or if the two headers differ; UNREADABLE if the scheme is another one, or the token is too long or
 * empty.
 */
export function credentialOf(header: (name: string) => string | null): Credential {
  const authorization = header('authorization');
  const apiKey = header('x-api-key');
  if (authorization === null && apiKey === null) return 'NONE';
  if (isJoined(authorization) || isJoined(apiKey)) return 'SEVERAL';
  const token = authorization === null ? apiKey : BEARER.exec(authorization)?.[1];
  if (!token || token.length > TOKEN_CHARACTERS || !/^\S+$/.test(token)) return 'UNREADABLE';
  return apiKey === null || apiKey === token ? { token } : 'SEVERAL';
}
