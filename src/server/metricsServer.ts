import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isAt, METRICS_PATH } from './http.ts';
import { type MetricsText, sendMetrics } from './metricsAnswer.ts';

/** The maximum number of connections. A few servers collect metrics. */
const MAX_CONNECTIONS = 20;
/** The maximum time to receive a request, in ms. */
const REQUEST_MS = 5_000;

/** Serves the metrics without a key on a port of its own. Returns the address, and a function that ends it. */
export async function serveMetrics(metrics: MetricsText, port: number, host: string) {
  const server = createServer({ connectionsCheckingInterval: REQUEST_MS }, (request, response) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!isRead || !isAt(request, METRICS_PATH)) return void response.writeHead(404).end();
    sendMetrics(metrics, response).catch(() => response.destroy());
  });
  server.headersTimeout = REQUEST_MS;
  server.requestTimeout = REQUEST_MS;
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(port, host);
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    const closed = once(server.close(), 'close');
    server.closeAllConnections();
    await closed;
  };
  return { address: `http://${host.includes(':') ? `[${host}]` : host}:${bound}${METRICS_PATH}`, close };
}
