import { createHash } from 'node:crypto';
import type { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { requestError } from './requestError.ts';

/** Registered documents, by the SHA-256 of their text in hexadecimal. */
export interface TrustedDocuments {
  readonly texts: ReadonlyMap<string, string>;
  /** Whether any other document is rejected. */
  readonly only: boolean;
}

interface RequestedDocument {
  readonly query?: string | null | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
  readonly documentId?: unknown;
}

/**
 * Returns the text of the requested document: the query itself, or the trusted document whose hash is given as
 * `documentId` ("sha256:..." or the bare hash) or as `extensions.persistedQuery.sha256Hash`. Throws a request error
 * for a hash that is unknown or belongs to another text, and for any unknown text where only trusted documents are
 * allowed. An unknown persisted query gets the code by which Apollo Client and urql fall back to sending its text.
 */
export function documentOf(requested: RequestedDocument, trusted: TrustedDocuments): string | null | undefined {
  const { query, documentId, extensions } = requested;
  const persistedQuery = extensions?.['persistedQuery'] as { readonly sha256Hash?: unknown } | null | undefined;
  if (documentId !== undefined && documentId !== null) return textOf(documentId, query, trusted);
  if (persistedQuery?.sha256Hash !== undefined) return persistedTextOf(persistedQuery.sha256Hash, query, trusted);
  if (typeof query === 'string' && trusted.only && !trusted.texts.has(sha256(query))) throw onlyTrusted();
  return query;
}

const badRequest = (message: string): GraphQLError => requestError(message, 'BAD_REQUEST', { status: 400 });
const onlyTrusted = (): GraphQLError => badRequest('Only trusted documents are allowed on this server.');

/** Returns the text for a hash. The WebSocket protocol requires a text, so an empty one counts as absent. */
function textOf(hash: unknown, query: string | null | undefined, { texts }: TrustedDocuments): string {
  const text = typeof hash === 'string' ? texts.get(bareHash(hash)) : undefined;
  if (text === undefined) throw badRequest('Unknown trusted document. Check its hash.');
  if (query && query !== text)
    throw badRequest('The query differs from the trusted document with this hash. Send only the hash.');
  return text;
}

/**
 * Returns the text for the hash of a persisted query. Clients first send only the hash, and then, if it is unknown, the
 * text with it; nothing is registered then.
 */
function persistedTextOf(hash: unknown, query: string | null | undefined, trusted: TrustedDocuments): string {
  if (typeof hash !== 'string') throw badRequest('`extensions.persistedQuery.sha256Hash` must be a string.');
  if (trusted.texts.has(bareHash(hash))) return textOf(hash, query, trusted);
  if (!query) throw trusted.texts.size === 0 ? persistedQueryError('NotSupported') : persistedQueryError('NotFound');
  if (trusted.only) throw onlyTrusted();
  if (sha256(query) !== bareHash(hash)) throw badRequest('The hash of the persisted query does not match its text.');
  return query;
}

/** Status, message and code are those of Apollo Server: its clients check each of the three. */
const persistedQueryError = (kind: 'NotSupported' | 'NotFound'): GraphQLError =>
  requestError(
    `PersistedQuery${kind}`,
    kind === 'NotFound' ? 'PERSISTED_QUERY_NOT_FOUND' : 'PERSISTED_QUERY_NOT_SUPPORTED',
    { status: 200 },
  );

/** Removes the prefix of a hash: "sha256:..." and the bare hash are the same. */
export const bareHash = (hash: string): string => hash.replace(/^sha256:/, '');

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Replaces the hash of a trusted document by its text. */
export const useTrustedDocuments = (trusted: TrustedDocuments): Plugin => ({
  onParams: ({ request, params, setParams }) => {
    // Yoga passes unknown parameters of a body on, but not those of a URL.
    const documentId = request.method === 'GET' ? new URL(request.url).searchParams.get('documentId') : undefined;
    const query = documentOf({ documentId, ...params }, trusted);
    if (typeof query === 'string' && query !== params.query) setParams({ ...params, query });
  },
});
