import { EscrowGridError, invalidUsage } from './errors.ts';

/** A result of a mutation: its payload or a user error. The document must select `__typename`. */
export interface MutationResult {
  readonly __typename: string;
}

/** The payload among the members of a result union. */
export type PayloadOf<R> = Extract<R, { readonly __typename: `${string}Payload` }>;

/**
 * Returns the payload of a mutation, or throws its user error as an EscrowGridError: with the code, the path and the
 * selected fields of the user error, whether this version of the client knows its type or not.
 *
 * Throws UNKNOWN_RESULT if the result is of a type from which the document selects nothing, because the server is newer
 * than the document.
 */
export function unwrap<R extends MutationResult>(result: R | null | undefined): PayloadOf<R> {
  const fields: Readonly<Record<string, unknown>> = { ...result };
  const { __typename: type, code, message, path } = fields;
  if (typeof type !== 'string') throw invalidUsage('The result has no `__typename`. Select it in the document.');
  if (type.endsWith('Payload')) return result as PayloadOf<R>;
  if (typeof code !== 'string') {
    throw new EscrowGridError(
      'UNKNOWN_RESULT',
      `The result is of type ${type}, from which the document selects no code. Select \`... on UserError { code message path }\`.`,
      { details: fields },
    );
  }
  throw new EscrowGridError(code, typeof message === 'string' ? message : code, {
    path: (path ?? undefined) as readonly string[] | undefined,
    details: fields,
  });
}
