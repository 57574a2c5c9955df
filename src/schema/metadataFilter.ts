import { LIMITS } from '../domain/limits.ts';
import { type MetadataTerm, metadataTerm } from '../domain/metadataTerms.ts';
import { builder } from './builder.ts';
import { badInput } from './errors.ts';

export const MetadataCondition = builder.inputType('MetadataCondition', {
  description: 'A value that the metadata must have at a path.',
  fields: (t) => ({
    path: t.string({
      required: true,
      description:
        'The path: the keys from the outermost to the innermost, joined by dots, such as "invoice.number". A key that contains dots is not escaped. The items of a list have the path of the list.',
    }),
    equals: t.string({
      required: true,
      description:
        'The value: a string unchanged, a number or a boolean in JSON notation ("12.5", "true"). "5" matches both 5 and "5". Null, objects and lists themselves never match.',
    }),
  }),
});
type Conditions = readonly (typeof MetadataCondition.$inferInput)[] | null | undefined;

/** The description of every `metadata` filter. */
export const METADATA_FILTER = `Only objects whose metadata has all of these values. At most ${LIMITS.metadataConditions} conditions. Only the first ${LIMITS.metadataTerms} values of the metadata of an object are searched.`;

/** Returns the terms of the conditions. Throws BAD_USER_INPUT if there are too many. */
export function termsOf(conditions: Conditions): { readonly terms?: readonly MetadataTerm[] } {
  if (!conditions || conditions.length === 0) return {};
  if (conditions.length > LIMITS.metadataConditions) {
    throw badInput(
      `\`filter.metadata\` must have at most ${LIMITS.metadataConditions} values; it has ${conditions.length}.`,
    );
  }
  return { terms: [...new Set(conditions.map(({ path, equals }) => metadataTerm(path, equals)))] };
}
