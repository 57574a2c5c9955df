import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A proxy in front of a server that breaks connections on demand. */
export interface LossyProxy {
  readonly port: number;
  /** Lets the server execute the first request that contains the text, but loses its response. */
  loseResponseTo(text: string): void;
  /** Ends all connections and accepts no more. */
  away(): Promise<void>;
  back(): Promise<void>;
}

export async function startLossyProxy(target: number): Promise<LossyProxy> {
  const sockets = new Set<Socket>();
  let lost: string | undefined;
  let server: Server | undefined;
  const open = async (port: number): Promise<number> => {
    server = createServer((client) => {
      const upstream = connect(target, '127.0.0.1');
      let isLosing = false;
      const end = (): void => {
        for (const each of [client, upstream]) each.destroy();
      };
      for (const each of [client, upstream]) {
        sockets.add(each);
        each.on('error', end).on('close', () => {
          sockets.delete(each);
          end();
        });
      }
      client.on('data', (chunk: Buffer) => {
        if (lost !== undefined && chunk.includes(lost)) {
          isLosing = true;
          lost = undefined;
        }
        upstream.write(chunk);
      });
      upstream.on('data', (chunk: Buffer) => (isLosing ? end() : void client.write(chunk)));
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await open(0);
  return {
    port,
    loseResponseTo: (text) => {
      lost = text;
    },
    away: async () => {
      const closed = server && once(server, 'close');
      server?.close();
      for (const each of sockets) each.destroy();
      await closed;
    },
    back: async () => {
      await open(port);
    },
  };
}
