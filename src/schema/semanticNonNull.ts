import {
  DirectiveLocation,
  GraphQLDirective,
  type GraphQLField,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLSchema,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  parse,
  printSchema,
  visit,
} from 'graphql';

/**
 * The directive by which Relay, Apollo Kotlin and code generators recognize fields that are null only because of an
 * error.
 */
export const SEMANTIC_NON_NULL = new GraphQLDirective({
  name: 'semanticNonNull',
  description:
    'The field is null only if `errors` has an entry for it. Clients that handle errors can treat it as non-null.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
  args: {
    levels: {
      type: new GraphQLList(new GraphQLNonNull(GraphQLInt)),
      defaultValue: [0],
      description: 'The levels of nested lists to which this applies. 0 is the field itself.',
    },
  },
});

/**
 * Whether a field is null only because of an error. The description of a field that can be null for another reason
 * explains that, and so mentions null.
 */
export const isSemanticNonNull = ({ type, description }: GraphQLField<unknown, unknown>): boolean =>
  !isNonNullType(type) && !/\bnull\b/i.test(description ?? '');

/** Prints a schema with the directive, which `printSchema` of graphql omits from fields. */
export function printWithNullability(schema: GraphQLSchema): string {
  const text = printSchema(schema);
  const ends: number[] = [];
  visit(parse(text), {
    FieldDefinition: ({ name, type: { loc } }, _key, _parent, _path, ancestors) => {
      const owner = ancestors.at(-1);
      const type = owner && 'name' in owner ? schema.getType(owner.name?.value ?? '') : undefined;
      if (!isObjectType(type) && !isInterfaceType(type)) return;
      const field = type.getFields()[name.value];
      if (loc && field && isSemanticNonNull(field)) ends.push(loc.end);
    },
  });
  const parts = [0, ...ends].map((start, index) => text.slice(start, ends[index]));
  return `${parts.join(` @${SEMANTIC_NON_NULL.name}`)}\n`;
}
