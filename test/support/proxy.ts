import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * One message of the PostgreSQL protocol: its type letter ('' for the first of a connection), and the text after its
 * length.
 */
export interface Message {
  readonly type: string;
  readonly text: string;
}

/** One connection through the proxy. */
export interface Link {
  /** The number of round trips: how often the client has sent something after it had received something. */
  readonly flights: number;
  /** Stops passing data to the client, even the end of the connection. */
  mute(): void;
  /** Closes the side of the client at once. The side of the server is closed as well, optionally after a delay. */
  cut(keepServerMs?: number): void;
  /** Closes both sides, that of the client with RST instead of FIN. */
  reset(): void;
  /** Stops passing data in both directions, and hides the end of either side: the connection is half-open. */
  stall(): void;
  /** Sends data to the server on behalf of the client. */
  send(bytes: Buffer): void;
}

/** Intercepts messages. Each function returns what is passed instead of the message, or `false` for nothing. */
export interface Tap {
  fromClient?(message: Message, link: Link): Buffer | false | void;
  fromServer?(message: Message, link: Link): Buffer | false | void;
}

/** A proxy between pg and a server. It runs in this process, so that nothing arrives between two sends of one tick. */
export interface Proxy {
  /** The URL of the database through the proxy. */
  readonly url: string;
  /** The URL of the database for new connections. */
  target: string;
  tap: Tap;
  /** Ends all connections and accepts no more. */
  away(): Promise<void>;
  back(): Promise<void>;
  /** Makes all current and later connections half-open. */
  stall(): void;
  /** Lets new connections pass. Half-open connections stay half-open. */
  resume(): void;
}

export async function startProxy(databaseUrl: string): Promise<Proxy> {
  const links = new Set<ProxyLink>();
  let server: Server | undefined;
  let isStalled = false;
  const open = async (port: number): Promise<number> => {
    // Otherwise Node would confirm the end of a half-open connection.
    server = createServer({ allowHalfOpen: true }, (client) => {
      const link = new ProxyLink(client, dial(proxy.target), () => proxy.tap);
      links.add(link);
      link.onEnd = () => links.delete(link);
      if (isStalled) link.stall();
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await open(0);
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${port}`;
  url.searchParams.delete('host');
  const proxy: Proxy = {
    url: url.href,
    target: databaseUrl,
    tap: {},
    away: async () => {
      const closed = server && once(server, 'close');
      server?.close();
      for (const link of links) link.cut();
      await closed;
      server = undefined;
    },
    back: async () => {
      await open(port);
    },
    stall: () => {
      isStalled = true;
      for (const link of links) link.stall();
    },
    resume: () => {
      isStalled = false;
    },
  };
  return proxy;
}

/** Connects to the URL: the folder of a socket in `host`, or a host and a port. */
function dial(databaseUrl: string): Socket {
  const { hostname, port, searchParams } = new URL(databaseUrl);
  const host = searchParams.get('host') ?? hostname;
  const number = Number(port || 5432);
  return host.startsWith('/') ? connect(`${host}/.s.PGSQL.${number}`) : connect(number, host);
}

class ProxyLink implements Link {
  flights = 0;
  onEnd = (): void => undefined;
  readonly #client: Socket;
  readonly #server: Socket;
  #answered = true;
  #muted = false;
  #isCut = false;
  #isStalled = false;

  constructor(client: Socket, server: Socket, tapOf: () => Tap) {
    this.#client = client;
    this.#server = server;
    for (const socket of [client, server]) socket.setNoDelay().on('error', () => this.#isStalled || this.cut());
    for (const event of ['end', 'close']) client.once(event, () => this.#isStalled || this.cut());
    server.once('close', () => this.#muted || this.cut());
    const fromClient = framesOf(true, (message) => tapOf().fromClient?.(message, this));
    const fromServer = framesOf(false, (message) => tapOf().fromServer?.(message, this));
    client.on('data', (chunk) => {
      if (this.#isStalled) return;
      if (this.#answered) this.flights += 1;
      this.#answered = false;
      const passing = fromClient(chunk);
      if (passing.length > 0 && server.writable && !this.#isStalled) server.write(passing);
    });
    server.on('data', (chunk) => {
      const passing = fromServer(chunk);
      if (this.#muted || passing.length === 0 || client.destroyed) return;
      this.#answered = true;
      client.write(passing);
    });
  }

  mute(): void {
    this.#muted = true;
  }

  stall(): void {
    this.#isStalled = true;
    this.#muted = true;
  }

  cut(keepServerMs = 0): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.onEnd();
    this.#muted = true;
    this.#client.destroy();
    if (keepServerMs === 0) this.#server.destroy();
    else setTimeout(() => this.#server.destroy(), keepServerMs);
  }

  reset(): void {
    this.#client.resetAndDestroy();
    this.cut();
  }

  send(bytes: Buffer): void {
    this.#server.write(bytes);
  }
}

/** Splits a stream of bytes into messages, intercepts each, and returns what is passed of a chunk. */
function framesOf(
  fromClient: boolean,
  show: (message: Message) => Buffer | false | void,
): (chunk: Buffer | string) => Buffer {
  let rest = Buffer.alloc(0);
  let first = fromClient;
  return (chunk) => {
    rest = Buffer.concat([rest, Buffer.from(chunk as Buffer)]);
    const passing: Buffer[] = [];
    for (;;) {
      const head = first ? 0 : 1;
      if (rest.length < head + 4) break;
      const length = head + rest.readInt32BE(head);
      if (rest.length < length) break;
      const frame = rest.subarray(0, length);
      const type = first ? '' : String.fromCharCode(frame[0] as number);
      const instead = show({ type, text: frame.toString('latin1', head + 4) });
      if (instead !== false) passing.push(instead ?? frame);
      rest = rest.subarray(length);
      first = false;
    }
    return Buffer.concat(passing);
  };
}

/** Encodes a message of the protocol. */
export function messageOf(type: string, text: string): Buffer {
  const body = Buffer.from(text, 'latin1');
  const head = Buffer.from(`${type}\0\0\0\0`);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Encodes a simple query. */
export const queryMessage = (text: string): Buffer => messageOf('Q', `${text}\0`);

/** Encodes a notice with this SQLSTATE, of a server with German messages. */
export const noticeMessage = (code: string): Buffer => messageOf('N', `SWARNUNG\0C${code}\0Mmessage\0\0`);

export const isBegin = ({ type, text }: Message): boolean =>
  type === 'Q' && text === 'begin isolation level read committed\0';
/** Whether the message begins any transaction: BEGIN, or the settings with which reads begin that send none. */
export const isAnyBegin = ({ type, text }: Message): boolean =>
  (type === 'Q' && text.startsWith('begin ')) || (type === 'B' && text.startsWith('\0open_reading\0'));

/** Encodes a statement that takes the place of a message which begins a transaction. */
export const insteadOfBegin = ({ type }: Message, text: string): Buffer =>
  type === 'Q'
    ? queryMessage(text)
    : Buffer.concat([messageOf('P', `\0${text}\0\0\0`), messageOf('B', '\0'.repeat(8))]);

/** Returns the parameters that a message binds to a statement. */
export function parametersOf({ type, text }: Message): readonly string[] {
  if (type !== 'B') return [];
  const bytes = Buffer.from(text, 'latin1');
  let at = bytes.indexOf(0, bytes.indexOf(0) + 1) + 1;
  at += 2 + 2 * bytes.readInt16BE(at);
  const count = bytes.readInt16BE(at);
  at += 2;
  return Array.from({ length: count }, () => {
    const length = Math.max(0, bytes.readInt32BE(at));
    at += 4 + length;
    return bytes.toString('utf8', at - length, at);
  });
}

export const isCommit = ({ type, text }: Message): boolean => type === 'Q' && text === 'commit\0';
/** Whether the message is the one statement with which a transaction writes, sent for the first or second time. */
export const isWrite = ({ type, text }: Message): boolean => type === 'P' && /^[^\0]*\0with w0 as /.test(text);
export const isCommitted = ({ type, text }: Message): boolean => type === 'C' && text === 'COMMIT\0';
export const isEnded = (message: Message): boolean =>
  isCommitted(message) || (message.type === 'C' && message.text === 'ROLLBACK\0');
