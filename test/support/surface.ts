import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isObjectType,
} from 'graphql';

/** A place where a caller hands in an id or a cursor. */
export interface Slot {
  /** Such as "Mutation.createAsset(input.templateId)". */
  readonly name: string;
  /** The type that has the field: an operation's, or a node's. */
  readonly parent: string;
  readonly field: GraphQLField<unknown, unknown>;
  /** The way to it: the argument, then members of inputs. */
  readonly path: readonly string[];
  /** The type of node whose id it takes; a cursor of a list, or of changes. */
  readonly holds: string;
}

export const CURSOR = 'a cursor';

/** Every place that takes an id or a cursor; `node` and `nodes` once for each type of node. */
export function slotsOf(schema: GraphQLSchema): readonly Slot[] {
  const nodes = nodeTypes(schema);
  return Object.values(schema.getTypeMap()).flatMap((type) => {
    if (!isObjectType(type) || type.name.startsWith('__')) return [];
    return Object.values(type.getFields()).flatMap((field) =>
      field.args
        .flatMap((argument) => pathsOf(argument))
        .flatMap((path) => {
          const name = `${type.name}.${field.name}(${path.join('.')})`;
          const slot = { name, parent: type.name, field, path };
          const holds = holdsOf(path.at(-1) ?? '', field);
          if (holds !== 'Node') return [{ ...slot, holds }];
          return nodes.map((node) => ({ ...slot, name: `${name} of ${node}`, holds: node }));
        }),
    );
  });
}

export const nodeTypes = (schema: GraphQLSchema): readonly string[] =>
  Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'Node') ? [type.name] : [],
  );

const isCursor = ({ name, type }: GraphQLArgument | GraphQLInputField): boolean =>
  (name === 'after' || name === 'before') && getNamedType(type).name === 'String';

function pathsOf(input: GraphQLArgument | GraphQLInputField): readonly (readonly string[])[] {
  const type: GraphQLInputType = getNamedType(input.type);
  if (type.name === 'ID' || isCursor(input)) return [[input.name]];
  if (!isInputObjectType(type)) return [];
  return Object.values(type.getFields()).flatMap((member) => pathsOf(member).map((path) => [input.name, ...path]));
}

/** The type of what is named so, where the name alone does not say it. */
const SHORT: Readonly<Record<string, string>> = {
  Template: 'AssetTemplate',
  ReplyTo: 'ChatMessage',
  Resource: 'Position',
};

/** The type of node that the id of this name is of. */
export function holdsOf(name: string, { type }: Pick<GraphQLField<unknown, unknown>, 'type'>): string {
  if (name === 'after' || name === 'before') return CURSOR;
  if (name === 'id' || name === 'ids') return getNamedType(type).name;
  const stem = name.replace(/Ids?$/, '');
  const capital = `${stem[0]?.toUpperCase()}${stem.slice(1)}`;
  return SHORT[capital] ?? capital;
}

/** Every operation, as a place that takes nothing. */
export const operationsOf = (schema: GraphQLSchema): readonly Slot[] =>
  [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
    Object.values(type?.getFields() ?? {}).map((field) => {
      const parent = type?.name ?? '';
      return { name: `${parent}.${field.name}`, parent, field, path: [], holds: 'Position' };
    }),
  );
