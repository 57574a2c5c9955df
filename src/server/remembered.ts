/** Computes a value at most once at a time, and keeps it for a while. A failure is kept as undefined. */
export class Remembered<T> {
  readonly #compute: () => Promise<T>;
  readonly #keptMs: number;
  #value: Promise<T | undefined> | undefined;
  /** When the value is computed again, by the monotonic clock. */
  #until = 0;

  constructor(compute: () => Promise<T>, keptMs: number) {
    this.#compute = compute;
    this.#keptMs = keptMs;
  }

  get(): Promise<T | undefined> {
    if (this.#value && performance.now() < this.#until) return this.#value;
    this.#until = Infinity;
    this.#value = this.#compute()
      .catch(() => undefined)
      .finally(() => {
        this.#until = performance.now() + this.#keptMs;
      });
    return this.#value;
  }
}
