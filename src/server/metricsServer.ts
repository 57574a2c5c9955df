import { createServer } from 'node:http';
import { isGetOrHead } from './graphiql.ts';
import { isAt, listenAt, METRICS_PATH } from './http.ts';
import { type MetricsText, sendMetrics } from './metricsAnswer.ts';

/** The maximum number of connections. A few servers collect metrics. */
const MAX_CONNECTIONS = 20;
/** The maximum time to receive a request, in ms. */
const REQUEST_MS = 5_000;

/** Serves the metrics without a key on a port of its own, until the process ends. Returns the address. */
export async function serveMetrics(metrics: MetricsText, port: number, host: string): Promise<string> {
  const server = createServer({ connectionsCheckingInterval: REQUEST_MS }, (request, response) => {
    if (!isGetOrHead(request) || !isAt(request, METRICS_PATH)) return void response.writeHead(404).end();
    sendMetrics(metrics, response).catch(() => response.destroy());
  });
  server.headersTimeout = REQUEST_MS;
  server.requestTimeout = REQUEST_MS;
  server.maxConnections = MAX_CONNECTIONS;
  return `${await listenAt(server, port, host)}${METRICS_PATH}`;
}
