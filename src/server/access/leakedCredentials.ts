import type { Plugin } from 'graphql-yoga';
import { requestError } from '../requestError.ts';
import type { RequestHead } from '../requestHead.ts';
import { credentialOf } from './credential.ts';

/** The pattern of an API key's token anywhere in a text: a whole token of an earlier version, or the beginning of one. */
const TOKEN = /eg_[0-9a-hjkmnp-tv-z]{12}_[0-9a-hjkmnp-tv-z]{58}/;
/** The minimum length of a credential that is searched for: a shorter one could be any word. */
const MIN_CHARACTERS = 32;

/** Whether the text contains the credential of the request, or the token of any API key. */
export const containsCredential = (request: RequestHead, text: string): boolean => credentialMatcher(request)(text);

function credentialMatcher(request: RequestHead): (text: string) => boolean {
  const credential = credentialOf((name) => request.headers.get(name));
  const own = typeof credential === 'string' || credential.token.length < MIN_CHARACTERS ? null : credential.token;
  return (text) => text.length >= MIN_CHARACTERS && (TOKEN.test(text) || (own !== null && text.includes(own)));
}

/** Whether a text or an object key within the value matches. Iterative, so deep nesting cannot overflow the stack. */
function hasText(value: unknown, matches: (text: string) => boolean): boolean {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const current = open.pop();
    if (typeof current === 'string') {
      if (matches(current)) return true;
    } else if (Array.isArray(current)) {
      for (const inner of current as readonly unknown[]) if (isOpen(inner)) open.push(inner);
    } else if (typeof current === 'object' && current !== null) {
      for (const [key, inner] of Object.entries(current)) {
        if (matches(key)) return true;
        if (isOpen(inner)) open.push(inner);
      }
    }
  }
  return false;
}

/** Whether a value can contain a credential. Shorter texts cannot. */
const isOpen = (value: unknown): boolean =>
  typeof value === 'string' ? value.length >= MIN_CHARACTERS : typeof value === 'object' && value !== null;

/**
 * Rejects a request with status 400 if a credential is in the wrong place, such as an id or an idempotency key. Ids and
 * idempotency keys are stored, and repeated in responses.
 */
export function rejectLeakedCredentials(request: RequestHead, params: unknown): void {
  const key = request.headers.get('idempotency-key') ?? '';
  const secret = credentialMatcher(request);
  if (!secret(key) && !hasText(params, secret)) return;
  const message = 'The request contains a credential outside of the headers Authorization and X-API-Key. Remove it.';
  throw requestError(message, 'BAD_REQUEST', { status: 400 });
}

export const useLeakedCredentials = (): Plugin => ({
  onParams: ({ request, params }) => rejectLeakedCredentials(request, params),
});
