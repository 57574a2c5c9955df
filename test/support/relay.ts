import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP relay to a server, which stands for the network between a client and the server. */
export interface Relay {
  readonly port: number;
  /** The port of the server for new connections. */
  target: number;
  /** Whether answers are dropped: the server receives each request, and the client loses the connection instead. */
  dropsAnswers: boolean;
  /** Whether nothing passes in any direction: the connections are half-open. */
  isStalled: boolean;
  /** Cuts all connections; new ones are accepted. */
  cut(): void;
  /** Cuts all connections and refuses new ones. */
  away(): Promise<void>;
  back(): Promise<void>;
  close(): void;
}

/** Starts a relay to a port of the loopback interface. */
export async function startRelay(target: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  const open = async (port: number): Promise<number> => {
    server = createServer((client) => pass(relay, sockets, client)).listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const away = async (): Promise<void> => {
    const closed = server && once(server, 'close');
    server?.close();
    cut();
    await closed;
  };
  const relay: { -readonly [K in keyof Relay]: Relay[K] } = {
    port: 0,
    target,
    dropsAnswers: false,
    isStalled: false,
    cut,
    away,
    back: async () => void (await open(relay.port)),
    close: () => void away(),
  };
  relay.port = await open(0);
  return relay;
}

function pass(relay: Relay, sockets: Set<Socket>, client: Socket): void {
  const upstream = connect(relay.target, '127.0.0.1');
  for (const socket of [client, upstream]) sockets.add(socket.on('error', () => undefined));
  client.on('data', (bytes) => relay.isStalled || upstream.write(bytes));
  upstream.on('data', (bytes) => {
    if (relay.dropsAnswers) client.destroy();
    else if (!relay.isStalled) client.write(bytes);
  });
  client.once('close', () => upstream.destroy());
  upstream.once('close', () => client.destroySoon());
}
