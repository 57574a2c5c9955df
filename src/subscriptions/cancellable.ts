/**
 * Wraps a generator whose reader may leave while it waits. Its own `return` would wait for the pending step, so `leave`
 * ends that wait first.
 */
export function cancellable<T>(steps: AsyncGenerator<T, void, undefined>, leave: () => void): AsyncIterableIterator<T> {
  return {
    next: () => steps.next(),
    return: () => {
      leave();
      return steps.return();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
