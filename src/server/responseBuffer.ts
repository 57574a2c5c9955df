import type { ServerResponse } from 'node:http';
import type { WebSocket } from 'ws';

/**
 * Counts the bytes of responses that are not yet sent, in total and per owner of requests. An owner may use as much as
 * is still free, which is half of all if nobody else uses any: however many owners do not read, another one finds room.
 */
export class ResponseBuffer {
  readonly #maxBytes: number;
  readonly #byOwner = new Map<string, number>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The bytes in use. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the owner may use `bytes` more. */
  hasRoom(owner: string, bytes = 0): boolean {
    return (this.#byOwner.get(owner) ?? 0) + bytes <= this.#maxBytes - this.#bytes;
  }

  /** Returns an empty reservation for one response. */
  reservation(owner: string): Reservation {
    return new Reservation(this, owner);
  }

  /** Adds to the bytes of the owner, whether there is room or not. */
  add(owner: string, bytes: number): void {
    this.#bytes += bytes;
    const used = (this.#byOwner.get(owner) ?? 0) + bytes;
    if (used === 0) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, used);
  }

  /** Counts the bytes written to a response, each chunk until the operating system has accepted it. */
  countWrites(owner: string, response: ServerResponse): void {
    const reservation = this.reservation(owner);
    const write = response.write.bind(response) as (chunk: string | Uint8Array, taken: () => void) => boolean;
    response.write = (chunk: string | Uint8Array) => write(chunk, reservation.addUntil(Buffer.byteLength(chunk)));
    response.once('close', () => reservation.release());
  }

  /** Counts the bytes sent over a socket, each message until the operating system has accepted it. */
  countSends(owner: string, socket: WebSocket): void {
    const reservation = this.reservation(owner);
    const send = socket.send.bind(socket) as (text: string, taken: (error?: Error) => void) => void;
    socket.send = (text: string, then?: unknown) => {
      const taken = reservation.addUntil(Buffer.byteLength(text));
      send(text, (error) => {
        taken();
        if (typeof then === 'function') then(error);
      });
    };
    socket.once('close', () => reservation.release());
  }
}

/** The bytes that one response uses until it is released. */
export class Reservation {
  readonly #buffer: ResponseBuffer;
  readonly #owner: string;
  #bytes = 0;
  #released = false;

  constructor(buffer: ResponseBuffer, owner: string) {
    this.#buffer = buffer;
    this.#owner = owner;
  }

  /** Reserves more bytes. Returns false if there is no room, or if the reservation was released. */
  grow(bytes: number): boolean {
    if (this.#released || !this.#buffer.hasRoom(this.#owner, bytes)) return false;
    this.resize(this.#bytes + bytes);
    return true;
  }

  /** Sets the size of the reservation, whether there is room or not. */
  resize(bytes: number): void {
    if (this.#released) return;
    this.#buffer.add(this.#owner, bytes - this.#bytes);
    this.#bytes = bytes;
  }

  /** Reserves more bytes, whether there is room or not. Returns a function that releases them. */
  addUntil(bytes: number): () => void {
    this.resize(this.#bytes + bytes);
    return () => this.resize(this.#bytes - bytes);
  }

  release(): void {
    this.resize(0);
    this.#released = true;
  }
}
