/** How long nothing must have failed before an outage is over, in ms. So two servers of which one fails do not alternate. */
const QUIET_MS = 1_000;

/** Called once when an outage begins, and once when it ends: never for each call that fails. */
export interface OutageListener {
  readonly onError: (error: Error) => void;
  readonly onRecovery: () => void;
}

/** Whether the database can be used, as the calls show. */
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
