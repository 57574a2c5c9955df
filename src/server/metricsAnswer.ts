import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Access, unauthenticated } from './access/access.ts';
import type { Mask } from './errors.ts';
import { addressOf } from './http.ts';
import { sendError } from './requestError.ts';
import { requestHeadOf } from './requestHead.ts';

/** The metrics as text. */
export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

interface MetricsAnswerOptions {
  readonly metrics: MetricsText;
  readonly access: Access;
  readonly mask: Mask;
  readonly trustedProxies: number;
}

/** Answers requests for the metrics with the root key, and all others with 401. */
export const metricsAnswer =
  ({ metrics, access, mask, trustedProxies }: MetricsAnswerOptions) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const { viewer } = await access.enter(requestHeadOf(request), addressOf(request, trustedProxies));
      if (viewer.role !== 'ROOT') throw unauthenticated('The metrics require the root key.');
      await sendMetrics(metrics, response);
    } catch (error) {
      sendError(mask(error), request, response);
    }
  };

/** Sends the metrics. */
export async function sendMetrics(metrics: MetricsText, response: ServerResponse): Promise<void> {
  const text = await metrics.text();
  const headers = { 'content-type': metrics.contentType, 'content-length': Buffer.byteLength(text) };
  response.writeHead(200, headers).end(text);
}
