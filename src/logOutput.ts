import type { Writable } from 'node:stream';

/** The time for which lines are collected before they are written together, in ms. */
const COLLECT_MS = 10;
/** The bytes that may wait for a slow reader. Beyond them lines are dropped: a log must not stop the server. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** The maximum time to wait for the reader when the log ends, in ms. */
const END_MS = 1_000;

/**
 * Writes the lines of the log in the background, several at once. Nothing is lost when the process exits by itself. A
 * reader that has gone away ends the log and not the process.
 */
export class LogOutput {
  readonly #stream: Writable;
  #collected = '';
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;
  #isBroken = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    // An error without a listener would end the process.
    stream.on('error', () => {
      this.#isBroken = true;
    });
    process.once('exit', () => this.#flush());
  }

  /** The number of lines that were dropped because their reader was too slow. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    if (this.#isBroken) return;
    if (this.#stream.writableLength > MAX_WAITING_BYTES) {
      this.#dropped += 1;
      return;
    }
    this.#collected += line;
    this.#timer ??= setTimeout(() => this.#flush(), COLLECT_MS);
  }

  /** Waits until everything is written, but not for a reader that has stopped reading. */
  async end(): Promise<void> {
    if (this.#isBroken) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, END_MS);
      this.#flush(() => {
        clearTimeout(late);
        resolve();
      });
    });
  }

  #flush(written?: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#collected;
    this.#collected = '';
    if (text !== '' || written) this.#stream.write(text, written);
  }
}
