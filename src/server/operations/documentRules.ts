import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  validate,
  type ValidationRule,
} from 'graphql';
import type { Plugin, YogaInitialContext } from 'graphql-yoga';
import type { Viewer } from '../../domain/viewer.ts';
import type { Access } from '../access/access.ts';
import { type DocumentLimits, checkDocument } from './documentLimits.ts';
import { exceededLimit } from './documentText.ts';
import { withOwnTexts } from './ownTexts.ts';
import { requestError } from '../requestError.ts';
import { conditionalSubscriptionErrors } from './conditionalSubscriptions.ts';

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
const BRACKETS = 100;
const LINES = 10_000;
/** The maximum number of errors that are returned for a document. */
const ERRORS = 20;

/**
 * Checks documents before they are executed. Rejects with QUERY_TOO_COMPLEX, before validation, documents with too many
 * tokens, comments, lines, brackets, levels, aliases or directives. Rejects introspection by viewers who may not use
 * it.
 */
export const useDocumentRules = (rules: DocumentRules, access: Access): Plugin<YogaInitialContext> => {
  const judged = new WeakMap<DocumentNode, readonly GraphQLError[]>();
  return {
    onParse: ({ parseFn, setParseFn }) => {
      setParseFn((source: string, options: object) => {
        const passed = exceededLimit(source, {
          brackets: BRACKETS,
          openings: Infinity,
          comments: rules.tokens,
          lines: LINES,
          texts: rules.tokens,
        });
        if (passed) throw tooComplex(MUST[passed](rules));
        try {
          return withOwnTexts(parseFn(source, { ...options, maxTokens: rules.tokens }), source);
        } catch (error) {
          throw error instanceof GraphQLError && isOfTokens(error) ? tooComplex(`${rules.tokens} tokens`) : error;
        }
      });
    },
    onValidate: ({ context, params: { documentAST }, addValidationRule, setValidationFn, setResult }) => {
      let faults = judged.get(documentAST);
      if (!faults) {
        faults = [...checkDocument(documentAST, rules), ...conditionalSubscriptionErrors(documentAST)];
        judged.set(documentAST, faults);
      }
      if (faults.length > 0) setResult([...faults]);
      const { viewer } = access.callerOf(context.request);
      const hideSuggestions = !mayIntrospect(viewer, rules.introspection);
      if (hideSuggestions) addValidationRule(NoSchemaIntrospectionCustomRule);
      setValidationFn((schema: GraphQLSchema, document: DocumentNode, all: readonly ValidationRule[]) =>
        validate(schema, document, all, { maxErrors: ERRORS, hideSuggestions }),
      );
    },
  };
};

/** Recognizes the error by its message, because graphql has no code for it. */
const isOfTokens = ({ message }: GraphQLError): boolean =>
  /^Syntax Error: Document contains more that \d+ tokens/.test(message);

const MUST = {
  openings: ({ tokens }: DocumentRules) => `${tokens} tokens`,
  texts: ({ tokens }: DocumentRules) => `${tokens} tokens`,
  brackets: () => `${BRACKETS} levels of nested brackets`,
  comments: ({ tokens }: DocumentRules) => `${tokens} comments`,
  lines: () => `${LINES} lines`,
} as const;

const tooComplex = (limit: string): GraphQLError =>
  requestError(`The document must have at most ${limit}.`, 'QUERY_TOO_COMPLEX', { status: 400 });
