import {
  getNamedType,
  getNullableType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isListType,
  isObjectType,
} from 'graphql';
import { type Weight, weightOf } from '../../schema/weights.ts';

/** What the schema says of a field. */
export interface Face {
  readonly weight: Weight;
  readonly isList: boolean;
  readonly isPaged: boolean;
  /** What its objects can be; none for scalars. */
  readonly types: readonly GraphQLObjectType[];
}

const FACES = new WeakMap<GraphQLObjectType, Map<string, Face>>();

/** What the schema says of a field of an object type; undefined if it has none of the name. */
export function faceOf(type: GraphQLObjectType, name: string, schema: GraphQLSchema): Face | undefined {
  let faces = FACES.get(type);
  if (!faces) FACES.set(type, (faces = new Map()));
  const known = faces.get(name);
  if (known) return known;
  const field = type.getFields()[name];
  if (!field) return undefined;
  const named = getNamedType(field.type);
  const face: Face = {
    weight: weightOf(type.name, name),
    isList: isListType(getNullableType(field.type)),
    isPaged: field.args.some((argument) => argument.name === 'first'),
    types: isObjectType(named) ? [named] : isAbstractType(named) ? schema.getPossibleTypes(named) : [],
  };
  faces.set(name, face);
  return face;
}
