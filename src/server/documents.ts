import { type DocumentNode, GraphQLError, NoSchemaIntrospectionCustomRule } from 'graphql';
import type { Plugin, YogaInitialContext } from 'graphql-yoga';
import type { Viewer } from '../domain/viewer.ts';
import type { Access } from './access.ts';
import { type DocumentLimits, judgeDocument } from './documentLimits.ts';
import { refusal } from './refusal.ts';

/** What one document may be, and who may ask what the schema is. */
export interface DocumentRules extends DocumentLimits {
  /** The most tokens of a document. */
  readonly tokens: number;
  readonly introspection: Introspection;
}
export const INTROSPECTION = ['all', 'root', 'none'] as const;
export type Introspection = (typeof INTROSPECTION)[number];

/** Whether the viewer may ask what the schema is, and be told of fields with similar names. */
export const mayIntrospect = ({ role }: Viewer, introspection: Introspection): boolean =>
  introspection === 'all' || (introspection === 'root' && role === 'ROOT');

/** How deep the brackets of a document may nest: more could exhaust the stack of whatever reads it. */
const BRACKETS = 100;

/**
 * Judges documents on their way from text to execution. Refuses with QUERY_TOO_COMPLEX what has too many tokens,
 * levels, aliases or directives, before it is validated; and introspection by whoever may not.
 */
export const useDocumentRules = (rules: DocumentRules, access: Access): Plugin<YogaInitialContext> => {
  const judged = new WeakMap<DocumentNode, readonly GraphQLError[]>();
  return {
    onParse: ({ parseFn, setParseFn }) => {
      setParseFn((source: string, options: object) => {
        if (levelsOf(source) > BRACKETS) throw tooComplex(`nest at most ${BRACKETS} brackets deep`);
        try {
          return parseFn(source, { ...options, maxTokens: rules.tokens });
        } catch (error) {
          throw error instanceof GraphQLError && isOfTokens(error)
            ? tooComplex(`have at most ${rules.tokens} tokens`)
            : error;
        }
      });
    },
    onValidate: ({ context, params: { documentAST }, addValidationRule, setResult }) => {
      let faults = judged.get(documentAST);
      if (!faults) judged.set(documentAST, (faults = judgeDocument(documentAST, rules)));
      if (faults.length > 0) setResult([...faults]);
      const { viewer } = access.callerOf(context.request);
      if (!mayIntrospect(viewer, rules.introspection)) addValidationRule(NoSchemaIntrospectionCustomRule);
    },
  };
};

/** graphql has no code for it. */
const isOfTokens = ({ message }: GraphQLError): boolean =>
  /^Syntax Error: Document contains more that \d+ tokens/.test(message);

const tooComplex = (must: string): GraphQLError =>
  refusal(`The document must ${must}.`, 'QUERY_TOO_COMPLEX', { status: 400 });

/** What may hold brackets that nest nothing. A text that does not end goes to its line's end, so that each character is read once. */
const TEXTS_AND_COMMENTS = /"""(?:\\"""|[^])*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?|#.*/g;

function levelsOf(document: string): number {
  let level = 0;
  let most = 0;
  for (const bracket of document.replace(TEXTS_AND_COMMENTS, '').match(/[[\](){}]/g) ?? []) {
    level += '[({'.includes(bracket) ? 1 : -1;
    most = Math.max(most, level);
  }
  return most;
}
