import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type ValidationRule,
  validate,
  visit,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { ownText } from '../../domain/text.ts';
import type { Viewer } from '../../domain/viewer.ts';
import { requestError } from '../requestError.ts';
import { callerIn, type OperationContext } from '../serverContext.ts';
import { exceededLimit } from '../textLimits.ts';
import { checkDocument, conditionalSubscriptionErrors, type DocumentLimits } from './documentLimits.ts';

/** The limits of documents, and the rule for introspection. */
export interface DocumentRules extends DocumentLimits {
  /** The maximum number of tokens in a document. */
  readonly tokens: number;
  readonly introspection: Introspection;
}
export const INTROSPECTION = ['all', 'root', 'none'] as const;
export type Introspection = (typeof INTROSPECTION)[number];

/** Whether the viewer may introspect the schema and receive suggestions of similar names. */
export const mayIntrospect = ({ role }: Viewer, introspection: Introspection): boolean =>
  introspection === 'all' || (introspection === 'root' && role === 'ROOT');

/** The maximum nesting of brackets in a document, and its maximum number of lines. */
const MAX_BRACKETS = 100;
const MAX_LINES = 10_000;
/** The maximum number of errors that are returned for a document. */
const MAX_ERRORS = 20;

/**
 * Checks documents before they are executed. Rejects with QUERY_TOO_COMPLEX, before validation, documents with too many
 * tokens, comments, lines, brackets, levels, aliases or directives. Rejects introspection by viewers who may not use
 * it.
 */
export const useDocumentRules = (rules: DocumentRules): Plugin<OperationContext> => {
  const errorsByDocument = new WeakMap<DocumentNode, readonly GraphQLError[]>();
  return {
    onParse: ({ parseFn, setParseFn }) => {
      setParseFn((source: string, options: object) => parseWithin(rules, source, parseFn, options));
    },
    onValidate: ({ context, params: { documentAST }, addValidationRule, setValidationFn, setResult }) => {
      let errors = errorsByDocument.get(documentAST);
      if (!errors) {
        errors = complexityErrors(rules, documentAST);
        errorsByDocument.set(documentAST, errors);
      }
      if (errors.length > 0) setResult([...errors]);
      const hideSuggestions = !mayIntrospect(callerIn(context).viewer, rules.introspection);
      if (hideSuggestions) addValidationRule(NoSchemaIntrospectionCustomRule);
      setValidationFn((schema: GraphQLSchema, document: DocumentNode, all: readonly ValidationRule[]) =>
        validateDocument(schema, document, all, hideSuggestions),
      );
    },
  };
};

/** Parses a document. Throws QUERY_TOO_COMPLEX or a syntax error. */
export function parseWithin(
  rules: DocumentRules,
  source: string,
  parseFn: (source: string, options: object) => DocumentNode,
  options: object = {},
): DocumentNode {
  const exceeded = exceededLimit(source, {
    brackets: MAX_BRACKETS,
    openings: Infinity,
    comments: rules.tokens,
    lines: MAX_LINES,
    texts: rules.tokens,
  });
  if (exceeded) throw tooComplex(LIMIT_TEXTS[exceeded](rules));
  try {
    return withOwnTexts(parseFn(source, { ...options, maxTokens: rules.tokens }), source);
  } catch (error) {
    throw error instanceof GraphQLError && isTokenLimitError(error) ? tooComplex(`${rules.tokens} tokens`) : error;
  }
}

/** Returns why a parsed document must not be validated. */
export const complexityErrors = (rules: DocumentRules, document: DocumentNode): readonly GraphQLError[] => [
  ...checkDocument(document, rules),
  ...conditionalSubscriptionErrors(document),
];

/** Validates a document, with a limited number of errors. */
export const validateDocument = (
  schema: GraphQLSchema,
  document: DocumentNode,
  rules: readonly ValidationRule[],
  hideSuggestions: boolean,
): readonly GraphQLError[] => validate(schema, document, rules, { maxErrors: MAX_ERRORS, hideSuggestions });

/** Recognizes the error by its message, because graphql has no code for it. */
const isTokenLimitError = ({ message }: GraphQLError): boolean =>
  /^Syntax Error: Document contains more that \d+ tokens/.test(message);

const LIMIT_TEXTS = {
  openings: ({ tokens }: DocumentRules) => `${tokens} tokens`,
  texts: ({ tokens }: DocumentRules) => `${tokens} tokens`,
  brackets: () => `${MAX_BRACKETS} levels of nested brackets`,
  comments: ({ tokens }: DocumentRules) => `${tokens} comments`,
  lines: () => `${MAX_LINES} lines`,
} as const;

const tooComplex = (limit: string): GraphQLError =>
  requestError(`The document must have at most ${limit}.`, 'QUERY_TOO_COMPLEX', { status: 400 });

/** Shorter documents use less memory than what is stored with any of their texts. */
const LONG_DOCUMENT_UNITS = 2_000;

/**
 * Copies the texts of a long document. The parser slices them from the document, so whatever stores one, such as a
 * label of 20 characters, would keep the whole document in memory.
 */
function withOwnTexts(document: DocumentNode, source: string): DocumentNode {
  if (source.length < LONG_DOCUMENT_UNITS) return document;
  return visit(document, { [Kind.STRING]: (node) => ({ ...node, value: ownText(node.value) }) });
}

/** Removes suggestions of similar names from the errors of variables for viewers who may not introspect the schema. */
export const useHiddenSuggestions = (introspection: Introspection): Plugin<OperationContext> => {
  const hide = (result: object, context: OperationContext, setResult: (result: ExecutionResult) => void): void => {
    // A result without data was not executed, so its errors concern the variables.
    if (!('errors' in result) || 'data' in result || mayIntrospect(context.caller.viewer, introspection)) return;
    setResult({ ...result, errors: (result.errors as readonly GraphQLError[]).map(withoutSuggestions) });
  };
  return {
    onExecute: ({ args }) => ({
      onExecuteDone: ({ result, setResult }) => hide(result, args.contextValue, setResult),
    }),
    onSubscribe: ({ args }) => ({
      onSubscribeResult: ({ result, setResult }) => hide(result, args.contextValue, setResult),
    }),
  };
};

/** The end that graphql appends to a message with suggestions. */
const SUGGESTION = ' Did you mean ';

function withoutSuggestions(error: GraphQLError): GraphQLError {
  const index = error.message.lastIndexOf(SUGGESTION);
  if (index < 0 || !error.message.endsWith('?')) return error;
  const { nodes = null, source = null, positions = null, path = null, originalError = null, extensions } = error;
  return new GraphQLError(error.message.slice(0, index), { nodes, source, positions, path, originalError, extensions });
}
