import {
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isUnionType,
} from 'graphql';

interface Element {
  readonly coordinate: string;
  readonly deprecationReason?: string | null | undefined;
}

/** The form of a reason: the element to use instead, and the date after which the deprecated one can be removed. */
const REASON = /^Use `([^`]+)` instead\. Will be removed after (\d{4}-\d{2}-\d{2})\.$/;

/** Returns the problem of each deprecation, after the coordinate of the deprecated element. */
export function deprecationIssues(schema: GraphQLSchema): readonly string[] {
  const elements = Object.values(schema.getTypeMap())
    .filter(({ name }) => !name.startsWith('__'))
    .flatMap(elementsOf);
  const known = new Set(elements.map(({ coordinate }) => coordinate));
  return elements.flatMap(({ coordinate, deprecationReason: reason }) => {
    if (reason === undefined || reason === null) return [];
    const [, successor = '', date = ''] = REASON.exec(reason) ?? [];
    if (!known.has(successor)) return [`${coordinate} names no successor: ${reason}`];
    return isDate(date) ? [] : [`${coordinate} names no date: ${reason}`];
  });
}

/** Whether a date exists: the 31st of June does not. */
const isDate = (date: string): boolean => {
  const time = Date.parse(`${date}T00:00:00.000Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date);
};

function elementsOf(type: GraphQLNamedType): readonly Element[] {
  const own: Element = { coordinate: type.name };
  if (isEnumType(type)) return [own, ...type.getValues().map((value) => at(type, value))];
  if (isLeafType(type) || isUnionType(type)) return [own];
  if (isInputObjectType(type)) return [own, ...Object.values(type.getFields()).map((field) => at(type, field))];
  return Object.values(type.getFields()).flatMap((field) => [
    at(type, field),
    ...field.args.map(({ name, deprecationReason }) => ({
      coordinate: `${type.name}.${field.name}(${name}:)`,
      deprecationReason,
    })),
  ]);
}

const at = (
  type: GraphQLNamedType,
  { name, deprecationReason }: { readonly name: string; readonly deprecationReason?: string | null | undefined },
): Element => ({ coordinate: `${type.name}.${name}`, deprecationReason });
