import { type DocumentNode, GraphQLError, Kind, type SelectionSetNode } from 'graphql';
import { fragmentsOf } from './fragments.ts';

/**
 * Returns an error for each subscription with @skip or @include at its root, which the specification forbids: without
 * its only field it has no stream. graphql 16 has no such rule, and throws while it validates some of them.
 */
export function conditionalSubscriptionErrors(document: DocumentNode): readonly GraphQLError[] {
  return document.definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION &&
    definition.operation === 'subscription' &&
    hasCondition(document, definition.selectionSet)
      ? [new GraphQLError(MESSAGE, { nodes: definition })]
      : [],
  );
}

const MESSAGE = 'The root field of a subscription must not have the directives @skip or @include.';

function hasCondition(document: DocumentNode, rootSet: SelectionSetNode): boolean {
  const fragments = fragmentsOf(document);
  const sets = new Set([rootSet]);
  for (const { selections } of sets) {
    for (const selection of selections) {
      if (selection.directives?.some(({ name }) => name.value === 'skip' || name.value === 'include')) return true;
      if (selection.kind === Kind.FIELD) continue;
      const spread = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      if (spread) sets.add(spread.selectionSet);
    }
  }
  return false;
}
