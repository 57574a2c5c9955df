import { createHash } from 'node:crypto';
import { type ExecutionArgs, type ExecutionResult, print } from 'graphql';
import { LRUCache } from 'lru-cache';
import { canonicalJson } from '../domain/canonicalJson.ts';
import { scopeOf, type Viewer } from '../domain/viewer.ts';
import type { StreamItem } from '../subscriptions/hub.ts';
import { operationOf } from './operations/operation.ts';

/** The maximum total cost of the results that are kept at once, in the unit of cost.ts. */
const MAX_SHARED_COST = 10_000;

type Result = Promise<ExecutionResult> | ExecutionResult;

/**
 * The results of the changes that are being delivered now. Subscriptions that would execute the same operation for the
 * same change, in the same scope and role, share one result. Nothing is kept when no event is in progress.
 */
export class SharedResults {
  readonly #results = new LRUCache<string, { readonly result: Result; readonly cost: number }>({
    maxSize: MAX_SHARED_COST,
    sizeCalculation: ({ cost }) => Math.max(1, cost),
  });
  readonly #itemIds = new WeakMap<StreamItem, number>();
  #lastItemId = 0;
  #inProgress = 0;

  /** Delivers one event. Results are kept until the last delivery in progress has ended. */
  async during<T>(deliver: () => Promise<T>): Promise<T> {
    this.#inProgress += 1;
    try {
      return await deliver();
    } finally {
      this.#inProgress -= 1;
      if (this.#inProgress === 0) this.#results.clear();
    }
  }

  get(item: StreamItem, operation: string, viewer: Viewer): Result | undefined {
    return this.#results.get(this.#keyOf(item, operation, viewer))?.result;
  }

  set(item: StreamItem, operation: string, viewer: Viewer, cost: number, result: Result): void {
    this.#results.set(this.#keyOf(item, operation, viewer), { result, cost });
  }

  #keyOf(item: StreamItem, operation: string, viewer: Viewer): string {
    let id = this.#itemIds.get(item);
    if (id === undefined) {
      this.#lastItemId += 1;
      id = this.#lastItemId;
      this.#itemIds.set(item, id);
    }
    const scope = scopeOf(viewer);
    return `${id} ${operation} ${viewer.role} ${scope === 'ALL' ? scope : scope.institutionId}`;
  }
}

/**
 * Returns a key for what a subscription selects from each change: the document with the variables that its selection
 * uses. The arguments of the root field only select the changes, so clients with different `after` cursors share
 * results.
 */
export function operationKeyOf({ schema, document, operationName, variableValues }: ExecutionArgs): string {
  const nested = operationOf(schema, document, operationName)?.nestedVariables;
  const variables = Object.entries(variableValues ?? {}).filter(([name]) => nested?.has(name));
  const text = document.loc?.source.body ?? print(document);
  return createHash('sha256')
    .update(canonicalJson([text, operationName, Object.fromEntries(variables)]))
    .digest('base64');
}
