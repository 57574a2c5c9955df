import { type DocumentNode, GraphQLError, Kind, type SelectionNode, type SelectionSetNode } from 'graphql';
import { type Fragments, fragmentsOf } from './selections.ts';

/** The maximum complexity of a document. */
export interface DocumentLimits {
  /** The nesting of fields, with fragments expanded. */
  readonly depth: number;
  /** Fields with an alias. */
  readonly aliases: number;
  readonly directives: number;
}

/**
 * Checks a parsed document before validation, so it may have any form. Checks all operations; cycles of fragments are
 * left to validation. Each node is visited once.
 */
export function checkDocument({ definitions }: DocumentNode, limits: DocumentLimits): readonly GraphQLError[] {
  const operations: Measures[] = [];
  const fragments = new Map<string, Measures>();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, measuresOf(definition));
    if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(measuresOf(definition));
  }
  const all = [...operations, ...fragments.values()];
  const sumOf = (name: 'aliases' | 'directives' | 'repeats'): number =>
    all.reduce((sum, measures) => sum + measures[name], 0);
  return [
    ...exceeding(depthOf(operations, fragments), limits.depth, 'levels of nesting'),
    ...exceeding(sumOf('aliases'), limits.aliases, 'aliases'),
    ...exceeding(sumOf('directives'), limits.directives, 'directives'),
    ...exceeding(sumOf('repeats'), MAX_REPEATS, 'repeated fields'),
  ];
}

/** The maximum number of repeated fields: validation compares each with each of the same name. */
const MAX_REPEATS = 50;

function exceeding(count: number, max: number, what: string): readonly GraphQLError[] {
  if (count <= max) return [];
  const message = `The document must have at most ${max} ${what}; it has ${count}.`;
  return [new GraphQLError(message, { extensions: { code: 'QUERY_TOO_COMPLEX' } })];
}

/** The measures of one definition, without the fragments that it spreads. */
interface Measures {
  depth: number;
  aliases: number;
  directives: number;
  /** Fields whose name occurs before in the same selection. */
  repeats: number;
  /** The spread fragments, each with the number of fields above it. */
  readonly spreads: { readonly name: string; readonly level: number }[];
}

interface Definition {
  readonly directives?: readonly unknown[] | undefined;
  readonly variableDefinitions?: readonly { readonly directives?: readonly unknown[] | undefined }[] | undefined;
  readonly selectionSet: SelectionSetNode;
}

function measuresOf({ directives, variableDefinitions, selectionSet }: Definition): Measures {
  const all: Measures = { depth: 0, aliases: 0, directives: directives?.length ?? 0, repeats: 0, spreads: [] };
  for (const variable of variableDefinitions ?? []) all.directives += variable.directives?.length ?? 0;
  measureAll(selectionSet.selections, 0, all);
  return all;
}

/** The level of introspection, which does not count as deep whatever is added to it. */
const EXEMPT = Number.NEGATIVE_INFINITY;

function measureAll(selections: readonly SelectionNode[], level: number, all: Measures): void {
  const names = new Set<string>();
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) {
      const { value: name } = selection.alias ?? selection.name;
      if (names.has(name)) all.repeats += 1;
      names.add(name);
    }
    measure(selection, level, all);
  }
}

function measure(selection: SelectionNode, level: number, all: Measures): void {
  all.directives += selection.directives?.length ?? 0;
  if (selection.kind === Kind.FRAGMENT_SPREAD) {
    all.spreads.push({ name: selection.name.value, level });
    return;
  }
  let below = level;
  if (selection.kind === Kind.FIELD) {
    if (selection.alias) all.aliases += 1;
    below = isIntrospection(selection.name.value) ? EXEMPT : level + 1;
    all.depth = Math.max(all.depth, below);
  }
  measureAll(selection.selectionSet?.selections ?? [], below, all);
}

/** Whether a root field returns the schema or one of its types. */
export const isIntrospection = (field: string): boolean => field === '__schema' || field === '__type';

/**
 * Returns the depth of the deepest operation. A fragment is processed once all its spreads are, so each is processed
 * once, and those of a cycle never. Iterative, so a long chain of fragments cannot overflow the stack.
 */
function depthOf(operations: readonly Measures[], fragments: ReadonlyMap<string, Measures>): number {
  const unplaced = spreadsOf(operations, fragments);
  const levels = new Map<Measures, number>();
  const ready = [...operations];
  let deepest = 0;
  for (const each of ready) {
    const above = levels.get(each) ?? 0;
    deepest = Math.max(deepest, above + each.depth);
    for (const { name, level } of each.spreads) {
      const fragment = fragments.get(name);
      if (!fragment) continue;
      levels.set(fragment, Math.max(levels.get(fragment) ?? EXEMPT, above + level));
      const left = (unplaced.get(fragment) ?? 0) - 1;
      unplaced.set(fragment, left);
      if (left === 0) ready.push(fragment);
    }
  }
  return deepest;
}

/** Returns how often each fragment that the operations reach is spread by definitions that they reach. */
function spreadsOf(operations: readonly Measures[], fragments: ReadonlyMap<string, Measures>): Map<Measures, number> {
  const counts = new Map<Measures, number>();
  const reached = [...operations];
  for (const each of reached) {
    for (const { name } of each.spreads) {
      const fragment = fragments.get(name);
      if (!fragment) continue;
      const count = counts.get(fragment) ?? 0;
      if (count === 0) reached.push(fragment);
      counts.set(fragment, count + 1);
    }
  }
  return counts;
}

/**
 * Returns an error for each subscription with @skip or @include at its root, which the specification forbids: without
 * its only field it has no stream. graphql 16 has no such rule, and throws while it validates some of them.
 */
export const conditionalSubscriptionErrors = (document: DocumentNode): readonly GraphQLError[] =>
  document.definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION &&
    definition.operation === 'subscription' &&
    hasCondition(definition.selectionSet, fragmentsOf(document))
      ? [new GraphQLError(CONDITIONAL_SUBSCRIPTION, { nodes: definition })]
      : [],
  );

const CONDITIONAL_SUBSCRIPTION = 'The root field of a subscription must not have the directives @skip or @include.';

function hasCondition(rootSet: SelectionSetNode, fragments: Fragments): boolean {
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
