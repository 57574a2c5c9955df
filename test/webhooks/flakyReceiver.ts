import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { atFileEnd } from '../support/fileEnd.ts';
import type { DeliveryReceiver } from './scene.ts';

/** One attempt as it arrived. */
export interface Arrival {
  readonly id: string;
  readonly isAccepted: boolean;
  /** The hash of the body. */
  readonly hash: string;
}

/** A receiver that verifies every signature, fails at random, and keeps the arrivals in their order. */
export interface FlakyReceiver extends Pick<DeliveryReceiver, 'url'> {
  /** The secret of the endpoint. */
  secret: string;
  readonly arrivals: readonly Arrival[];
  /** The ids of the deliveries that were accepted. */
  readonly accepted: ReadonlySet<string>;
  /** What was wrong with deliveries. */
  readonly problems: readonly string[];
}

/** Returns a function that yields the same numbers from 0 to below 1 for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

/** Opens a receiver that answers 500 to this share of the attempts. */
export async function openFlakyReceiver(seed: number, failureShare: number): Promise<FlakyReceiver> {
  const random = randomOf(seed);
  const arrivals: Arrival[] = [];
  const accepted = new Set<string>();
  const problems: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      const { headers } = request;
      const id = String(headers['webhook-id']);
      try {
        new Webhook(receiver.secret).verify(body.toString('utf8'), headers as Record<string, string>);
      } catch (error) {
        problems.push(`${id}: ${String(error)}`);
      }
      const isAccepted = random() >= failureShare;
      arrivals.push({ id, isAccepted, hash: createHash('sha256').update(body).digest('base64') });
      if (isAccepted) accepted.add(id);
      response.writeHead(isAccepted ? 204 : 500).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atFileEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const receiver = { url: `http://127.0.0.1:${port}/hook`, secret: '', arrivals, accepted, problems };
  return receiver;
}
