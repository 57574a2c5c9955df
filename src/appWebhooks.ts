import type { CommandContext } from './commands/context.ts';
import type { Webhooks } from './commands/webhooks.ts';
import type { Clock } from './domain/time.ts';
import { webhookUrlIssue } from './domain/webhookUrl.ts';
import { newWebhookSecret } from './ids.ts';
import type { WebhookDocuments } from './server/webhookDocuments.ts';
import type { Store } from './store/store.ts';
import type { Hub } from './subscriptions/hub.ts';
import { isPublicAddress } from './webhooks/addresses.ts';
import { type DispatcherOptions, WebhookDispatcher } from './webhooks/dispatcher.ts';
import type { WebhookLimits } from './webhooks/limits.ts';
import { WebhookClient, type WebhookClientOptions } from './webhooks/post.ts';
import { resealSecrets } from './webhooks/resealSecrets.ts';
import { SecretBox } from './webhooks/secretBox.ts';

/** The options of webhooks. */
export interface WebhookOptions extends Partial<Pick<WebhookClientOptions, 'ca' | 'resolve' | 'isAllowedAddress'>> {
  /** Encrypts the secrets of endpoints: WEBHOOK_KEY. */
  readonly key: string;
  /** The key before the current one; null or absent if there is none. */
  readonly previousKey?: string | null;
  /** Whether endpoints may have http URLs and addresses that are not public. Defaults to false. */
  readonly allowPrivate?: boolean;
}

/** The webhooks of a server: what their mutations need, and what delivers changes. */
export class AppWebhooks {
  readonly commands: Webhooks;
  readonly #options: WebhookOptions;
  readonly #box: SecretBox;
  readonly #limits: WebhookLimits;
  #documents: WebhookDocuments | undefined;

  constructor(options: WebhookOptions, limits: WebhookLimits) {
    const { key, previousKey, allowPrivate = false } = options;
    this.#options = options;
    this.#limits = limits;
    this.#box = new SecretBox(key, previousKey ?? undefined);
    this.commands = {
      endpointsPerInstitution: limits.endpointsPerInstitution,
      urlIssue: (url) => webhookUrlIssue(url, { allowPrivate, isPublicAddress }),
      select: (document, variables, institutionId) => this.#checked().select(document, variables, institutionId),
      newSecret: newWebhookSecret,
      seal: (secret, endpointId) => this.#box.seal(secret, endpointId),
    };
  }

  /** Creates what delivers changes, not yet started. */
  dispatcher(
    own: CommandContext,
    hub: Hub,
    documents: WebhookDocuments,
    options: Pick<DispatcherOptions, 'pollIntervalMs' | 'onError' | 'onAttempt'>,
  ): WebhookDispatcher {
    this.#documents = documents;
    const { allowPrivate = false, ca, resolve, isAllowedAddress } = this.#options;
    const client = new WebhookClient({
      allowPrivate,
      clock: Date.now satisfies Clock,
      timeoutMs: this.#limits.attemptMs,
      socketsPerHost: this.#limits.attemptsAtOnce,
      ...(ca !== undefined && { ca }),
      ...(resolve && { resolve }),
      ...(isAllowedAddress && { isAllowedAddress }),
    });
    return new WebhookDispatcher({
      ...options,
      own,
      client,
      limits: this.#limits,
      cursorOf: (change) => hub.cursorOf(change),
      selector: () => documents.selector(),
      open: (sealed, endpointId) => this.#box.open(sealed, endpointId),
    });
  }

  /** Encrypts the secrets of all endpoints with the current key, if there was another one before. */
  async resealSecrets(store: Store): Promise<void> {
    if (typeof this.#options.previousKey === 'string') await resealSecrets(store, this.#box);
  }

  #checked(): WebhookDocuments {
    if (!this.#documents) throw new Error('The server is not complete.');
    return this.#documents;
  }
}
