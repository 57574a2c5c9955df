import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AS_ROOT } from '../support/program.ts';

const RETRY_PAUSE_MS = 25;
const ANSWER_WITHIN_MS = 30_000;
/** After these errors a client retries with the same idempotency key. */
const PASSING = ['SERVICE_UNAVAILABLE', 'BUSY'];

interface Result {
  readonly __typename: string;
  readonly position?: { readonly id: string };
  readonly results?: readonly { readonly position: { readonly id: string } | null }[];
}

/** A position, and the number of its acknowledged changes. */
interface Acknowledged {
  readonly id: string;
  changes: number;
  /** Whether it was created by a separate call, not in a batch. */
  readonly byItself: boolean;
}

/** Clients that continuously create, fund and release positions, and record the responses. */
export class Load {
  calls = 0;
  retries = 0;
  /** The acknowledged positions by their external reference. */
  readonly acknowledged = new Map<string, readonly Acknowledged[]>();
  readonly unexpected: unknown[] = [];
  readonly #url: () => string;
  readonly #assetId: string;
  #stopped = false;

  constructor(url: () => string, assetId: string) {
    this.#url = url;
    this.#assetId = assetId;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Runs one client, which completes everything it has begun. */
  async run(): Promise<void> {
    for (let job = 0; !this.#stopped; job += 1) await (job % 4 === 3 ? this.#batch() : this.#one(job));
  }

  async #one(job: number): Promise<void> {
    const reference = randomUUID();
    // Some positions expire meanwhile, so the sweep is under load as well.
    const expiresAt = job % 4 === 1 ? new Date(Date.now() + 1_000).toISOString() : undefined;
    const created = await this.#call('createPosition', { ...this.#create(reference), expiresAt });
    // The response may come too late, and then the position does not exist.
    if (!created?.position) return;
    const own: Acknowledged = { id: created.position.id, changes: 1, byItself: true };
    this.acknowledged.set(reference, [own]);
    const moves = [
      ['fundPosition', {}],
      ['releasePosition', { amount: '10.00' }],
      ['releasePosition', { all: true }],
    ] as const;
    for (const [mutation, more] of moves) {
      const result = await this.#call(mutation, { positionId: own.id, ...more });
      if (result?.__typename.endsWith('Payload')) own.changes += 1;
    }
  }

  async #batch(): Promise<void> {
    const reference = randomUUID();
    const create = this.#create(reference);
    const result = await this.#call('applyPositions', { operations: [{ create }, { create }, { create }] });
    const ids = result?.results?.map(({ position }) => position?.id ?? '') ?? [];
    this.acknowledged.set(
      reference,
      ids.map((id) => ({ id, changes: 1, byItself: false })),
    );
  }

  #create(externalReference: string): object {
    const amount = { amount: '100.00', currencyCode: 'USD' };
    return { assetId: this.#assetId, holderReference: 'holder', amount, externalReference };
  }

  /** Sends the call until it succeeds, always with the same idempotency key. */
  async #call(mutation: string, input: object): Promise<Result | undefined> {
    const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
    const fields = {
      createPosition: '... on CreatePositionPayload { position { id } }',
      applyPositions: '... on ApplyPositionsPayload { results { position { id } } }',
    }[mutation];
    const query = `mutation ($input: ${type}!) { it: ${mutation}(input: $input) { __typename ${fields ?? ''} } }`;
    const body = JSON.stringify({ query, variables: { input: { ...input, idempotencyKey: randomUUID() } } });
    this.calls += 1;
    for (;;) {
      const answer = await this.#post(body);
      if (answer?.data?.it) return answer.data.it;
      const code = answer?.errors?.[0]?.extensions.code;
      if (answer && !PASSING.includes(code ?? '')) {
        this.unexpected.push(answer);
        return undefined;
      }
      this.retries += 1;
      await delay(RETRY_PAUSE_MS);
    }
  }

  async #post(body: string): Promise<Body | undefined> {
    try {
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
      const headers = { 'content-type': 'application/json', ...AS_ROOT };
      const response = await fetch(this.#url(), { method: 'POST', headers, body, signal });
      return (await response.json()) as Body;
    } catch {
      return undefined;
    }
  }
}

interface Body {
  readonly data?: { readonly it: Result | null } | null;
  readonly errors?: readonly { readonly extensions: { readonly code?: string } }[];
}
