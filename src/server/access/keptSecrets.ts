import type { Plugin } from 'graphql-yoga';
import { credentialOf } from './credential.ts';
import { refusal } from '../refusal.ts';

/** The form of an institution's token, wherever it stands in a text. */
const TOKEN = /eg_[0-9a-hjkmnp-tv-z]{12}_[0-9a-hjkmnp-tv-z]{58}/;
/** The fewest characters of a credential that is looked for: a shorter one could be any word. */
const LEAST_CHARACTERS = 32;

/** Whether the text repeats the credential that the request shows, or has a key's token in it, whosever that is. */
export const repeatsSecret = (request: Request, text: string): boolean => secretsOf(request)(text);

function secretsOf(request: Request): (text: string) => boolean {
  const credential = credentialOf((name) => request.headers.get(name));
  const own = typeof credential === 'string' || credential.token.length < LEAST_CHARACTERS ? null : credential.token;
  return (text) => text.length >= LEAST_CHARACTERS && (TOKEN.test(text) || (own !== null && text.includes(own)));
}

/** Whether one of the texts of a value is such, keys too. Nothing calls itself: a client may nest as deep as it likes. */
function hasText(value: unknown, is: (text: string) => boolean): boolean {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const each = open.pop();
    if (typeof each === 'string') {
      if (is(each)) return true;
    } else if (Array.isArray(each)) {
      for (const inner of each as readonly unknown[]) if (isOpen(inner)) open.push(inner);
    } else if (typeof each === 'object' && each !== null) {
      for (const [key, inner] of Object.entries(each)) {
        if (is(key)) return true;
        if (isOpen(inner)) open.push(inner);
      }
    }
  }
  return false;
}

/** What may have a secret in it: not a text that is too short for one. */
const isOpen = (value: unknown): boolean =>
  typeof value === 'string' ? value.length >= LEAST_CHARACTERS : typeof value === 'object' && value !== null;

/**
 * Refuses with 400 what has a credential where it does not belong, such as in an id or an idempotency key: answers
 * repeat those, and the record keeps them.
 */
export function mustKeepSecrets(request: Request, params: unknown): void {
  const key = request.headers.get('idempotency-key') ?? '';
  const secret = secretsOf(request);
  if (!secret(key) && !hasText(params, secret)) return;
  throw refusal('A credential belongs in the header Authorization or X-API-Key alone.', 'BAD_REQUEST', { status: 400 });
}

export const useKeptSecrets = (): Plugin => ({
  onParams: ({ request, params }) => mustKeepSecrets(request, params),
});
