import '../oneGraphql.ts';
import SchemaBuilder from '@pothos/core';
import type { CommandContext } from '../commands/context.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Instant } from '../domain/time.ts';
import type { Deadline } from '../store/store.ts';
import type { Hub } from '../subscriptions/hub.ts';
import type { Loaders } from './loaders.ts';
import type { Pace } from './pace.ts';
import type { ResponseSize } from './responseSize.ts';

/** The context of resolvers, created for each request. */
export interface Context extends CommandContext {
  readonly read: Loaders;
  readonly hub: Hub;
  readonly until: Deadline;
  /** Called before each mutation. Throws RATE_LIMITED if failed mutations of the request have used up the limit. */
  readonly admitMutation: () => void;
  /** The header Idempotency-Key of the request, or null without one. */
  readonly idempotencyKey: string | null;
  /** The change cursor of the request's header Last-Event-ID. It takes precedence over the argument `after`. */
  readonly lastEventId: string | null;
  /** Counts the response while it is built; undefined if the response cannot be too large. */
  readonly responseSize?: ResponseSize | undefined;
  /** Leaves time for other requests; undefined if the operation is small. */
  readonly pace?: Pace | undefined;
}

export const builder = new SchemaBuilder<{
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Instant; Output: Instant };
    Decimal: { Input: string; Output: string };
    CurrencyCode: { Input: string; Output: string };
    JSONObject: { Input: JsonObject; Output: JsonObject };
  };
}>({ defaultFieldNullability: false });

export type Types = typeof builder extends PothosSchemaTypes.SchemaBuilder<infer T> ? T : never;
/** The builders of object fields, input fields and arguments. */
export type ObjectFields<E> = PothosSchemaTypes.ObjectFieldBuilder<Types, E>;
export type InputFields = PothosSchemaTypes.InputFieldBuilder<Types, 'InputObject'>;
export type InputField = ReturnType<InputFields['field']>;

builder.queryType({
  description:
    'The queries. They return only objects that the viewer may see: with an API key those of its institution, with the root key all. Other objects are reported as not found.',
});
builder.mutationType({
  description:
    'The mutations. Each has one argument `input` and returns a union: its payload, or one of the expected errors, all of which implement `UserError`.',
});
