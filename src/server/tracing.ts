import type { IncomingHttpHeaders } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import type { RequestEntry } from './requestRecord.ts';
import type { GraphqlHandler } from './serverContext.ts';

/** The facts that a span records. */
export type SpanAttributes = Readonly<Record<string, string | number>>;

/** Records the spans of requests. */
export interface Tracing {
  /** Runs a request within a span, which continues the trace that its headers name. `describe` is called at its end. */
  request(headers: IncomingHttpHeaders, work: () => Promise<void>, describe: () => SpanAttributes): Promise<void>;
  /** Begins a span below that of the current request. Returns a function that ends it. */
  begin(name: 'parse' | 'validate'): () => void;
  /** Executes an operation within a span. Those of its statements are below it. */
  execute<R>(run: () => R): R;
}

/** Returns the handler with one span per request, or the handler itself if nothing is traced. */
export function tracedHandler(handle: GraphqlHandler, tracing: Tracing | undefined): GraphqlHandler {
  if (!tracing) return handle;
  return (incoming, response, context) => {
    const describe = (): SpanAttributes => {
      const entry = context.record?.entry(response.statusCode);
      return { 'http.response.status_code': response.statusCode, ...(entry && attributesOf(entry)) };
    };
    return tracing.request(incoming.headers, () => handle(incoming, response, context), describe);
  };
}

function attributesOf({ requestId, operation, type, outcome, cost, errors }: RequestEntry): SpanAttributes {
  return {
    'escrowgrid.outcome': outcome,
    ...(requestId !== null && { 'escrowgrid.request_id': requestId }),
    ...(operation !== null && { 'graphql.operation.name': operation }),
    ...(type !== null && { 'graphql.operation.type': type }),
    ...(cost !== null && { 'escrowgrid.cost': cost }),
    ...(errors.length > 0 && { 'error.type': errors.join(' ') }),
  };
}

/** Records the spans of the operations that Yoga executes. */
export const useTracing = (tracing: Tracing): Plugin => ({
  onParse: () => tracing.begin('parse'),
  onValidate: () => tracing.begin('validate'),
  onExecute: ({ executeFn, setExecuteFn }) => setExecuteFn((args) => tracing.execute(() => executeFn(args))),
});
