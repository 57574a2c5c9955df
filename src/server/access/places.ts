import { networkOf } from './address.ts';

/** Places that are taken and left again: so many in all, and so many of one address. */
export class Places {
  readonly #most: number;
  readonly #perAddress: number;
  readonly #taken = new Map<string, number>();
  #all = 0;

  constructor(most: number, perAddress: number) {
    this.#most = most;
    this.#perAddress = perAddress;
  }

  /** Takes a place, and answers how to leave it; undefined if there is none. */
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
