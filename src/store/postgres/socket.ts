import { connect, type Socket } from 'node:net';
import type pg from 'pg';

/** Returns the socket of a connection, which pg's types do not declare. */
export const socketOf = (client: pg.ClientBase): Socket | undefined =>
  (client as { readonly connection?: { readonly stream?: Socket } }).connection?.stream;

/** Closes the connection at once. A server that does not answer would never acknowledge a proper end. */
export const destroy = (client: pg.ClientBase): void => void socketOf(client)?.destroy();

/** The code of a message that cancels a statement, in the place of the version of the protocol. */
const CANCEL_REQUEST = 80_877_102;
/** The maximum time for the server to receive it, in ms. */
const CANCEL_MS = 1_000;

/**
 * Asks the server to cancel the statement that it runs for a connection. PostgreSQL accepts this only over another
 * connection, and gives no answer.
 */
export function cancelStatement(client: pg.ClientBase): void {
  const { processID = 0, secretKey = 0, host, port } = client as pg.Client & Partial<CancelKey>;
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  const message = Buffer.alloc(16);
  [message.byteLength, CANCEL_REQUEST, processID, secretKey].forEach((word, index) =>
    message.writeInt32BE(word, index * 4),
  );
  // The server ends a statement by its own timeout if this fails.
  socket.on('error', () => undefined);
  socket.setTimeout(CANCEL_MS, () => socket.destroy());
  socket.end(message);
}

/** The key of a connection to cancel its statements, which pg's types do not declare. */
interface CancelKey {
  readonly processID: number;
  readonly secretKey: number;
}
