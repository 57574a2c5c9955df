// Prints what the rules of graphql-eslint find in a schema: node lint.js <file>. Exits with 1 if they find anything.
import { dirname, resolve } from 'node:path';
import graphql from '@graphql-eslint/eslint-plugin';
import { ESLint } from 'eslint';

/** All rules for schemas, with the reasons for those that differ. */
const RULES = {
  ...graphql.configs['flat/schema-all'].rules,
  ...graphql.configs['flat/schema-relay'].rules,
  // Types, fields and values have the order in which they are best read, such as that of the lifecycle.
  '@graphql-eslint/alphabetize': 'off',
  // The rule forbids mutations and subscriptions.
  '@graphql-eslint/no-root-type': 'off',
  // The rule requires an argument that only its own directive has. Reasons have the date; a test checks that.
  '@graphql-eslint/require-deprecation-date': 'off',
  // Edges are checked. The rule also forbids every other list, such as a connection's `nodes`.
  '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
  // Values, results and errors are parts of an answer and have no identity. All other types need an id.
  '@graphql-eslint/strict-id-in-types': [
    'error',
    {
      acceptedIdNames: ['id'],
      acceptedIdTypes: ['ID'],
      exceptions: {
        suffixes: ['Change', 'Connection', 'Edge', 'Error', 'Issue', 'Limit', 'Payload', 'Result', 'Rule', 'Total'],
        types: [
          'Actor',
          'ChatMessageRevision',
          'FeeTerm',
          'Money',
          'PageInfo',
          'Party',
          'PositionTerms',
          'Posting',
          'TemplateKind',
          'Viewer',
        ],
      },
    },
  ],
};

const file = resolve(process.argv[2]);
const eslint = new ESLint({
  cwd: dirname(file),
  overrideConfigFile: true,
  overrideConfig: {
    files: ['**/*.graphql'],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: file } } },
    plugins: { '@graphql-eslint': graphql },
    rules: RULES,
  },
});
const findings = (await eslint.lintFiles([file])).flatMap(({ messages }) => messages);
for (const { line, ruleId, message } of findings) process.stdout.write(`${line}: ${ruleId}: ${message}\n`);
if (findings.length > 0) process.exitCode = 1;
