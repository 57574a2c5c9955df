import type { BreakingChange, BreakingChangeType } from 'graphql';

type Pattern = readonly [pattern: RegExp, coordinate: string];

/** The coordinate in the description of a change of each type, where it does not start with the coordinate. */
const PATTERNS: Readonly<Partial<Record<BreakingChangeType, Pattern>>> = {
  TYPE_REMOVED: [/^(?:Standard scalar )?(\w+) was removed.*$/, '$1'],
  TYPE_REMOVED_FROM_UNION: [/^(\w+) was removed from union type (\w+)\.$/, '$2.$1'],
  VALUE_REMOVED_FROM_ENUM: [/^(\w+) was removed from enum type (\w+)\.$/, '$2.$1'],
  REQUIRED_INPUT_FIELD_ADDED: [/^A required field (\w+) on input type (\w+) was added\.$/, '$2.$1'],
  REQUIRED_ARG_ADDED: [/^A required arg (\w+) on (\w+\.\w+) was added\.$/, '$2($1:)'],
  ARG_REMOVED: [/^(\w+\.\w+) arg (\w+) was removed\.$/, '$1($2:)'],
  ARG_CHANGED_KIND: [/^(\w+\.\w+) arg (\w+) has changed type .*$/, '$1($2:)'],
  DIRECTIVE_REMOVED: [/^(\w+) was removed\.$/, '@$1'],
  DIRECTIVE_ARG_REMOVED: [/^(\w+) was removed from (\w+)\.$/, '@$2($1:)'],
  REQUIRED_DIRECTIVE_ARG_ADDED: [/^A required arg (\w+) on directive (\w+) was added\.$/, '@$2($1:)'],
  DIRECTIVE_REPEATABLE_REMOVED: [/^Repeatable flag was removed from (\w+)\.$/, '@$1'],
  DIRECTIVE_LOCATION_REMOVED: [/^\w+ was removed from (\w+)\.$/, '@$1'],
};

/** Returns the coordinate of the element that a breaking change concerns, as a changelog names it. */
export function coordinateOf({ type, description }: BreakingChange): string {
  const [pattern, coordinate] = PATTERNS[type] ?? [/^(\w+(?:\.\w+)?).*$/s, '$1'];
  return description.replace(pattern, coordinate);
}

/** The heading of the section of a changelog for changes that are not released. */
const UNRELEASED = /^## Unreleased\n(.*?)(?=^## |(?![\s\S]))/ms;

/** Returns the breaking changes whose coordinates the section "Breaking" of the unreleased changes does not name. */
export function unnamedChanges(changes: readonly BreakingChange[], changelog: string): readonly string[] {
  const [, unreleased = ''] = UNRELEASED.exec(changelog) ?? [];
  const [, breaking = ''] = /^### Breaking\n(.*?)(?=^### |(?![\s\S]))/ms.exec(unreleased) ?? [];
  return changes
    .filter((change) => !breaking.includes(`\`${coordinateOf(change)}\``))
    .map(({ description }) => description);
}
