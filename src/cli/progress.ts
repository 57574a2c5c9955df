/** The minimum time between two updates of the line, in ms. */
const UPDATE_MS = 200;

/** A line that shows how far a command is. */
export interface Progress {
  readonly report: (count: number) => void;
  /** Removes the line. */
  readonly end: () => void;
}

/** Returns a progress line on stderr. It prints nothing unless stderr is a terminal. */
export function createProgress(what: string, stream: NodeJS.WriteStream = process.stderr): Progress {
  let lastMs = -Infinity;
  let isShown = false;
  return {
    report: (count) => {
      const nowMs = performance.now();
      if (!stream.isTTY || nowMs - lastMs < UPDATE_MS) return;
      lastMs = nowMs;
      isShown = true;
      stream.write(`\r${count.toLocaleString('en')} ${what}\u001b[K`);
    },
    end: () => {
      if (isShown) stream.write('\r\u001b[K');
      isShown = false;
    },
  };
}
