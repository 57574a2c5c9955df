/** How a request came over the network; empty where it did not. */
export interface Arrival {
  /** Where it came from, as far as that can be believed. */
  readonly address?: string;
  /** Reads its body. */
  readonly body?: () => Promise<Buffer>;
}
