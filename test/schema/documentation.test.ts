import * as fc from 'fast-check';
import {
  buildSchema,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  parse,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { expect, it } from 'vitest';
import { writeDemoData } from '../../src/demo/data.ts';
import { isWellFormedId } from '../../src/domain/ids.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import { configIssues, TEMPLATE_KINDS } from '../../src/domain/templateKinds.ts';
import { EXAMPLES, hasExample, inputsOf } from '../../src/schema/examples.ts';
import { schema, schemaText } from '../../src/schema/index.ts';
import { isSemanticNonNull } from '../../src/schema/semanticNonNull.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';
import { documentOf } from '../support/randomDocument.ts';
import { type Answer, START, serve } from '../support/server.ts';
import { deprecationIssues } from './deprecations.ts';

/** Returns the coordinates of the inputs that are neither numbers, booleans nor enums and have no example. */
const withoutExample = (described: GraphQLSchema): readonly string[] =>
  [...inputsOf(described)].flatMap(([coordinate, { type, description }]) => {
    const named = getNamedType(type);
    const needsNone = !isScalarType(named) || ['Int', 'Boolean'].includes(named.name);
    const ofType = isSpecifiedScalarType(named) ? '' : named.description;
    return needsNone || hasExample(description) || hasExample(ofType) ? [] : [coordinate];
  });

it('every id, text, amount, currency, time and JSON object that clients send has an example', () => {
  expect([...inputsOf(schema)].length).toBeGreaterThan(200);
  expect(withoutExample(schema)).toEqual([]);
  const planted = buildSchema('type Query { one(id: ID, "Such as \\"a\\"." name: String, first: Int): Int }');
  expect(withoutExample(planted)).toEqual(['Query.one(id:)']);
});

it('every example is valid and used', () => {
  const inputs = [...inputsOf(schema)];
  for (const [name, example] of Object.entries(EXAMPLES)) {
    const described = inputs.filter(([coordinate, input]) => coordinate === name || input.name === name);
    expect(described.filter(([, { description }]) => description?.includes(JSON.stringify(example)))).not.toEqual([]);
  }
  const ids = inputs.filter(([, { type }]) => getNamedType(type).name === 'ID');
  const inText = ids.map(([coordinate, { description }]) => [
    coordinate,
    /"([^"]+)"/.exec(description ?? '')?.[1] ?? '',
  ]);
  expect(inText.filter(([, id = '']) => !isWellFormedId(id))).toEqual([]);
  const kind = TEMPLATE_KINDS.get(EXAMPLES['code'] as string);
  expect(kind && configIssues(EXAMPLES['config'] as JsonObject, kind)).toEqual([]);
});

it('the examples in the config schemas of template kinds are a valid config', () => {
  for (const kind of TEMPLATE_KINDS.values()) {
    const properties = Object.entries(kind.configSchema['properties'] as Record<string, { examples: unknown[] }>);
    const config = properties.map(([name, { examples }]) => [name, examples[0]]);
    expect(configIssues(Object.fromEntries(config), kind)).toEqual([]);
  }
});

it('schema.graphql marks the fields that only an error makes null', () => {
  const printed = buildSchema(schemaText());
  const marked = Object.values(printed.getTypeMap()).flatMap((type) =>
    isObjectType(type) || isInterfaceType(type)
      ? Object.values(type.getFields())
          .filter(({ astNode }) => astNode?.directives?.some(({ name }) => name.value === 'semanticNonNull'))
          .map((field) => [`${type.name}.${field.name}`, isSemanticNonNull(field)] as const)
      : [],
  );
  expect(marked.length).toBeGreaterThan(60);
  expect(marked.filter(([, isMeant]) => !isMeant)).toEqual([]);
  expect(marked.map(([coordinate]) => coordinate)).toEqual(
    expect.arrayContaining(['Query.positions', 'Position.asset', 'Mutation.releasePosition']),
  );
});

/** Returns the paths of fields that are marked as non-null and are null without an error. */
function unexplainedNulls(document: string, { data, errors = [] }: Answer<object>): readonly string[] {
  const marked = new Set<string>();
  const types = new TypeInfo(schema);
  const Field = ({ alias }: { readonly alias?: { readonly value: string } }) => {
    const field = types.getFieldDef();
    if (alias && field && isSemanticNonNull(field)) marked.add(alias.value);
  };
  visit(parse(document), visitWithTypeInfo(types, { Field }));
  const failed = errors.map(({ path = [] }) => path.join('.'));
  const nullsIn = (value: unknown, path: readonly string[]): readonly string[] => {
    if (value === null && marked.has(path.at(-1) ?? '')) {
      const own = path.join('.');
      return failed.some((each) => each === own || each.startsWith(`${own}.`)) ? [] : [own];
    }
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, inner]) => nullsIn(inner, [...path, key]));
  };
  return nullsIn(data ?? {}, []);
}

it('random queries return null for no marked field without an error', async () => {
  const store = createMemoryStore();
  await writeDemoData(store, () => START);
  const server = serve(store);
  let answered = 0;
  await checked(
    COUNTS.documents,
    fc.asyncProperty(fc.array(fc.nat(1_000), { maxLength: 80 }), async (choices) => {
      const document = documentOf(choices);
      const variables = { rows: 3, yes: true, ids: [], words: 'a', batch: { operations: [], dryRun: true } };
      const answer = await server.ask<object>(document, variables);
      if (answer.data) answered += 1;
      expect(unexplainedNulls(document, answer)).toEqual([]);
    }),
  );
  expect(answered).toBeGreaterThan(COUNTS.documents / 10);
  const missing = { status: 200, text: '', data: { f0: null } };
  expect(unexplainedNulls('{ f0: positions { totalCount } }', missing)).toEqual(['f0']);
});

it('every deprecation names its successor and the date of removal', () => {
  expect(deprecationIssues(schema)).toEqual([]);
  const planted = buildSchema(`
    type Query {
      held: Int
      good: Int @deprecated(reason: "Use \`Query.held\` instead. Will be removed after 2027-06-01.")
      undated: Int @deprecated(reason: "Use \`Query.held\` instead.")
      lost(old: Int @deprecated): Int @deprecated(reason: "Use \`Query.gone\` instead. Will be removed after 2027-06-01.")
    }
    enum E { OLD @deprecated(reason: "Use \`E.NEW\` instead. Will be removed after 2027-06-31.") NEW }
    input I { old: Int @deprecated(reason: "Old.") }`);
  expect(deprecationIssues(planted).map((issue) => issue.split(' ', 1)[0])).toEqual([
    'Query.undated',
    'Query.lost',
    'Query.lost(old:)',
    'E.OLD',
    'I.old',
  ]);
});
