import { schemaText } from '../schema/index.ts';
import { fixedText, type Page } from './fixedText.ts';
import { type KeyedAnswerOptions, keyedAnswer } from './keyedAnswer.ts';
import { type Introspection, mayIntrospect } from './operations/documentRules.ts';
import { requestError } from './requestError.ts';

/** The path of the schema in its own language. */
export const SCHEMA_PATH = '/schema.graphql';

export interface SchemaAnswerOptions extends KeyedAnswerOptions {
  readonly documents: { readonly introspection: Introspection };
}

/** Sends the schema as text to callers who may introspect it, with the same setting as for introspection. */
export function schemaAnswer({ documents, ...options }: SchemaAnswerOptions): Page {
  const send = fixedText(async () => ({
    text: schemaText(),
    contentType: 'text/plain; charset=utf-8',
    headers: { 'cache-control': 'private, no-cache', vary: 'accept-encoding, authorization, x-api-key' },
  }));
  return keyedAnswer(options, async (viewer, request, response) => {
    if (!mayIntrospect(viewer, documents.introspection)) {
      throw requestError('The role of the viewer does not allow introspection.', 'FORBIDDEN', { status: 403 });
    }
    await send(request, response);
  });
}
