import type { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { type OnRequest, RequestRecord } from './requestRecord.ts';
import type { GraphqlHandler, ServerContext } from './serverContext.ts';

/** Returns the handler with one call of `onRequest` per request, or the handler itself if there is nothing to call. */
export function loggedHandler(handle: GraphqlHandler, onRequest: OnRequest | undefined): GraphqlHandler {
  if (!onRequest) return handle;
  return async (incoming, response, context) => {
    const record = new RequestRecord(context);
    context.record = record;
    try {
      await handle(incoming, response, context);
    } finally {
      if (response.writableEnded || !record.isLive) {
        record.end(onRequest, response.statusCode, incoming.socket.destroyed);
      } else {
        record.start(onRequest, response.statusCode);
        const end = (): void => record.end(onRequest, response.statusCode);
        if (response.closed) end();
        else response.once('close', end);
      }
    }
  };
}

/** Logs a request that is rejected before it is passed to GraphQL. */
export function logRejection(
  onRequest: OnRequest | undefined,
  address: string,
  status: number,
  error?: GraphQLError,
): void {
  if (!onRequest) return;
  const record = new RequestRecord({ address });
  if (error) record.noteErrors([error]);
  record.end(onRequest, status);
}

/** Notes the errors of the requests that Yoga handles. */
export const useRequestRecord = (): Plugin<object, ServerContext> => ({
  onRequest: ({ serverContext }) => {
    if (serverContext.record) serverContext.record.context = serverContext;
  },
  onSubscribe: ({ args }) => ({
    onSubscribeResult: () => ({
      onNext: ({ result }) => recordOf(args.contextValue)?.noteErrors(errorsOf(result)),
    }),
  }),
  onResultProcess: ({ result, serverContext }) => serverContext.record?.noteErrors(errorsOf(result)),
});

const recordOf = (context: object): RequestRecord | undefined => (context as ServerContext).record;

const errorsOf = (result: object): readonly GraphQLError[] | undefined =>
  (result as { readonly errors?: readonly GraphQLError[] }).errors;
