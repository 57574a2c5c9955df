import {
  defaultFieldResolver,
  getNamedType,
  GraphQLError,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isLeafType,
  isObjectType,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from 'graphql';
import { JsonText } from '../store/jsonText.ts';

/** What stands around a field's name, or around an object and an item of a list. */
const PUNCTUATION_BYTES = 4;
/** The bytes of a number, a time or a boolean in JSON, at most. */
const SMALL_VALUE_BYTES = 26;
/** The length of a text below which its bytes are counted without what JSON escapes. */
const SHORT = 256;

/** Ends an operation whose response would be too large, or would take more memory than there is for its API key. */
export class ResponseLimitError extends GraphQLError {}

/** Reserves memory for so many more bytes; returns false if there is none. */
export type Reserve = (bytes: number) => boolean;

/** How many bytes are reserved at once. */
const RESERVED_AT_ONCE = 256 * 1024;

/** Counts the bytes of a response while it is built. */
export class ResponseSize {
  readonly #maxBytes: number;
  readonly #reserve: Reserve;
  #bytes = 0;
  #reserved = 0;
  #error: ResponseLimitError | undefined;

  constructor(maxBytes: number, reserve: Reserve = () => true) {
    this.#maxBytes = maxBytes;
    this.#reserve = reserve;
  }

  /** Why the operation was ended; undefined if it was not. */
  get error(): ResponseLimitError | undefined {
    return this.#error;
  }

  /** Counts the value of a field, and returns it. Throws ResponseLimitError once the response is too large. */
  add(value: unknown, info: GraphQLResolveInfo): unknown {
    if (this.#error) throw this.#error;
    this.#bytes += (info.path.key as string).length + PUNCTUATION_BYTES + bytesOf(value, info.returnType);
    if (this.#bytes > this.#maxBytes) throw this.#end(tooLarge(this.#maxBytes), 'QUERY_TOO_COMPLEX', info);
    if (this.#bytes > this.#reserved) {
      if (!this.#reserve(RESERVED_AT_ONCE)) throw this.#end(BUSY, 'BUSY', info);
      this.#reserved += RESERVED_AT_ONCE;
    }
    return value;
  }

  /** One error for all fields: making one for each would take longer than the fields. */
  #end(message: string, code: string, { path, fieldNodes }: GraphQLResolveInfo): ResponseLimitError {
    const keys: (string | number)[] = [];
    for (let each: typeof path | undefined = path; each; each = each.prev) keys.unshift(each.key);
    this.#error = new ResponseLimitError(message, { nodes: fieldNodes, path: keys, extensions: { code } });
    return this.#error;
  }
}

export const tooLarge = (maxBytes: number): string =>
  `The response must have at most ${maxBytes} bytes; it has more. Request fewer items or fields.`;
export const BUSY =
  'Too many responses are waiting to be read. The operation was not executed; read them and try again.';

/** The JSON of objects is the same each time. */
const JSON_BYTES = new WeakMap<object, number>();

function bytesOf(value: unknown, type: GraphQLOutputType): number {
  if (value === null || value === undefined) return PUNCTUATION_BYTES;
  if (typeof value === 'object' && !isLeafType(getNamedType(type))) {
    return Array.isArray(value) ? value.length * PUNCTUATION_BYTES : 0;
  }
  if (value instanceof JsonText) return Buffer.byteLength(value.text);
  // What is escaped in a short text is not worth looking for.
  if (typeof value === 'string') return Buffer.byteLength(value.length < SHORT ? value : JSON.stringify(value)) + 2;
  if (typeof value !== 'object') return SMALL_VALUE_BYTES;
  let bytes = JSON_BYTES.get(value);
  if (bytes === undefined) JSON_BYTES.set(value, (bytes = Buffer.byteLength(JSON.stringify(value))));
  return bytes;
}

/** The part of a context that this needs. */
interface Counting {
  /** Counts what is answered; left out where it cannot be too much. */
  readonly responseSize?: ResponseSize | undefined;
}

const counting = new WeakSet<GraphQLField<unknown, Counting>>();

/** Lets each field of the schema be counted, where the context has a `responseSize`. */
export function countResponses(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isObjectType(type)) for (const field of Object.values(type.getFields())) count(field);
  }
  for (const field of [TypeNameMetaFieldDef, SchemaMetaFieldDef, TypeMetaFieldDef]) count(field);
  return schema;
}

/** The fields of introspection are shared by all schemas of the process, and are changed once. */
function count(field: GraphQLField<unknown, Counting>): void {
  if (counting.has(field)) return;
  counting.add(field);
  const resolve: GraphQLFieldResolver<unknown, Counting> = field.resolve ?? defaultFieldResolver;
  field.resolve = (source, args, context, info) => {
    const value: unknown = resolve(source, args, context, info);
    const size = (context as Counting | undefined)?.responseSize;
    if (!size) return value;
    return value instanceof Promise ? value.then((settled: unknown) => size.add(settled, info)) : size.add(value, info);
  };
}
