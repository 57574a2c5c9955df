/**
 * A generator whose reader may leave while it waits: the call to return it would stand behind what it waits for, so
 * `leave` ends the wait.
 */
export function leavable<T>(steps: AsyncGenerator<T, void, undefined>, leave: () => void): AsyncIterableIterator<T> {
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
