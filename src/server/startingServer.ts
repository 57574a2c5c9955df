import { once } from 'node:events';
import { createServer } from 'node:http';
import { UnavailableError } from '../store/errors.ts';
import { maskError } from './errors.ts';
import { isAt, listenAt } from './http.ts';
import { probeAnswer } from './readiness.ts';
import { sendError } from './requestError.ts';

/**
 * Listens while the program waits for its database: `/health` is 200, `/ready` is 503 with the reason `starting`, and
 * everything else is SERVICE_UNAVAILABLE. Returns a function that frees the port.
 */
export async function serveWhileStarting(port: number, host: string): Promise<() => Promise<void>> {
  const mask = maskError(() => undefined);
  const server = createServer((request, response) => {
    // A connection that stayed open would keep the port from the server.
    response.shouldKeepAlive = false;
    const probe = probeAnswer((path) => isAt(request, path), { reason: async () => 'starting' });
    if (probe) return void probe(request, response);
    sendError(mask(new UnavailableError('The server is starting.')), request, response);
  });
  await listenAt(server, port, host);
  return async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
}
