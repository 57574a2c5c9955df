import { StoreFullError } from '../store/faults.ts';

/** Something that is done again and again beside the requests. */
export interface Rounds {
  start(): void;
  /** Begins no further round and waits for the one under way. */
  stop(): Promise<void>;
}

/** Returned by work that is complete and is not to be done again. */
export const COMPLETE = Symbol('complete');

/**
 * Does the work, waits `pauseMs`, and does it again; a round that fails is told of, and the next one comes all
 * the same. While the store is full, this is reported once and not by every round.
 */
export function createRounds(work: () => Promise<unknown>, pauseMs: number, onFault: (error: unknown) => void): Rounds {
  let timer: NodeJS.Timeout | undefined;
  let stopped = true;
  let isFullReported = false;
  let underWay: Promise<void> = Promise.resolve();
  const round = async (): Promise<void> => {
    let result: unknown;
    try {
      result = await work();
      isFullReported = false;
    } catch (error) {
      const isFull = error instanceof StoreFullError;
      if (!isFull || !isFullReported) onFault(error);
      isFullReported = isFull;
    }
    if (!stopped && result !== COMPLETE) timer = setTimeout(begin, pauseMs);
  };
  const begin = (): void => {
    underWay = round();
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
      await underWay;
    },
  };
}
