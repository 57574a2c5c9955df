import { createHash } from 'node:crypto';
import type { Plugin } from 'graphql-yoga';
import { refusal } from '../refusal.ts';

/** Documents that are known beforehand, by the SHA-256 of their text in hexadecimal. */
export interface TrustedDocuments {
  readonly texts: ReadonlyMap<string, string>;
  /** Whether no other document is answered. */
  readonly only: boolean;
}

interface Asked {
  readonly query?: string | null | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
  readonly documentId?: unknown;
}

/**
 * The text of the document that is asked for, by itself or by its hash: `documentId` ("sha256:..." or the bare hash), or
 * `extensions.persistedQuery.sha256Hash`. Refuses with 400 a hash that is not known or stands beside another text, and
 * any unknown text where only trusted documents are answered.
 */
export function documentOf(asked: Asked, { texts, only }: TrustedDocuments): string | null | undefined {
  const refuse = (message: string) => refusal(message, 'BAD_REQUEST', { status: 400 });
  const hash = hashOf(asked);
  const { query } = asked;
  if (hash === undefined) {
    if (only && typeof query === 'string' && !texts.has(sha256(query))) {
      throw refuse('Only trusted documents are answered here.');
    }
    return query;
  }
  const text = typeof hash === 'string' ? texts.get(hash) : undefined;
  if (text === undefined) throw refuse('This is no trusted document.');
  // The protocol of WebSockets insists on a text: an empty one is none.
  if (query && query !== text) throw refuse('The trusted document has another text.');
  return text;
}

function hashOf({ documentId, extensions }: Asked): unknown {
  const persisted = extensions?.['persistedQuery'] as { readonly sha256Hash?: unknown } | null | undefined;
  const hash = documentId ?? (typeof persisted === 'object' ? persisted?.sha256Hash : undefined);
  return typeof hash === 'string' ? bareHash(hash) : hash;
}

/** A hash without its kind: "sha256:..." and the bare hash are the same. */
export const bareHash = (hash: string): string => hash.replace(/^sha256:/, '');

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Puts the text of a trusted document in its place. */
export const useTrustedDocuments = (trusted: TrustedDocuments): Plugin => ({
  onParams: ({ request, params, setParams }) => {
    // Yoga hands on what it does not know of a body, but not of a URL.
    const documentId = request.method === 'GET' ? new URL(request.url).searchParams.get('documentId') : undefined;
    const query = documentOf({ documentId, ...params }, trusted);
    if (typeof query === 'string' && query !== params.query) setParams({ ...params, query });
  },
});
