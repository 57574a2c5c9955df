import {
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  getNullableType,
  isAbstractType,
  isListType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { schema } from '../../src/schema/index.ts';
import type { operationIn } from './estimates.ts';

const LEAF = 0.4;
/** The maximum size of a leaf in whole KiB, by its name. That of a JSON object counts twice. */
const KIBIBYTES: Readonly<Record<string, number>> = {
  allowedCountries: 1,
  metadata: 2 * 64,
  config: 2 * 64,
  templateConfig: 2 * 64,
  configSchema: 2 * 64,
  payload: 2 * 64,
  variables: 2 * 64,
  document: 39,
  url: 7,
  body: 39,
  description: 39,
  reason: 3,
  deletionReason: 3,
  message: 1,
  cursor: 1,
  startCursor: 1,
  endCursor: 1,
};

/** Computes the cost in the simplest way: every fragment inlined, every value coerced by graphql, nothing cached. */
export function naiveCost({ operation: { document, definition }, variables }: ReturnType<typeof operationIn>): number {
  type Args = {
    readonly first?: number | null;
    readonly last?: number | null;
    readonly ids?: readonly unknown[];
    readonly input?: { readonly operations: readonly unknown[] };
    readonly locale?: string;
    readonly filter?: { readonly search?: string | null; readonly metadata?: readonly unknown[] | null } | null;
  };
  const membersOf = (type: GraphQLNamedType | undefined): readonly GraphQLObjectType[] =>
    isAbstractType(type) ? schema.getPossibleTypes(type) : isObjectType(type) ? [type] : [];

  function ofSet(set: SelectionSetNode | undefined, type: GraphQLObjectType, rows: number): number {
    return (set?.selections ?? []).reduce((sum, selection) => {
      if (getDirectiveValues(GraphQLSkipDirective, selection, variables)?.['if'] === true) return sum;
      if (getDirectiveValues(GraphQLIncludeDirective, selection, variables)?.['if'] === false) return sum;
      if (selection.kind === Kind.FIELD) {
        if (selection.name.value === '__typename') return sum + LEAF;
        const field = type.getFields()[selection.name.value];
        if (!field) return sum;
        const args = getArgumentValues(field, selection, variables) as Args;
        const members = membersOf(getNamedType(field.type));
        const next = args.input?.operations.length ?? Math.min(args.first ?? args.last ?? 20, 100);
        const below = Math.max(0, ...members.map((each) => ofSet(selection.selectionSet, each, next)));
        return sum + ofField(`${type.name}.${field.name}`, isListType(getNullableType(field.type)), below, rows, args);
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT
          ? selection
          : document.definitions.find(
              (each) => each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === selection.name.value,
            );
      if (fragment?.kind !== Kind.INLINE_FRAGMENT && fragment?.kind !== Kind.FRAGMENT_DEFINITION) return sum;
      const on = fragment.typeCondition ? membersOf(schema.getType(fragment.typeCondition.name.value)) : [type];
      return on.includes(type) ? sum + ofSet(fragment.selectionSet, type, rows) : sum;
    }, 0);
  }

  function ofField(coordinate: string, isList: boolean, below: number, rows: number, args: Args): number {
    const isObject = membersOf(getNamedType(typeAt(coordinate))).length > 0;
    const searched = (typeof args.filter?.search === 'string' ? 100 : 0) + 20 * (args.filter?.metadata?.length ?? 0);
    if (/Connection\.(edges|nodes)$|Payload\.results$/.test(coordinate)) return rows * (1 + below);
    if (/Connection\.totalCount$|\.unreadCount$/.test(coordinate)) return 10;
    if (/^(ChatSession.lastReadSequence|PositionTerms.agreed)$/.test(coordinate)) return 1;
    if (coordinate.startsWith('Mutation.')) return 10 + 25 * (args.input?.operations.length ?? 0) + below;
    if (coordinate === 'Money.formatted') return 1 + 3 * (args.locale === 'en' ? 0 : 1);
    if (getNamedType(typeAt(coordinate)).name === 'DateTime') return 2 * LEAF;
    if (!isObject)
      return (
        LEAF + 2 * (coordinate === 'ValidationIssue.message' ? 0 : (KIBIBYTES[coordinate.split('.')[1] ?? ''] ?? 0))
      );
    if (!isList) return 1 + searched + below;
    const items = args.ids?.length ?? fieldAt(coordinate)?.extensions.cost?.items ?? 10;
    return (coordinate.endsWith('.positionTotals') ? 50 + searched : 0) + Number(items) * (1 + below);
  }

  const root = schema.getRootType(definition.operation) as GraphQLObjectType;
  return ofSet(definition.selectionSet, root, 0);
}

function fieldAt(coordinate: string): GraphQLField<unknown, unknown> | undefined {
  const [type = '', field = ''] = coordinate.split('.');
  return (schema.getType(type) as GraphQLObjectType).getFields()[field];
}
const typeAt = (coordinate: string): GraphQLOutputType => fieldAt(coordinate)?.type as GraphQLOutputType;
