import { networkOf } from './address.ts';

/** Limits the number of open WebSockets, in total and per network. */
export class ConnectionLimiter {
  readonly #max: number;
  readonly #perAddress: number;
  readonly #byNetwork = new Map<string, number>();
  #total = 0;

  constructor(max: number, perAddress: number) {
    this.#max = max;
    this.#perAddress = perAddress;
  }

  /** Reserves a place for a socket. Returns a function that releases it, or undefined if the limit is reached. */
  acquire(address: string): (() => void) | undefined {
    const name = networkOf(address);
    const taken = this.#byNetwork.get(name) ?? 0;
    if (this.#total >= this.#max || taken >= this.#perAddress) return undefined;
    this.#total += 1;
    this.#byNetwork.set(name, taken + 1);
    return () => this.#release(name);
  }

  #release(name: string): void {
    const left = (this.#byNetwork.get(name) ?? 1) - 1;
    this.#total -= 1;
    if (left === 0) this.#byNetwork.delete(name);
    else this.#byNetwork.set(name, left);
  }
}
