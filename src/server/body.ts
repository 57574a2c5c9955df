import type { IncomingMessage } from 'node:http';
import { bodyTooLarge, requestError } from './requestError.ts';

/**
 * Reads a request's body. Rejects it with 413 as soon as it is known to be too large. The rest is received and
 * discarded, so that a client which is still sending can read the response.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    const discard = (): void => {
      request.off('data', collect).off('end', finish);
      request.resume();
      reject(bodyTooLarge(maxBytes));
    };
    const collect = (part: Buffer): void => {
      bytes += part.byteLength;
      if (bytes > maxBytes) discard();
      else parts.push(part);
    };
    const abort = (): void =>
      reject(requestError('The request body is incomplete. Send it again.', 'BAD_REQUEST', { status: 400 }));
    const finish = (): void => {
      request.off('error', abort).off('close', abort);
      resolve(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts));
    };
    request.on('error', abort).once('close', abort);
    if (Number(request.headers['content-length']) > maxBytes) {
      discard();
      return;
    }
    request.on('data', collect).once('end', finish);
  });
}
