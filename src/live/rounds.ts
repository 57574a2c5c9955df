/** Something that is done again and again beside the requests. */
export interface Rounds {
  start(): void;
  /** Begins no further round and waits for the one under way. */
  stop(): Promise<void>;
}

/** Does the work, waits `pauseMs`, and does it again; a round that fails is told of, and the next one comes all the same. */
export function createRounds(work: () => Promise<unknown>, pauseMs: number, onFault: (error: unknown) => void): Rounds {
  let timer: NodeJS.Timeout | undefined;
  let stopped = true;
  let underWay: Promise<void> = Promise.resolve();
  const round = async (): Promise<void> => {
    try {
      await work();
    } catch (error) {
      onFault(error);
    }
    if (!stopped) timer = setTimeout(begin, pauseMs);
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
