import {
  defaultFieldResolver,
  GraphQLError,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNamedType,
  isLeafType,
  isObjectType,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from 'graphql';
import { JsonText } from '../store/jsonText.ts';

/** The number of bytes of the punctuation of a field, an object or a list item. */
const PUNCTUATION_BYTES = 4;
/** The maximum number of bytes of a number, a time or a boolean in JSON. */
const SMALL_VALUE_BYTES = 26;
/** The length below which the bytes of a text are counted without JSON escapes. */
const SHORT = 256;

/** Ends an operation whose response would be too large, or exceed the memory for the responses of its API key. */
export class ResponseLimitError extends GraphQLError {}

/** Reserves memory for more bytes. Returns false if the memory is used up. */
export type Reserve = (bytes: number) => boolean;

/** The number of bytes of one reservation. */
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

  /** The error that ended the operation, or undefined. */
  get error(): ResponseLimitError | undefined {
    return this.#error;
  }

  /** Counts the value of a field and returns it. Throws ResponseLimitError if the response is too large. */
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

  /** Creates the one error for all fields: an error for each field would be more expensive than the fields. */
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

/** The sizes of JSON objects, which never change. */
const JSON_BYTES = new WeakMap<object, number>();

function bytesOf(value: unknown, type: GraphQLOutputType): number {
  if (value === null || value === undefined) return PUNCTUATION_BYTES;
  if (typeof value === 'object' && !isLeafType(getNamedType(type))) {
    return Array.isArray(value) ? value.length * PUNCTUATION_BYTES : 0;
  }
  if (value instanceof JsonText) return Buffer.byteLength(value.text);
  // Escapes in short texts are ignored: searching for them would cost more than the error.
  if (typeof value === 'string') return Buffer.byteLength(value.length < SHORT ? value : JSON.stringify(value)) + 2;
  if (typeof value !== 'object') return SMALL_VALUE_BYTES;
  let bytes = JSON_BYTES.get(value);
  if (bytes === undefined) JSON_BYTES.set(value, (bytes = Buffer.byteLength(JSON.stringify(value))));
  return bytes;
}

/** The part of a context that this needs. */
interface Counting {
  /** Counts the response; undefined if the response cannot be too large. */
  readonly responseSize?: ResponseSize | undefined;
}

const counting = new WeakSet<GraphQLField<unknown, Counting>>();

/** Makes every field of the schema count its value if the context has a `responseSize`. */
export function countResponses(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isObjectType(type)) for (const field of Object.values(type.getFields())) count(field);
  }
  for (const field of [TypeNameMetaFieldDef, SchemaMetaFieldDef, TypeMetaFieldDef]) count(field);
  return schema;
}

/** Wraps the resolver of a field, once: introspection fields are shared by all schemas of the process. */
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
