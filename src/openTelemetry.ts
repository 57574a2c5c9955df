import type { SpanAttributes, Tracing } from './server/tracing.ts';

/** The maximum length of a statement in a span, in characters. */
const MAX_STATEMENT_CHARACTERS = 4_000;

/** Records the spans of requests, and of the statements that are sent to a database. */
export interface OpenTelemetry extends Tracing {
  readonly traceStatement: (text: string) => () => void;
}

/**
 * Returns what records spans with the SDK of OpenTelemetry that is registered in this process, as by
 * `node --import`; undefined if there is none or the package @opentelemetry/api is not installed.
 */
export async function openTelemetry(): Promise<OpenTelemetry | undefined> {
  const api = await import('@opentelemetry/api').catch(() => undefined);
  if (!api) return undefined;
  const { context, propagation, trace, SpanKind, SpanStatusCode, isSpanContextValid } = api;
  const tracer = trace.getTracer('escrowgrid');
  const begin = (name: string, attributes: SpanAttributes = {}): (() => void) => {
    const span = tracer.startSpan(name, { attributes });
    return () => span.end();
  };
  const first = tracer.startSpan('start');
  first.end();
  // Without an SDK, a span has no id.
  if (!isSpanContextValid(first.spanContext())) return undefined;
  return {
    request: async (headers, work, describe) => {
      const parent = propagation.extract(context.active(), headers);
      const span = tracer.startSpan('request', { kind: SpanKind.SERVER }, parent);
      try {
        await context.with(trace.setSpan(parent, span), work);
      } finally {
        const attributes = describe();
        span.setAttributes(attributes);
        if (attributes['escrowgrid.outcome'] === 'failed') span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      }
    },
    begin,
    execute: (run) => {
      const span = tracer.startSpan('execute');
      const end = (): void => span.end();
      try {
        const result = context.with(trace.setSpan(context.active(), span), run);
        void Promise.resolve(result).then(end, end);
        return result;
      } catch (error) {
        end();
        throw error;
      }
    },
    traceStatement: (text) => {
      const attributes = { 'db.system.name': 'postgresql', 'db.query.text': text.slice(0, MAX_STATEMENT_CHARACTERS) };
      return begin(text === 'commit' ? 'commit' : 'statement', attributes);
    },
  };
}

type Trace = OpenTelemetry['traceStatement'];

/** Returns a function that calls both, or the one that there is. */
export function bothTraces(one: Trace | undefined, other: Trace | undefined): Trace | undefined {
  if (!one || !other) return one ?? other;
  return (text) => {
    const ends = [one(text), other(text)];
    return () => ends.forEach((end) => end());
  };
}
