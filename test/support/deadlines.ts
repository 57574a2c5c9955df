import { performance } from 'node:perf_hooks';
import type { Deadline } from '../../src/store/store.ts';

/** A deadline that passes by itself. */
export function deadlineIn(ms: number): Deadline {
  const end = performance.now() + ms;
  return { remainingMs: () => Math.max(0, end - performance.now()) };
}

/** A deadline that passes when the test calls `pass`. */
export function manualDeadline(): Deadline & { pass(): void; comeIn(ms: number): void } {
  let end = Number.POSITIVE_INFINITY;
  return {
    remainingMs: () => Math.max(0, end - performance.now()),
    comeIn: (ms) => {
      end = performance.now() + ms;
    },
    pass: () => {
      end = 0;
    },
  };
}

/** A promise that callers wait for until it is opened. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
