import SchemaBuilder from '@pothos/core';
import type { CommandContext } from '../commands/context.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Instant } from '../domain/time.ts';
import type { Hub } from '../live/hub.ts';
import type { Deadline } from '../store/store.ts';
import type { Pace } from './pace.ts';
import type { Readings } from './readings.ts';
import type { ResponseSize } from './responseSize.ts';

/** What resolvers work with: made anew for each request. */
export interface Context extends CommandContext {
  readonly read: Readings;
  readonly hub: Hub;
  readonly until: Deadline;
  /** Called before each mutation. Throws RATE_LIMITED if refused mutations of the request have used up the limit. */
  readonly admitMutation: () => Promise<void>;
  /** The request's header Idempotency-Key. */
  readonly idempotencyKey: string | null;
  /** The change cursor of the request's header Last-Event-ID. It takes precedence over the argument `after`. */
  readonly lastEventId: string | null;
  /** Counts the response while it is built; left out where it cannot be too large. */
  readonly responseSize?: ResponseSize | undefined;
  /** Leaves time for other requests; left out where the operation is small. */
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

builder.queryType({ description: 'What can be read. Everything is scoped to what the viewer may see.' });
builder.mutationType({
  description:
    'What can be done. Each takes one input and answers a union: its payload, or one of the expected refusals, which all are a `UserError`.',
});
