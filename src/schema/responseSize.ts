import {
  defaultFieldResolver,
  type ExecutionResult,
  GraphQLError,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
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

  /**
   * Counts all fields of a result at once, as `add` would have counted them while it was built. Returns an error if the
   * response is too large.
   */
  addResult({ data, errors = [] }: ExecutionResult, shape: ResponseShape): ResponseLimitError | undefined {
    // A field that failed was not counted while the result was built.
    const failed = errors.reduce((bytes, { path }) => bytes + bytesOfFailed(data, path ?? []), 0);
    this.#bytes = bytesOfFields(data ?? {}, shape, -failed, this.#maxBytes);
    if (this.#bytes > this.#maxBytes) return this.#end(tooLarge(this.#maxBytes), 'QUERY_TOO_COMPLEX');
    this.#reserved = Math.ceil(this.#bytes / RESERVED_AT_ONCE) * RESERVED_AT_ONCE;
    return this.#reserve(this.#reserved) ? undefined : this.#end(BUSY, 'BUSY');
  }

  /** Creates the one error for all fields: an error for each field would be more expensive than the fields. */
  #end(message: string, code: string, info?: GraphQLResolveInfo): ResponseLimitError {
    const keys: (string | number)[] = [];
    for (let each = info?.path; each; each = each.prev) keys.unshift(each.key);
    const location = info && { nodes: info.fieldNodes, path: keys };
    this.#error = new ResponseLimitError(message, { ...location, extensions: { code } });
    return this.#error;
  }
}

/** The fields of the objects of a response by their keys: undefined for leaves, else the fields below. */
export type ResponseShape = ReadonlyMap<string, ResponseShape | undefined>;

type Fields = Readonly<Record<string, unknown>>;

/** Returns `bytes` and the bytes of an object's fields. Stops when the sum exceeds `max`. */
function bytesOfFields(object: Fields, shape: ResponseShape, bytes: number, max: number): number {
  let sum = bytes;
  for (const key in object) {
    const value = object[key];
    const below = shape.get(key);
    const objects = below && typeof value === 'object' && value !== null ? value : undefined;
    sum += key.length + PUNCTUATION_BYTES + (objects ? bytesOfObjects(objects) : bytesOfLeaf(value));
    if (below && objects) sum = bytesBelow(objects, below, sum, max);
    if (sum > max) return sum;
  }
  return sum;
}

/** Returns `bytes` and the bytes of the fields of an object, or of those in a list. */
function bytesBelow(value: object, shape: ResponseShape, bytes: number, max: number): number {
  if (!Array.isArray(value)) return bytesOfFields(value as Fields, shape, bytes, max);
  let sum = bytes;
  for (const item of value as readonly unknown[]) {
    if (typeof item === 'object' && item !== null) sum = bytesBelow(item, shape, sum, max);
    if (sum > max) return sum;
  }
  return sum;
}

/** Returns the bytes of the field at the path if it is null. */
function bytesOfFailed(data: unknown, path: readonly (string | number)[]): number {
  let value = data;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return 0;
    value = (value as Fields)[key];
  }
  const key = path.at(-1);
  return value === null && typeof key === 'string' ? key.length + 2 * PUNCTUATION_BYTES : 0;
}

export const tooLarge = (maxBytes: number): string =>
  `The response must have at most ${maxBytes} bytes; it has more. Request fewer items or fields.`;
export const BUSY =
  'Too many responses are waiting to be read. The operation was not executed; read them and try again.';

/** The sizes of JSON objects, which never change. */
const JSON_BYTES = new WeakMap<object, number>();

/** Returns the bytes of the value of a field, which may be an internal value such as the number of an enum. */
function bytesOf(value: unknown, type: GraphQLOutputType): number {
  if (typeof value !== 'object' && typeof value !== 'number') return bytesOfLeaf(value);
  const named = getNamedType(type);
  if (value !== null && typeof value === 'object' && !isLeafType(named)) return bytesOfObjects(value);
  return bytesOfLeaf(typeof value === 'number' && isEnumType(named) ? named.serialize(value) : value);
}

/** Returns the bytes of an object or of a list of objects, without their fields. */
const bytesOfObjects = (value: object): number => (Array.isArray(value) ? value.length * PUNCTUATION_BYTES : 0);

function bytesOfLeaf(value: unknown): number {
  if (value === null || value === undefined) return PUNCTUATION_BYTES;
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
