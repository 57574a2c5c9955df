import { networkOf } from './address.ts';

/** Limits the number of open WebSockets, in total and per network. */
export class Places {
  readonly #most: number;
  readonly #perAddress: number;
  readonly #taken = new Map<string, number>();
  #all = 0;

  constructor(most: number, perAddress: number) {
    this.#most = most;
    this.#perAddress = perAddress;
  }

  /** Reserves a place for a socket. Returns a function that releases it, or undefined if the limit is reached. */
  take(address: string): (() => void) | undefined {
    const name = networkOf(address);
    const taken = this.#taken.get(name) ?? 0;
    if (this.#all >= this.#most || taken >= this.#perAddress) return undefined;
    this.#all += 1;
    this.#taken.set(name, taken + 1);
    return () => this.#leave(name);
  }

  #leave(name: string): void {
    const left = (this.#taken.get(name) ?? 1) - 1;
    this.#all -= 1;
    if (left === 0) this.#taken.delete(name);
    else this.#taken.set(name, left);
  }
}
