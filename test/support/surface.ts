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

/** An argument for an id or for a cursor. */
export interface Slot {
  /** The name of the slot, such as "Mutation.createAsset(input.templateId)". */
  readonly name: string;
  /** The type with the field: an operation type or a node. */
  readonly parent: string;
  readonly field: GraphQLField<unknown, unknown>;
  /** The path to the value: the argument, then fields of inputs. */
  readonly path: readonly string[];
  /** The type of node whose id is passed, or a cursor of a list or of changes. */
  readonly holds: string;
}

export const CURSOR = 'a cursor';

/** Returns every argument for ids and cursors, with `node` and `nodes` once per type of node. */
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

/** The types of names that do not contain their type. */
const SHORT: Readonly<Record<string, string>> = {
  Template: 'AssetTemplate',
  ReplyTo: 'ChatMessage',
  Resource: 'Position',
  Object: 'ChatSession',
};
/** The type of the id by which a mutation continues after an object. */
const AFTER: Readonly<Record<string, string>> = { redeliverWebhooks: 'WebhookDelivery' };

/** Returns the type of node for an id of this name. */
export function holdsOf(
  name: string,
  { name: of, type }: Pick<GraphQLField<unknown, unknown>, 'name' | 'type'>,
): string {
  if (name === 'after' || name === 'before') return AFTER[of] ?? CURSOR;
  if (name === 'id' || name === 'ids') return getNamedType(type).name;
  const stem = name.replace(/Ids?$/, '');
  const capital = `${stem[0]?.toUpperCase()}${stem.slice(1)}`;
  return SHORT[capital] ?? capital;
}

/** Returns every operation as a slot without a value. */
export const operationsOf = (schema: GraphQLSchema): readonly Slot[] =>
  [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
    Object.values(type?.getFields() ?? {}).map((field) => {
      const parent = type?.name ?? '';
      return { name: `${parent}.${field.name}`, parent, field, path: [], holds: 'Position' };
    }),
  );
