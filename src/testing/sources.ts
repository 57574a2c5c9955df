import { createHash } from 'node:crypto';
import { derivedId, FIRST_TIME } from '../demo/derivedId.ts';
import { type NewToken, TOKEN_BYTES, tokenOf } from '../domain/apiKey.ts';
import type { NewId } from '../domain/ids.ts';
import type { Clock, Instant } from '../domain/time.ts';

/** The state of the sources. Sources with the same seed and state make the same ids and tokens. */
export interface SourcesState {
  /** The time in the last id. */
  readonly idTime: Instant;
  readonly tokens: number;
  readonly requests: number;
}

/** Makes ids, tokens and request ids that are the same on each run with the same seed. They are no secrets. */
export class Sources {
  readonly #seed: string;
  readonly #clock: Clock;
  state: SourcesState = { idTime: 0, tokens: 0, requests: 0 };

  constructor(seed: string, clock: Clock) {
    this.#seed = seed;
    this.#clock = clock;
  }

  /** The root key. */
  get rootToken(): string {
    return `test-root-${this.#bytes('root key').toString('hex', 0, 20)}`;
  }

  /** Makes an id. Each has a later time than the one before it, so ids sort in the order in which they are made. */
  readonly newId: NewId = (prefix) => {
    const idTime = Math.max(this.state.idTime + 1, this.#clock());
    this.state = { ...this.state, idTime };
    return derivedId(this.#seed, prefix, idTime - FIRST_TIME);
  };

  /** Makes the token of an API key. */
  readonly newToken: NewToken = (institutionId) => {
    const { tokens } = this.state;
    this.state = { ...this.state, tokens: tokens + 1 };
    return tokenOf(this.#bytes(`token ${tokens}`).subarray(0, TOKEN_BYTES), institutionId);
  };

  /** Makes the id of a request. */
  newRequestId(): string {
    const requests = this.state.requests + 1;
    this.state = { ...this.state, requests };
    return `test-request-${requests}`;
  }

  #bytes(use: string): Buffer {
    return createHash('sha512').update(`${this.#seed} ${use}`).digest();
  }
}
