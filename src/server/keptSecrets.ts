import type { Plugin } from 'graphql-yoga';
import { credentialOf } from './credential.ts';
import { refusal } from './refusal.ts';

/** The form of an institution's token, wherever it stands in a text. */
const TOKEN = /eg_[0-9a-hjkmnp-tv-z]{12}_[0-9a-hjkmnp-tv-z]{58}/;
/** The fewest characters of a credential that is looked for: a shorter one could be any word. */
const LEAST_CHARACTERS = 32;

/** Whether the text repeats the credential that the request shows, or has a key's token in it, whosever that is. */
export function repeatsSecret(request: Request, text: string): boolean {
  if (TOKEN.test(text)) return true;
  const credential = credentialOf((name) => request.headers.get(name));
  return (
    typeof credential !== 'string' && credential.token.length >= LEAST_CHARACTERS && text.includes(credential.token)
  );
}

/**
 * Refuses with 400 what has a credential where it does not belong, such as in an id or an idempotency key: answers
 * repeat those, and the record keeps them.
 */
export function mustKeepSecrets(request: Request, params: unknown): void {
  const key = request.headers.get('idempotency-key') ?? '';
  if (!repeatsSecret(request, key) && !repeatsSecret(request, JSON.stringify(params))) return;
  throw refusal('A credential belongs in the header Authorization or X-API-Key alone.', 'BAD_REQUEST', { status: 400 });
}

export const useKeptSecrets = (): Plugin => ({
  onParams: ({ request, params }) => mustKeepSecrets(request, params),
});
