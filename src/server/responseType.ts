import { type Plugin, processRegularResult, type YogaInitialContext } from 'graphql-yoga';
import { processEvents } from './eventStream.ts';
import { acceptsEvents, EVENT_STREAM_TYPE, resultTypeFor } from './mediaTypes.ts';
import { requestError } from './requestError.ts';

const acceptOf = (request: Request): string | null => request.headers.get('accept');
const notAcceptable = (message: string) => requestError(message, 'BAD_REQUEST', { status: 406 });

/**
 * Chooses the media type of a response by the weights of the Accept header, which Yoga ignores. A request that accepts
 * no response at all is rejected with 406 before anything is executed, and so is a subscription that does not accept
 * server-sent events.
 */
export const useResponseType = (): Plugin<YogaInitialContext> => ({
  onRequestParse: ({ request }) => {
    const accept = acceptOf(request);
    if (resultTypeFor(accept) !== undefined || acceptsEvents(accept)) return;
    throw notAcceptable(
      'No acceptable response type. Accept application/graphql-response+json, application/json or text/event-stream.',
    );
  },
  onSubscribe: ({ args, setResultAndStopExecution }) => {
    if (acceptsEvents(acceptOf(args.contextValue.request))) return;
    const error = notAcceptable('A subscription is sent as server-sent events. Accept text/event-stream.');
    setResultAndStopExecution({ errors: [error] });
  },
  onResultProcess: ({ request, result, ...hook }) => {
    const accept = acceptOf(request);
    const type = Symbol.asyncIterator in result ? undefined : resultTypeFor(accept);
    if (type !== undefined) hook.setResultProcessor(processRegularResult, type);
    else if (acceptsEvents(accept)) hook.setResultProcessor(processEvents, EVENT_STREAM_TYPE);
    // Even the error that nothing is acceptable needs a media type.
    else hook.setResultProcessor(processRegularResult, 'application/json');
  },
});
