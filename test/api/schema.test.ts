import {
  buildSchema,
  type GraphQLNamedType,
  GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { TEMPLATE_KINDS } from '../../src/domain/templateKinds.ts';
import { schema, schemaText } from '../../src/schema/index.ts';
import { printWithNullability } from '../../src/schema/semanticNonNull.ts';
import { outcomeOf } from '../support/answers.ts';
import { template } from '../support/badInput.ts';
import { makeDeal } from '../support/deal.ts';
import { serve } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import { CreateAssetTemplateDocument, TemplateKindsDocument } from './documents/graphql.ts';

type Described = readonly [name: string, description: string | null | undefined];

/** Yields every element of a type, including the type, with its description. */
function* elementsOf(type: GraphQLNamedType): Iterable<Described> {
  yield [type.name, type.description];
  if (isEnumType(type)) {
    for (const { name, description } of type.getValues()) yield [`${type.name}.${name}`, description];
  }
  if (isInputObjectType(type)) {
    for (const { name, description } of Object.values(type.getFields())) yield [`${type.name}.${name}`, description];
  }
  if (isObjectType(type) || isInterfaceType(type)) {
    for (const { name, description, args } of Object.values(type.getFields())) {
      yield [`${type.name}.${name}`, description];
      for (const arg of args) yield [`${type.name}.${name}(${arg.name}:)`, arg.description];
    }
  }
}

it('every element of the schema has a description in sentences', () => {
  const own = Object.values(schema.getTypeMap()).filter(
    (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
  );
  const elements: Described[] = [['the schema', schema.description], ...own.flatMap((type) => [...elementsOf(type)])];
  expect(elements.length).toBeGreaterThan(300);
  expect(elements.filter(([, description]) => !/^\S.*\S$/s.test(description ?? ''))).toEqual([]);
  // Every description ends like a sentence.
  expect(elements.filter(([, description]) => !/[.:)`"]$/.test(description ?? ''))).toEqual([]);
});

it('the schema is built with the only loaded copy of graphql', () => {
  expect(schema).toBeInstanceOf(GraphQLSchema);
  expect(
    Object.values(schema.getTypeMap()).every(
      (type) => type.name.startsWith('__') || type.constructor.name.startsWith('GraphQL'),
    ),
  ).toBe(true);
  expect(schema.getQueryType()?.constructor).toBe(buildSchema('type Query { one: Int }').getQueryType()?.constructor);
});

it('the printed schema parses to the same schema', () => {
  expect(printWithNullability(buildSchema(schemaText()))).toBe(schemaText());
});

const CONFIGS: readonly (readonly [code: string, config: object])[] = [
  ...[
    {},
    { currency: 'USD', region: 'US' },
    { currency: 'USD' },
    { region: 'US' },
    { currency: 'usd', region: 'US' },
    { currency: 'XXX', region: 'US' },
    { currency: 'USD', region: 'MARS' },
    { currency: null, region: 'US' },
    { currency: 'USD', region: 'US', colour: 'red' },
    { currency: 'USD', region: 'US', maxTenorDays: 3 },
    ...[
      '0',
      '0.00',
      '1',
      '00.10',
      '1.',
      '.5',
      '-1',
      '1e3',
      ' 1',
      '',
      '9'.repeat(24),
      '9'.repeat(25),
      1,
      null,
      true,
    ].map((minAmount) => ({ currency: 'USD', region: 'US', minAmount })),
    { currency: 'CLF', region: 'US', maxAmount: '1.2345' },
    { currency: 'CLF', region: 'US', maxAmount: '1.23456' },
    { currency: 'USD', region: 'US', minAmount: '1.00', maxAmount: '1' },
  ].map((config) => ['CONSTR_ESCROW', config] as const),
  ...['0', '5', '99.9999', '100', '100.0', '100.1', '101', '5.', '-1', '5%', '0.00001', '1e1', '', 5, null].map(
    (retainagePercentage) => ['CONSTR_RETAINAGE', { currency: 'EUR', retainagePercentage }] as const,
  ),
  ...[1, 30, 36_500, 36_501, 0, -1, 0.5, 1e300, '30', null].map(
    (maxTenorDays) => ['TF_INVOICE', { currency: 'EUR', country: 'SG', maxTenorDays }] as const,
  ),
  ...['SG', 'XX', 'sg', 'SGP', '', 5, null].flatMap((country) => [
    ['TF_INVOICE', { currency: 'EUR', maxTenorDays: 30, country }] as const,
    ['TF_LC', { currency: 'EUR', maxTenorDays: 30, issuingBankCountry: country }] as const,
  ]),
];

it('templateKinds.configSchema describes the properties whose effect their names do not say', () => {
  const described = [...TEMPLATE_KINDS.values()].flatMap(({ code, configSchema }) =>
    Object.entries(
      configSchema['properties'] as { readonly [name: string]: { readonly description?: string } },
    ).flatMap(([name, { description }]) => (description === undefined ? [] : [`${code} ${name}: ${description}`])),
  );
  expect(described).toEqual([
    'CONSTR_RETAINAGE retainagePercentage: Withheld from each release until the final one; terms of a position cannot have less.',
    'TF_INVOICE country: Positions are found by it, and the policy of the institution can restrict it.',
    'TF_LC issuingBankCountry: Positions are found by it, and the policy of the institution can restrict it.',
  ]);
  for (const name of ['retainagePercentage', 'country', 'issuingBankCountry']) {
    expect(schema.getQueryType()?.getFields()['templateKinds']?.description).toContain(name);
  }
});

onBothStores((open) => {
  it('templateKinds.configSchema accepts and rejects the same configs as createAssetTemplate', async () => {
    const server = serve(await open());
    const deal = await makeDeal(server);
    const { templateKinds } = await server.run(TemplateKindsDocument, {});
    const kinds = new Map(templateKinds?.map((kind) => [kind.code, kind]));
    expect([...kinds.keys()]).toEqual(['CONSTR_ESCROW', 'CONSTR_RETAINAGE', 'TF_INVOICE', 'TF_LC']);
    const world = { deal, other: deal, created: '', funded: '' };
    const verdicts = new Set<boolean>();
    for (const [code, config] of CONFIGS) {
      const kind = kinds.get(code);
      const bySchema = z
        .fromJSONSchema(kind?.configSchema as Parameters<typeof z.fromJSONSchema>[0])
        .safeParse(config).success;
      const patch = { code, config, vertical: kind?.vertical };
      const { code: refusal } = await outcomeOf(server, CreateAssetTemplateDocument, template(patch)(world));
      expect([config, bySchema]).toEqual([config, refusal === undefined]);
      verdicts.add(bySchema);
    }
    expect(verdicts.size).toBe(2);
  });
});
