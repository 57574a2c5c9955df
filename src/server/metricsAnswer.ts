import type { ServerResponse } from 'node:http';
import { unauthenticated } from './access/access.ts';
import type { Page } from './fixedText.ts';
import { type KeyedAnswerOptions, keyedAnswer } from './keyedAnswer.ts';

/** The metrics as text. */
export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Answers requests for the metrics with the root key, and all others with 401. */
export const metricsAnswer = ({ metrics, ...options }: KeyedAnswerOptions & { readonly metrics: MetricsText }): Page =>
  keyedAnswer(options, async ({ role }, _request, response) => {
    if (role !== 'ROOT') throw unauthenticated('The metrics require the root key.');
    await sendMetrics(metrics, response);
  });

/** Sends the metrics. */
export async function sendMetrics(metrics: MetricsText, response: ServerResponse): Promise<void> {
  const text = await metrics.text();
  const headers = { 'content-type': metrics.contentType, 'content-length': Buffer.byteLength(text) };
  response.writeHead(200, headers).end(text);
}
