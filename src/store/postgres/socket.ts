import type { Socket } from 'node:net';
import type pg from 'pg';

/** Returns the socket of a connection, which pg's types do not declare. */
export const socketOf = (client: pg.ClientBase): Socket | undefined =>
  (client as { readonly connection?: { readonly stream?: Socket } }).connection?.stream;

/** Closes the connection at once. A server that does not answer would never acknowledge a proper end. */
export const destroy = (client: pg.ClientBase): void => void socketOf(client)?.destroy();
