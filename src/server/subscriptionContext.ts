import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Viewer } from '../domain/viewer.ts';
import { cancellable } from '../subscriptions/cancellable.ts';
import { EventGate } from '../subscriptions/eventGate.ts';
import type { StreamItem } from '../subscriptions/hub.ts';
import { withCursor } from './eventStream.ts';
import type { RequestedOperation } from './operations/operation.ts';
import { operationKeyOf, SharedResults } from './sharedResults.ts';

/** The part of a subscription's context that is read here. */
interface SubscriptionContext {
  readonly viewer: Viewer;
  readonly requested?: Pick<RequestedOperation, 'estimate'> | undefined;
}

export interface SubscriptionContextOptions<C> {
  /** Derives the context of the next event from that of the subscription; throws if access has ended. */
  readonly renew: (context: C) => Promise<C>;
  /** Charges an event to the budget of the API key; throws RATE_LIMITED if too little of it is left. */
  readonly charge: (context: C, points: number) => void;
}

/**
 * Returns the cost of an event whose result was executed for another subscription. It still has to be serialized to
 * JSON and sent, which was measured at a fifth to a tenth of the CPU time of the execution.
 */
const costOfShared = (cost: number): number => Math.ceil(cost / 10);

/**
 * Executes each event of a subscription in a separate context, so that it reads the current state and access is checked
 * again. Equal subscriptions share the results of a change, events are charged to the budget of their API key, and
 * other requests are served between events. An error of the stream is its last result.
 */
export const useSubscriptionContext = <C extends SubscriptionContext>(
  options: SubscriptionContextOptions<C>,
): Plugin => {
  const gate = new EventGate();
  const shared = new SharedResults();
  return {
    onSubscribe: ({ setSubscribeFn }) => {
      setSubscribeFn(async (args: ExecutionArgs) => {
        const stream = await createSourceEventStream(args);
        if (!(Symbol.asyncIterator in stream)) return stream;
        const items = stream as AsyncIterable<StreamItem>;
        const source = items[Symbol.asyncIterator]();
        const event = new SubscriptionEvents(options, shared, args);
        let hasLeft = false;
        const results = resultsOf(items, (item, last) =>
          shared.during(async () => {
            await gate.pass();
            return hasLeft ? undefined : event.deliver(item, last);
          }),
        );
        return cancellable(results, () => {
          hasLeft = true;
          void source.return?.();
        });
      });
    },
  };
};

async function* resultsOf(
  items: AsyncIterable<StreamItem>,
  deliver: (item: StreamItem, last: StreamItem | undefined) => Promise<ExecutionResult | undefined>,
): AsyncGenerator<ExecutionResult, void, undefined> {
  let last: StreamItem | undefined;
  try {
    for await (const item of items) {
      const result = await deliver(item, last);
      if (!result) return;
      yield result;
      last = item;
    }
  } catch (error) {
    yield { errors: [error instanceof GraphQLError ? error : new GraphQLError('', { originalError: error as Error })] };
  }
}

/** The events of one subscription. */
class SubscriptionEvents<C extends SubscriptionContext> {
  readonly #options: SubscriptionContextOptions<C>;
  readonly #shared: SharedResults;
  readonly #args: ExecutionArgs;
  readonly #context: C;
  readonly #operation: string;

  constructor(options: SubscriptionContextOptions<C>, shared: SharedResults, args: ExecutionArgs) {
    this.#options = options;
    this.#shared = shared;
    this.#args = args;
    this.#context = args.contextValue as C;
    this.#operation = operationKeyOf(args);
  }

  /**
   * Returns the result of an event. `last` is the event that was delivered before: its cursor is returned if the budget
   * is used up. Without one the client still has the cursor that it sent.
   */
  async deliver(item: StreamItem, last: StreamItem | undefined): Promise<ExecutionResult> {
    const context = await this.#options.renew(this.#context);
    // CAUGHT_UP carries no object, so there is nothing to read, share or charge.
    if (item.change === null) return withCursor(await this.#execute(item, context), item.cursor);
    const cost = this.#context.requested?.estimate.cost ?? 0;
    const find = () => this.#shared.get(item, this.#operation, context.viewer);
    this.#charge(context, find() ? costOfShared(cost) : cost, last);
    let result = find();
    if (!result) {
      result = this.#execute(item, context);
      this.#shared.set(item, this.#operation, context.viewer, cost, result);
    }
    // A copy: each subscription may replace the errors of its result.
    return withCursor(await result, item.cursor);
  }

  #execute(rootValue: StreamItem, contextValue: C): Promise<ExecutionResult> | ExecutionResult {
    return execute({ ...this.#args, rootValue, contextValue });
  }

  #charge(context: C, points: number, last: StreamItem | undefined): void {
    try {
      this.#options.charge(context, points);
    } catch (error) {
      if (!(error instanceof GraphQLError) || error.extensions['code'] !== 'RATE_LIMITED') throw error;
      const { retryAfter } = error.extensions;
      throw new GraphQLError(
        `Limit of subscription events reached. Subscribe again in ${String(retryAfter)} s with \`after\`.`,
        { extensions: { code: 'RATE_LIMITED', retryAfter, ...(last && { cursor: last.cursor }) } },
      );
    }
  }
}
