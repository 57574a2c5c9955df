import { LIMITS } from '../domain/limits.ts';
import { metadataTerm } from '../domain/metadataTerms.ts';
import { builder } from './builder.ts';
import { badInput } from './errors.ts';
import type { FilterField } from './filter.ts';

const MetadataCondition = builder.inputType('MetadataCondition', {
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
type Conditions = readonly (typeof MetadataCondition.$inferInput)[];

/** The cost per condition, each of which is a separate lookup. */
const COST = 20;

/** Selects the objects whose metadata has all of the values. */
export const metadata: FilterField<never> = {
  input: (t) =>
    t.field({
      type: [MetadataCondition],
      description: `Only objects whose metadata has all of these values. At most ${LIMITS.metadataConditions} conditions. Only the first ${LIMITS.metadataTerms} values of the metadata of an object are searched.`,
    }),
  cost: { each: { at: ['filter', 'metadata'], cost: COST } },
  select: (conditions: Conditions) => {
    if (conditions.length === 0) return {};
    if (conditions.length > LIMITS.metadataConditions) {
      throw badInput(
        `\`filter.metadata\` must have at most ${LIMITS.metadataConditions} values; it has ${conditions.length}.`,
      );
    }
    return { terms: [...new Set(conditions.map(({ path, equals }) => metadataTerm(path, equals)))] };
  },
};
