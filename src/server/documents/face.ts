import {
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  getNamedType,
  getNullableType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type GraphQLNamedType,
  isAbstractType,
  isIntrospectionType,
  isListType,
  isObjectType,
} from 'graphql';
import { leafBytesOf } from '../../schema/leafSizes.ts';
import { leafCost, type Weight, weightOf } from '../../schema/weights.ts';

/** The properties of a field in the schema. */
export interface Face {
  readonly weight: Weight;
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

const FACES = new WeakMap<GraphQLObjectType, Map<string, Face>>();

/**
 * Returns the properties of a field of an object type, or undefined if it has no such field. Introspection types count
 * as leaves.
 */
export function faceOf(type: GraphQLObjectType, name: string, schema: GraphQLSchema): Face | undefined {
  let faces = FACES.get(type);
  if (!faces) FACES.set(type, (faces = new Map()));
  const known = faces.get(name);
  if (known) return known;
  const field = type.getFields()[name] ?? META_FIELDS.get(name);
  if (!field) return undefined;
  const named = getNamedType(field.type);
  const weight = weightOf(type.name, name);
  const isList = isListType(getNullableType(field.type));
  const types = isIntrospectionType(named) ? [] : membersOf(named, schema);
  const isLeaf = types.length === 0;
  const ownBytes = isLeaf ? leafBytesOf(type.name, field) : BRACKETS;
  const face: Face = {
    weight,
    isList,
    isPaged: field.args.some((argument) => argument.name === 'first'),
    ownCost: weight.own ?? (isLeaf ? leafCost(named.name, ownBytes) : isList ? 0 : 1),
    ownBytes,
    types,
  };
  faces.set(name, face);
  return face;
}

const membersOf = (named: GraphQLNamedType, schema: GraphQLSchema): readonly GraphQLObjectType[] =>
  isObjectType(named) ? [named] : isAbstractType(named) ? schema.getPossibleTypes(named) : [];
