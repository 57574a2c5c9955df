/** The maximum time of an answer, and whether a server that exceeds it may still be working. */
export interface AnswerLimit {
  readonly ms: number;
  readonly isWorking: boolean;
}

/**
 * Detects a server that no longer answers although the connection is open. A server answers one statement after
 * another, so the time of each begins with the answer to the one before it.
 */
export class AnswerTimer {
  readonly #limits: (() => AnswerLimit)[] = [];
  readonly #onSilence: (limit: AnswerLimit) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(onSilence: (limit: AnswerLimit) => void) {
    this.#onSilence = onSilence;
  }

  /** Waits for the answer to a statement that was sent. The limit is computed when the time of the statement begins. */
  watch<T>(answer: Promise<T>, limitOf: () => AnswerLimit): Promise<T> {
    this.#limits.push(limitOf);
    if (this.#limits.length === 1) this.#start();
    const startNext = (): void => {
      this.#limits.shift();
      this.#start();
    };
    answer.then(startNext, startNext);
    return answer;
  }

  #start(): void {
    clearTimeout(this.#timer);
    const limit = this.#limits[0]?.();
    if (limit) this.#timer = setTimeout(this.#onSilence, limit.ms, limit);
  }
}
