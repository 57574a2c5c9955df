/**
 * The time without failures after which an outage ends, in ms. It prevents an alternating state if one of two servers
 * fails.
 */
const QUIET_MS = 1_000;

/** Called once when an outage begins and once when it ends, not for each call that fails. */
export interface OutageListener {
  readonly onError: (error: Error) => void;
  readonly onRecovery: () => void;
}

/** Tracks whether the database is available, by the results of the calls. */
export class Outage {
  readonly #listener: OutageListener;
  #failedAt: number | undefined;

  constructor(listener: OutageListener) {
    this.#listener = listener;
  }

  failed(error: Error): void {
    const isNew = this.#failedAt === undefined;
    this.#failedAt = performance.now();
    if (isNew) this.#listener.onError(error);
  }

  succeeded(): void {
    if (this.#failedAt === undefined || performance.now() - this.#failedAt < QUIET_MS) return;
    this.#failedAt = undefined;
    this.#listener.onRecovery();
  }
}
