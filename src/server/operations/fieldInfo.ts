import {
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isIntrospectionType,
  isListType,
  isObjectType,
  type NamedTypeNode,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from 'graphql';
import { type FieldCost, fieldCostOf, leafCost } from '../../schema/fieldCosts.ts';
import { leafBytesOf } from '../../schema/leafSizes.ts';

/** The properties of a field in the schema. */
export interface FieldInfo {
  readonly cost: FieldCost;
  readonly isList: boolean;
  readonly isPaged: boolean;
  /** The cost of resolving the field once, without what its arguments add. */
  readonly ownCost: number;
  /** The maximum bytes of its value in JSON, without its subfields. */
  readonly ownBytes: number;
  /** The possible types of its objects; none for scalars. */
  readonly types: readonly GraphQLObjectType[];
}

/** The bytes of an empty object or list. */
const BRACKETS = 2;

const META_FIELDS = new Map(
  [SchemaMetaFieldDef, TypeMetaFieldDef, TypeNameMetaFieldDef].map((field) => [field.name, field]),
);

const FIELD_INFO = new WeakMap<GraphQLObjectType, Map<string, FieldInfo>>();

/**
 * Returns the properties of a field of an object type, or undefined if it has no such field. Introspection types count
 * as leaves.
 */
export function fieldInfoOf(type: GraphQLObjectType, name: string, schema: GraphQLSchema): FieldInfo | undefined {
  let infos = FIELD_INFO.get(type);
  if (!infos) FIELD_INFO.set(type, (infos = new Map()));
  const known = infos.get(name);
  if (known) return known;
  const field = type.getFields()[name] ?? META_FIELDS.get(name);
  if (!field) return undefined;
  const named = getNamedType(field.type);
  const cost = fieldCostOf(field);
  const isList = isListType(getNullableType(field.type));
  const types = isIntrospectionType(named) ? [] : membersOf(named, schema);
  const isLeaf = types.length === 0;
  const ownBytes = isLeaf ? leafBytesOf(type.name, field) : BRACKETS;
  const info: FieldInfo = {
    cost,
    isList,
    isPaged: field.args.some((argument) => argument.name === 'first'),
    ownCost: cost.own ?? (isLeaf ? leafCost(named.name, ownBytes) : isList ? 0 : 1),
    ownBytes,
    types,
  };
  infos.set(name, info);
  return info;
}

const membersOf = (named: GraphQLNamedType, schema: GraphQLSchema): readonly GraphQLObjectType[] =>
  isObjectType(named) ? [named] : isAbstractType(named) ? schema.getPossibleTypes(named) : [];

/** Whether a selection with this type condition applies to objects of the type. */
export function fits(condition: NamedTypeNode | undefined, type: GraphQLObjectType, schema: GraphQLSchema): boolean {
  if (!condition || condition.name.value === type.name) return true;
  const named = schema.getType(condition.name.value);
  return isAbstractType(named) && schema.isSubType(named, type);
}
