import { GraphQLError, Kind, type ValueNode } from 'graphql';
import { CURRENCY_CODES } from '../domain/currencies.ts';
import { isExactNumber, type JsonObject, type JsonValue } from '../domain/json.ts';
import { formatInstant, isFinerThanMs, parseInstant } from '../domain/time.ts';
import { builder } from './builder.ts';

const refuse = (message: string, node?: ValueNode): never => {
  throw new GraphQLError(message, { nodes: node ?? null });
};

/**
 * Returns the options of a scalar that is a JSON string. `read` parses it; if that returns undefined, the error message
 * is `sentence`.
 */
function textScalar<V>(
  description: string,
  sentence: string,
  read: (text: string) => V | undefined,
  serialize: (value: V) => string,
) {
  const parse = (value: unknown, node?: ValueNode): V => {
    const known = typeof value === 'string' ? read(value) : undefined;
    return known ?? refuse(sentence, node);
  };
  return {
    description,
    serialize,
    parseValue: (value: unknown) => parse(value),
    parseLiteral: (node: ValueNode) => parse(node.kind === Kind.STRING ? node.value : undefined, node),
  };
}

builder.scalarType('DateTime', {
  ...textScalar(
    'A point in time in RFC 3339 format. Inputs require a time zone; outputs are in UTC with milliseconds, such as "2026-01-31T12:00:00.000Z".',
    'A DateTime must be an RFC 3339 time with its time zone, such as "2026-01-31T12:00:00Z".',
    // A fraction below a millisecond is read as half a millisecond, so that the bounds of a filter can be rounded
    // correctly.
    (text) => {
      const instant = parseInstant(text);
      return instant !== undefined && isFinerThanMs(text) ? instant + 0.5 : instant;
    },
    formatInstant,
  ),
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
});

const unchanged = (text: string): string => text;

builder.scalarType(
  'Decimal',
  textScalar(
    'An exact decimal number, as a string so that JSON parsers do not round it: "1250.00".',
    'A Decimal must be a string, such as "1250.00": a JSON number would be rounded.',
    unchanged,
    unchanged,
  ),
);

builder.scalarType(
  'CurrencyCode',
  textScalar(
    `A currency code of ISO 4217, in capital letters, such as "USD". New amounts must have one of the ${CURRENCY_CODES.length} active codes with a minor unit. Stored amounts keep currencies that were withdrawn since, and lists can be filtered by them.`,
    'A CurrencyCode must be a string of three capital letters, such as "USD".',
    unchanged,
    unchanged,
  ),
);

builder.scalarType('JSONObject', {
  description:
    'Any JSON object, returned as it was sent. Keys keep their order, except that keys that are integers such as "7" come first, in ascending order. Numbers that a 64-bit float cannot hold exactly, and integers beyond 2^53 - 1, are rejected; send them as strings. At most 64 KB and 10 levels deep.',
  serialize: (value) => value,
  parseValue: (value) =>
    isObject(value) ? value : refuse('A JSONObject must be a JSON object, such as {"key": "value"}.'),
  parseLiteral: (node, variables) => {
    const value = literal(node, variables ?? {});
    return isObject(value) ? value : refuse('A JSONObject must be an object, such as {key: "value"}.', node);
  },
});

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function literal(node: ValueNode, variables: { readonly [name: string]: unknown }): JsonValue {
  switch (node.kind) {
    case Kind.OBJECT:
      // Like JSON.parse, this makes "__proto__" an ordinary key, so that validation can reject it.
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, literal(value, variables)]));
    case Kind.LIST:
      return node.values.map((value) => literal(value, variables));
    case Kind.INT:
    case Kind.FLOAT:
      return isExactNumber(node.value) ? Number(node.value) : Infinity;
    case Kind.BOOLEAN:
    case Kind.STRING:
    case Kind.ENUM:
      return node.value;
    case Kind.NULL:
      return null;
    case Kind.VARIABLE:
      return (variables[node.name.value] ?? null) as JsonValue;
  }
}
