import {
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  type InputValueDefinitionNode,
  isInputObjectType,
  Kind,
  parse,
  printSchema,
  TypeInfo,
  type TypeNode,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { Probe } from './probes.ts';

/**
 * Returns everything in the schema that must be tried. It is read from the text, independently of the code that creates
 * the probes.
 */
export function coordinatesOf(schema: GraphQLSchema): ReadonlySet<string> {
  const all = new Set<string>();
  const takes = (at: string, { name, type }: InputValueDefinitionNode): void => {
    const named = nameOf(type);
    const isCursor = named === 'String' && /^(after|before)$/.test(name.value);
    if (named === 'ID' || isCursor) all.add(`${at}${name.value}`);
  };
  for (const definition of parse(printSchema(schema)).definitions) {
    if (definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
      for (const member of definition.fields ?? []) takes(`${definition.name.value}.`, member);
    }
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    const { name, interfaces = [], fields = [] } = definition;
    const isOperation = /^(Query|Mutation|Subscription)$/.test(name.value);
    const isNode = interfaces.some((each) => each.name.value === 'Node');
    if (isNode) all.add(name.value);
    for (const field of fields) {
      if (isNode || isOperation) all.add(`${name.value}.${field.name.value}`);
      for (const argument of field.arguments ?? []) takes(`${name.value}.${field.name.value}:`, argument);
    }
  }
  return all;
}

const nameOf = (type: TypeNode): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type));

/** Returns what an operation tries: its fields and types, and the argument with the value. */
export function triedBy(
  schema: GraphQLSchema,
  { query, variables }: Probe,
  value: string | undefined,
): readonly string[] {
  const tried: string[] = [];
  const types = new TypeInfo(schema);
  visit(
    parse(query),
    visitWithTypeInfo(types, {
      Field: ({ name }) => void tried.push(`${types.getParentType()?.name}.${name.value}`),
      InlineFragment: ({ typeCondition }) => void tried.push(typeCondition?.name.value ?? ''),
      Argument: ({ name, value: given }) => {
        if (given.kind !== Kind.VARIABLE) return;
        const [at, type] = [
          `${types.getParentType()?.name}.${types.getFieldDef()?.name}:${name.value}`,
          types.getInputType(),
        ];
        if (type) tried.push(...placesOf(at, type, variables[given.name.value], value));
      },
    }),
  );
  return tried;
}

function placesOf(at: string, type: GraphQLInputType, given: unknown, value: string | undefined): readonly string[] {
  if (Array.isArray(given)) return given.flatMap((each: unknown) => placesOf(at, type, each, value));
  if (given === value) return [at];
  const named = getNamedType(type);
  if (!isInputObjectType(named) || typeof given !== 'object' || given === null) return [];
  const members = named.getFields();
  return Object.entries(given).flatMap(([name, part]) => {
    const member = members[name];
    return member ? placesOf(`${named.name}.${name}`, member.type, part, value) : [];
  });
}
