import type { CommandContext } from './commands/context.ts';
import type { Webhooks } from './commands/webhooks.ts';
import type { Clock } from './domain/time.ts';
import { webhookUrlIssue } from './domain/webhookUrl.ts';
import { newWebhookSecret } from './ids.ts';
import type { WebhookDocuments } from './server/webhookDocuments.ts';
import type { Hub } from './subscriptions/hub.ts';
import { isPublicAddress } from './webhooks/addresses.ts';
import { type DispatcherOptions, WebhookDispatcher } from './webhooks/dispatcher.ts';
import { WebhookClient, type WebhookClientOptions } from './webhooks/post.ts';
import { SecretBox } from './webhooks/secretBox.ts';
import type { WebhookSettings } from './webhooks/settings.ts';

/** The options of webhooks. */
export interface WebhookOptions extends Pick<WebhookClientOptions, 'ca' | 'resolve' | 'isAllowedAddress'> {
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
  readonly #settings: WebhookSettings;
  #documents: WebhookDocuments | undefined;

  constructor(options: WebhookOptions, settings: WebhookSettings) {
    const { key, previousKey, allowPrivate = false } = options;
    this.#options = options;
    this.#settings = settings;
    this.#box = new SecretBox(key, previousKey ?? undefined);
    this.commands = {
      endpointsPerInstitution: settings.endpointsPerInstitution,
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
      timeoutMs: this.#settings.attemptMs,
      socketsPerHost: this.#settings.attemptsAtOnce,
      ...(ca !== undefined && { ca }),
      ...(resolve && { resolve }),
      ...(isAllowedAddress && { isAllowedAddress }),
    });
    return new WebhookDispatcher({
      ...options,
      own,
      client,
      settings: this.#settings,
      cursorOf: (change) => hub.cursorOf(change),
      dataOf: (endpoint, item) => documents.dataOf(endpoint, item),
      open: (sealed, endpointId) => this.#box.open(sealed, endpointId),
    });
  }

  #checked(): WebhookDocuments {
    if (!this.#documents) throw new Error('The server is not complete.');
    return this.#documents;
  }
}
