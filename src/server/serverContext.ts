/** The network side of a request; empty if it did not arrive over a network. */
export interface ServerContext {
  /** The client's address, as far as it can be trusted. */
  readonly address?: string;
  /** Reads the body of the request. */
  readonly body?: () => Promise<Buffer>;
}
