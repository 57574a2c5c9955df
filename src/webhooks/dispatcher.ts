import type { CommandContext } from '../commands/context.ts';
import {
  type BegunAttempt,
  beginAttempts,
  createDeliveries,
  type EndedAttempt,
  recordAttempts,
  storeBodies,
} from '../commands/webhookDeliveries.ts';
import type { Id } from '../domain/ids.ts';
import { bodyOf, changeOf, type DeliveryFailure, type WebhookDelivery } from '../domain/webhookDelivery.ts';
import { secretsAt, type WebhookEndpoint } from '../domain/webhookEndpoint.ts';
import { nextAttemptAt } from '../domain/webhookRetries.ts';
import { signaturesOf } from '../domain/webhookSignature.ts';
import { firstOf } from '../store/window.ts';
import type { StreamItem } from '../subscriptions/hub.ts';
import { Poller } from '../subscriptions/poller.ts';
import type { WebhookLimits } from './limits.ts';
import type { PostOutcome, WebhookClient } from './post.ts';

/** What the dispatcher needs of the server. */
export interface DispatcherOptions {
  /** The context of the server's own commands. */
  readonly own: CommandContext;
  /** Returns the cursor of a change. */
  readonly cursorOf: (change: StreamItem['change'] & object) => Promise<string>;
  /** Returns, for one batch, a function that returns what the document of an endpoint selects of a change, or null. */
  readonly selector: () => (endpoint: WebhookEndpoint, item: StreamItem) => Promise<unknown>;
  /** Decrypts the secret of an endpoint; undefined if no key of the server does. */
  readonly open: (sealed: string, endpointId: Id) => string | undefined;
  readonly client: Pick<WebhookClient, 'post' | 'close'>;
  readonly limits: WebhookLimits;
  readonly pollIntervalMs: number;
  readonly onError: (error: unknown) => void;
  /** Called after each attempt. */
  readonly onAttempt?: ((isDelivered: boolean) => void) | undefined;
}

/** The maximum number of attempts that one transaction begins. */
const MAX_CLAIMED = 100;

/** How long attempts in progress may take when the server stops, in ms. */
const STOP_MS = 2_000;

const ENABLED = firstOf<WebhookEndpoint>({
  where: { state: { in: ['ENABLED'] } },
  order: { by: ['createdAt'], direction: 'ASC' },
  limit: 1,
});

/**
 * Delivers changes to the endpoints of webhooks. Any number of servers do so on one store: one at a time creates the
 * deliveries of the next changes, and each attempts deliveries that no other one attempts.
 */
export class WebhookDispatcher {
  readonly #options: DispatcherOptions;
  readonly #poller: Poller;
  /** The attempts in progress per endpoint. */
  readonly #attempts = new Map<Id, number>();
  readonly #running = new Set<Promise<void>>();
  /** The attempts that have ended and are not recorded yet. */
  #ended: EndedAttempt[] = [];
  /** Whether there may be changes without deliveries. */
  #hasChanges = false;
  /** Stops listening to changes; undefined while there is no enabled endpoint. */
  #unsubscribe: (() => void) | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#poller = new Poller((isTimed) => this.#run(isTimed), options.pollIntervalMs);
  }

  start(): void {
    this.#poller.start();
  }

  /** Gives the attempts in progress a moment, and leaves those that have not ended then to other servers. */
  async stop(): Promise<void> {
    await this.#poller.stop();
    this.#unsubscribe?.();
    const late = setTimeout(() => this.#options.client.close(), STOP_MS);
    await Promise.all(this.#running);
    clearTimeout(late);
    this.#options.client.close();
    await this.#record().catch(this.#options.onError);
  }

  /** Delivers all that is due now, and returns once no attempt is in progress. For tests. */
  async deliverDue(): Promise<void> {
    const { own } = this.#options;
    await own.store.changes.assignSequences();
    while (await createDeliveries(own));
    do {
      await Promise.all(this.#running);
      await this.#record();
    } while ((await this.#begin()) > 0);
  }

  /** Errors lead to another try at the next poll: all that is to be done is in the store. */
  async #run(isTimed: boolean): Promise<void> {
    try {
      await this.#record();
      if (isTimed) await this.#listen();
      if (!this.#unsubscribe) return;
      await this.#createDeliveries(isTimed);
      if ((await this.#begin()) > 0) this.#poller.poll();
    } catch (error) {
      this.#options.onError(error);
    }
  }

  /** Listens to changes while there is an enabled endpoint. Without one, the server does no other work. */
  async #listen(): Promise<void> {
    const { store } = this.#options.own;
    const [page] = await store.read('ALL').webhookEndpoints.pages([ENABLED]);
    if (page?.rows.length) this.#unsubscribe ??= store.changes.onChanges(() => this.#noteChanges());
    else {
      this.#unsubscribe?.();
      this.#unsubscribe = undefined;
    }
  }

  #noteChanges(): void {
    this.#hasChanges = true;
    this.#poller.poll();
  }

  /** The hub of the server assigns the sequences that a server has left when it stopped, and so wakes this one. */
  async #createDeliveries(isTimed: boolean): Promise<void> {
    if (!isTimed && !this.#hasChanges) return;
    this.#hasChanges = false;
    while (await createDeliveries(this.#options.own));
  }

  async #record(): Promise<void> {
    const ended = this.#ended;
    this.#ended = [];
    try {
      if (ended.length > 0) await recordAttempts(this.#options.own, ended, this.#options.limits.maxFailingMs);
    } catch (error) {
      this.#ended.unshift(...ended);
      throw error;
    }
  }

  /**
   * Begins attempts of due deliveries, and returns their number. Takes half of the free places at a time, and none for an
   * endpoint with as many attempts as there are free places. Endpoints that do not answer therefore leave places for
   * others.
   */
  async #begin(): Promise<number> {
    const { own, limits } = this.#options;
    const { attemptsPerEndpoint: perEndpoint, leaseMs } = limits;
    const free = limits.attemptsAtOnce - this.#running.size;
    const limit = Math.min(Math.ceil(free / 2), MAX_CLAIMED);
    if (limit <= 0) return 0;
    const except = [...this.#attempts].filter(([, count]) => count >= Math.min(perEndpoint, free)).map(([id]) => id);
    const begun = await beginAttempts(own, { limit, perEndpoint, except, leaseMs });
    for (const attempt of await this.#withBodies(begun)) if (this.#hasTime(attempt)) this.#attempt(attempt);
    return begun.length;
  }

  /** Whether an attempt ends before its lease. Otherwise another server could meanwhile send later deliveries. */
  #hasTime({ delivery }: BegunAttempt): boolean {
    const { own, limits } = this.#options;
    return (delivery.nextAttemptAt ?? 0) - own.clock() >= limits.attemptMs;
  }

  /** Makes the bodies of first attempts. An attempt whose body cannot be made now counts as lost. */
  async #withBodies(begun: readonly BegunAttempt[]): Promise<readonly BegunAttempt[]> {
    const first = begun.filter(({ delivery }) => delivery.body === null);
    if (first.length === 0) return begun;
    const dataOf = this.#options.selector();
    const made = await Promise.all(
      first.map(async ({ delivery, endpoint }) => {
        const change = changeOf(delivery);
        try {
          const cursor = await this.#options.cursorOf(change);
          return [{ delivery, body: bodyOf(delivery, await dataOf(endpoint, { cursor, change })) }];
        } catch (error) {
          this.#options.onError(error);
          return [];
        }
      }),
    );
    const stored = await storeBodies(this.#options.own, made.flat());
    return begun.flatMap((attempt) => {
      if (attempt.delivery.body !== null) return [attempt];
      const delivery = stored.get(attempt.delivery.id);
      return delivery ? [{ ...attempt, delivery }] : [];
    });
  }

  #attempt(attempt: BegunAttempt): void {
    const { id } = attempt.endpoint;
    this.#attempts.set(id, (this.#attempts.get(id) ?? 0) + 1);
    const running = this.#send(attempt)
      .then((ended) => void this.#ended.push(ended), this.#options.onError)
      .finally(() => {
        this.#running.delete(running);
        const left = (this.#attempts.get(id) ?? 1) - 1;
        if (left === 0) this.#attempts.delete(id);
        else this.#attempts.set(id, left);
        this.#poller.poll();
      });
    this.#running.add(running);
  }

  /** Sends a delivery once. */
  async #send({ delivery, endpoint }: BegunAttempt): Promise<EndedAttempt> {
    const { own, client, open, onAttempt } = this.#options;
    const secrets = secretsAt(endpoint, own.clock()).flatMap((sealed) => open(sealed, endpoint.id) ?? []);
    if (secrets.length === 0 || delivery.body === null)
      return this.#failed(delivery, { error: 'SECRET_UNAVAILABLE', status: null }, null);
    const message = { id: delivery.id, timestampSeconds: Math.floor(Date.now() / 1_000), body: delivery.body };
    const headers = {
      'webhook-id': message.id,
      'webhook-timestamp': String(message.timestampSeconds),
      'webhook-signature': signaturesOf(secrets, message),
    };
    const outcome = await client.post({ url: endpoint.url, headers, body: message.body });
    const ended = this.#endOf(delivery, outcome);
    if (ended.outcome !== 'INTERRUPTED') onAttempt?.('deliveredWith' in ended.outcome);
    return ended;
  }

  #endOf(delivery: WebhookDelivery, outcome: PostOutcome): EndedAttempt {
    if (outcome.kind === 'error') {
      const { error } = outcome;
      return error === 'ABORTED'
        ? { delivery, outcome: 'INTERRUPTED' }
        : this.#failed(delivery, { error, status: null }, null);
    }
    const { status, retryAfterMs } = outcome;
    return status >= 200 && status < 300
      ? { delivery, outcome: { deliveredWith: status } }
      : this.#failed(delivery, { error: 'STATUS', status }, retryAfterMs);
  }

  #failed(delivery: WebhookDelivery, failure: DeliveryFailure, retryAfterMs: number | null): EndedAttempt {
    const { own, limits } = this.#options;
    const { attempts } = delivery;
    const retry = { attempts, now: own.clock(), random: Math.random(), retryAfterMs };
    return { delivery, outcome: { ...failure, nextAttemptAt: nextAttemptAt(retry, limits.retryDelaysMs) } };
  }
}
