import type { CommandContext, Webhooks } from './commands/context.ts';
import { webhookUrlIssue } from './domain/webhookUrl.ts';
import { newWebhookSecret } from './ids.ts';
import type { WebhookDocuments } from './server/webhookDocuments.ts';
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

/** What webhooks need of the complete server. */
interface Connections extends Pick<DispatcherOptions, 'pollIntervalMs' | 'onError' | 'onAttempt'> {
  readonly own: CommandContext;
  readonly hub: Hub;
  readonly documents: WebhookDocuments;
}

/** The webhooks of a server: what their mutations need, and what delivers changes. */
export interface AppWebhooks extends Pick<WebhookDispatcher, 'start' | 'stop' | 'deliverDue'> {
  /** Undefined if webhooks are not enabled. */
  readonly commands: Webhooks | undefined;
  /** Must be called once, before any other function. */
  connect(connections: Connections): void;
  /** Encrypts the secrets of all endpoints with the current key, if there was another one before. */
  resealSecrets(): Promise<void>;
}

/** Returns the webhooks of a server; without options, webhooks that deliver nothing. */
export function appWebhooks(options: WebhookOptions | undefined, limits: WebhookLimits): AppWebhooks {
  const box = options && new SecretBox(options.key, options.previousKey ?? undefined);
  let connected: Connections | undefined;
  let dispatcher: WebhookDispatcher | undefined;
  const commands = box && commandsOf(box, options, limits, () => mustBeConnected(connected).documents);
  return {
    commands,
    connect: (connections) => {
      connected = connections;
      dispatcher = box && dispatcherOf(box, options, limits, connections);
    },
    start: () => dispatcher?.start(),
    stop: async () => dispatcher?.stop(),
    deliverDue: async () => dispatcher?.deliverDue(),
    resealSecrets: async () => {
      if (box && typeof options.previousKey === 'string') {
        await resealSecrets(mustBeConnected(connected).own.store, box);
      }
    },
  };
}

function mustBeConnected(connections: Connections | undefined): Connections {
  if (!connections) throw new Error('The webhooks are not connected to a server.');
  return connections;
}

const commandsOf = (
  box: SecretBox,
  { allowPrivate = false }: WebhookOptions,
  { endpointsPerInstitution }: WebhookLimits,
  documents: () => WebhookDocuments,
): Webhooks => ({
  endpointsPerInstitution,
  urlIssue: (url) => webhookUrlIssue(url, { allowPrivate, isPublicAddress }),
  select: (document, variables, institutionId) => documents().select(document, variables, institutionId),
  newSecret: newWebhookSecret,
  seal: (secret, endpointId) => box.seal(secret, endpointId),
});

function dispatcherOf(
  box: SecretBox,
  { key: _key, previousKey: _previousKey, allowPrivate = false, ...clientOptions }: WebhookOptions,
  limits: WebhookLimits,
  { hub, documents, ...options }: Connections,
): WebhookDispatcher {
  const client = new WebhookClient({
    ...clientOptions,
    allowPrivate,
    clock: Date.now,
    timeoutMs: limits.attemptMs,
    // An attempt must not wait for others: the time of its delivery has begun.
    socketsPerHost: limits.attemptsAtOnce,
  });
  return new WebhookDispatcher({
    ...options,
    client,
    limits,
    cursorOf: (change) => hub.cursorOf(change),
    selector: () => documents.selector(),
    open: (sealed, endpointId) => box.open(sealed, endpointId),
  });
}
