import { StoreFullError } from '../store/errors.ts';

/** A recurring background job. */
export interface Job {
  start(): void;
  /** Starts no further run and waits for the one in progress. */
  stop(): Promise<void>;
}

/** Returned by work that is complete and must not run again. */
export const COMPLETE = Symbol('complete');

/** Called after each run of a job. */
export type OnJobRun = (durationMs: number, hasFailed: boolean) => void;

/**
 * Runs the work, waits `pauseMs`, and runs it again. A failed run is reported, and the next one follows as usual. While
 * the store is full, this is reported once and not by every run.
 */
export function createJob(
  work: () => Promise<unknown>,
  pauseMs: number,
  onError: (error: unknown) => void,
  onRun?: OnJobRun,
): Job {
  let timer: NodeJS.Timeout | undefined;
  let stopped = true;
  let isFullReported = false;
  let running: Promise<void> = Promise.resolve();
  const run = async (): Promise<void> => {
    let result: unknown;
    let hasFailed = false;
    const beganAt = performance.now();
    try {
      result = await work();
      isFullReported = false;
    } catch (error) {
      hasFailed = true;
      const isFull = error instanceof StoreFullError;
      if (!isFull || !isFullReported) onError(error);
      isFullReported = isFull;
    }
    onRun?.(performance.now() - beganAt, hasFailed);
    if (!stopped && result !== COMPLETE) timer = setTimeout(begin, pauseMs);
  };
  const begin = (): void => {
    running = run();
  };
  return {
    start: () => {
      if (!stopped) return;
      stopped = false;
      timer = setTimeout(begin, pauseMs);
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
