import { IDEMPOTENT_MUTATIONS } from './generated/schema.ts';

/** What a document says about its only operation. */
export interface Operation {
  readonly kind: string;
  /** Whether it is one mutation that takes an idempotency key, and the document does not set it. */
  readonly takesIdempotencyKey: boolean;
  /** The name of the variable that is the input of the mutation. */
  readonly inputVariable: string | undefined;
}

/** Strings, comments, and the tokens that matter here. */
const TOKENS = /"""(?:\\"""|[^])*?"""|"(?:\\.|[^"\\\n])*"|#.*|\.\.\.|[$@]?\w+|[{}()[\]:]/g;
const SETS_KEY = /\bidempotencyKey\s*:/;

/**
 * Reads a document without a parser of GraphQL, which would be larger than the client. Whatever it does not understand
 * takes no idempotency key, and is therefore not repeated.
 */
export function operationOf(document: string): Operation {
  /** The definition that is being read; undefined between definitions. */
  let definition: string | undefined;
  let kind: string | undefined;
  let depth = 0;
  /** The names in the outermost selection set: one for a mutation with one field. */
  const fields: string[] = [];
  const inputs: string[] = [];
  let isInBody = false;
  let previous: readonly (string | undefined)[] = [];
  for (const [token] of document.matchAll(TOKENS)) {
    if (/^["#]/.test(token)) continue;
    if (definition === undefined) {
      definition = token === '{' ? 'query' : token;
      if (definition !== 'fragment') kind ??= definition;
    }
    const isRoot = isInBody && definition !== 'fragment';
    if (isRoot && depth === 1) {
      if (token === ':') fields.pop();
      else if (/^(\w|\.)/.test(token)) fields.push(token);
    }
    if (isRoot && depth === 2 && previous.join('') === 'input:' && token.startsWith('$')) inputs.push(token.slice(1));
    if (token === '{' && depth === 0) isInBody = true;
    if (/[{([]/.test(token)) depth += 1;
    else if (/[})\]]/.test(token)) depth -= 1;
    if (token === '}' && depth === 0) [definition, isInBody] = [undefined, false];
    previous = [previous.at(-1), token];
  }
  const [field = ''] = fields;
  return {
    kind: kind ?? '',
    takesIdempotencyKey:
      kind === 'mutation' && fields.length === 1 && IDEMPOTENT_MUTATIONS.includes(field) && !SETS_KEY.test(document),
    inputVariable: inputs[0],
  };
}
