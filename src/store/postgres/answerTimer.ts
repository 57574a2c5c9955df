/** How long an answer may take, and whether a server that takes longer may still be at work. */
export interface AnswerLimit {
  readonly ms: number;
  readonly isWorking: boolean;
}

/**
 * Notices that a server answers no longer, although the connection to it is open. A server answers one statement after
 * the other, so the time of each begins with the answer to the one before it.
 */
export class AnswerTimer {
  readonly #limits: (() => AnswerLimit)[] = [];
  readonly #onSilence: (limit: AnswerLimit) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(onSilence: (limit: AnswerLimit) => void) {
    this.#onSilence = onSilence;
  }

  /** Waits for the answer to a statement that was sent. The limit is computed when its time begins. */
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
