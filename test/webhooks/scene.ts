import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { expect } from 'vitest';
import type { AppOptions } from '../../src/app.ts';
import { DEFAULTS } from '../../src/settings.ts';
import type { Store } from '../../src/store/store.ts';
import { DEFAULT_WEBHOOK_LIMITS, type WebhookLimits } from '../../src/webhooks/limits.ts';
import { atFileEnd } from '../support/fileEnd.ts';
import { serve, type TestServer } from '../support/server.ts';

/** A delivery as its receiver has read it. */
export interface ReceivedDelivery {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: {
    readonly type: string;
    readonly timestamp: string;
    readonly data: unknown;
    readonly objectId?: string;
  };
}

type ReceiverAnswer = number | readonly [status: number, headers: Record<string, string>];

/** A receiver of deliveries, whose answer the test chooses. */
export interface DeliveryReceiver {
  readonly url: string;
  readonly deliveries: ReceivedDelivery[];
  /** Returns the status, and headers, of the answer to a delivery, which is sent once they are known. */
  answer: (delivery: ReceivedDelivery) => ReceiverAnswer | Promise<ReceiverAnswer>;
}

export async function openReceiver(): Promise<DeliveryReceiver> {
  const deliveries: ReceivedDelivery[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8');
      const { headers } = request;
      const delivery = { id: String(headers['webhook-id']), headers, text, body: JSON.parse(text) };
      deliveries.push(delivery);
      void respond(response, receiver.answer(delivery));
    });
  });
  await listening(server);
  const { port } = server.address() as AddressInfo;
  const receiver: DeliveryReceiver = { url: `http://127.0.0.1:${port}/hook`, deliveries, answer: () => 204 };
  return receiver;
}

async function respond(response: ServerResponse, answer: ReturnType<DeliveryReceiver['answer']>): Promise<void> {
  const known = await answer;
  const [status, more] = typeof known === 'number' ? [known, {}] : known;
  response.writeHead(status, more).end();
}

async function listening(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atFileEnd(() => {
    server.closeAllConnections();
    server.close();
  });
}

/** Verifies a delivery with the reference library. */
export const verified = (secret: string, { text, headers }: ReceivedDelivery): unknown =>
  new Webhook(secret).verify(text, headers as Record<string, string>);

/** Starts a server that may deliver to this computer. */
export function serveWebhooks(
  store: Store,
  limits: Partial<WebhookLimits> = {},
  options: Partial<AppOptions> = {},
): TestServer {
  const server = serve(store, {
    webhooks: { key: 'the key of the tests', allowPrivate: true },
    settings: { ...DEFAULTS, webhookLimits: { ...DEFAULT_WEBHOOK_LIMITS, ...limits } },
    ...options,
  });
  atFileEnd(() => server.app.stop());
  return server;
}

export const POSITIONS = 'subscription { positionChanged { kind position { id state version } event { toState } } }';

const CREATE = `mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) {
  __typename ... on CreateWebhookEndpointPayload { secret webhookEndpoint { ...EndpointParts } }
  ... on UserError { code message path } ... on ValidationError { issues { path message } } } }`;
const PARTS = `fragment EndpointParts on WebhookEndpoint { id url description document variables state disabledReason
  enabledAt failingSince previousSecretExpiresAt version institution { id } }`;

/** The result of a mutation of endpoints. */
export interface EndpointReply {
  readonly __typename: string;
  readonly code?: string;
  readonly message?: string;
  readonly path?: readonly string[];
  readonly issues?: readonly { readonly path: readonly string[]; readonly message: string }[];
  readonly secret?: string;
  readonly webhookEndpoint?: Endpoint;
  readonly deletedWebhookEndpointId?: string;
  readonly redeliveredCount?: number;
  readonly lastDeliveryId?: string | null;
  readonly hasMore?: boolean;
  readonly replayed?: boolean;
}
export interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly state: string;
  readonly disabledReason: string | null;
  readonly failingSince: string | null;
  readonly previousSecretExpiresAt: string | null;
  readonly version: number;
}

/** Calls a mutation of webhooks. */
export async function callWebhooks(server: TestServer, mutation: string, input: object): Promise<EndpointReply> {
  const name = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}`;
  const payloads: Record<string, string> = {
    updateWebhookEndpoint: 'webhookEndpoint { ...EndpointParts } replayed',
    deleteWebhookEndpoint: 'deletedWebhookEndpointId replayed',
    rotateWebhookSecret: 'secret webhookEndpoint { ...EndpointParts }',
    redeliverWebhooks: 'webhookEndpoint { ...EndpointParts } redeliveredCount lastDeliveryId hasMore replayed',
  };
  const document =
    mutation === 'createWebhookEndpoint'
      ? `${CREATE} ${PARTS}`
      : `mutation ($input: ${name}Input!) { ${mutation}(input: $input) { __typename
          ... on ${name}Payload { ${payloads[mutation] ?? ''} }
          ... on UserError { code message path } ... on ValidationError { issues { path message } } } }
        ${mutation === 'deleteWebhookEndpoint' ? '' : PARTS}`;
  const { data, errors } = await server.ask<Record<string, EndpointReply>>(document, { input });
  expect(errors).toBeUndefined();
  return data?.[mutation] as EndpointReply;
}

/** Creates an endpoint that must be accepted. */
export async function createEndpoint(
  server: TestServer,
  input: { readonly url: string; readonly document?: string; readonly [field: string]: unknown },
): Promise<{ readonly secret: string; readonly endpoint: Endpoint }> {
  const reply = await callWebhooks(server, 'createWebhookEndpoint', { document: POSITIONS, ...input });
  if (!reply.secret || !reply.webhookEndpoint) throw new Error(`Not created: ${JSON.stringify(reply)}`);
  return { secret: reply.secret, endpoint: reply.webhookEndpoint };
}

/** A delivery as the log has it. */
export interface LoggedDelivery {
  readonly id: string;
  readonly type: string;
  readonly objectId: string;
  readonly state: string;
  readonly attemptCount: number;
  readonly nextAttemptAt: string | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly deliveredAt: string | null;
  readonly body: string | null;
  readonly webhookEndpoint: { readonly id: string } | null;
}

/** Returns the log, oldest first. */
export async function logOf(server: TestServer, filter: object = {}): Promise<readonly LoggedDelivery[]> {
  const { data, errors } = await server.ask<{ webhookDeliveries: { nodes: readonly LoggedDelivery[] } }>(
    `query ($filter: WebhookDeliveryFilter) { webhookDeliveries(filter: $filter, first: 100) { nodes {
      id type objectId state attemptCount nextAttemptAt lastStatus lastError deliveredAt body webhookEndpoint { id } } } }`,
    { filter },
  );
  expect(errors).toBeUndefined();
  return (data?.webhookDeliveries.nodes ?? []).toReversed();
}

/** Returns an endpoint as it is now. */
export async function endpointOf(server: TestServer, id: string): Promise<Endpoint> {
  const { data } = await server.ask<{ webhookEndpoint: Endpoint }>(
    `query ($id: ID!) { webhookEndpoint(id: $id) { ...EndpointParts } } ${PARTS}`,
    { id },
  );
  return data?.webhookEndpoint as Endpoint;
}
