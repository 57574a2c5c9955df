import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Viewer } from '../domain/viewer.ts';
import type { Access } from './access/access.ts';
import type { Mask } from './errors.ts';
import type { Page } from './fixedText.ts';
import { addressOf } from './http.ts';
import { sendError } from './requestError.ts';
import { requestHeadOf } from './requestHead.ts';

export interface KeyedAnswerOptions {
  readonly access: Access;
  readonly mask: Mask;
  readonly trustedProxies: number;
}

/**
 * Authenticates a request outside of GraphQL and counts it like any other before `answer` answers it. Sends the errors
 * of both.
 */
export const keyedAnswer =
  (
    { access, mask, trustedProxies }: KeyedAnswerOptions,
    answer: (viewer: Viewer, request: IncomingMessage, response: ServerResponse) => Promise<void>,
  ): Page =>
  async (request, response) => {
    try {
      const { viewer } = await access.enter(requestHeadOf(request), addressOf(request, trustedProxies));
      await answer(viewer, request, response);
    } catch (error) {
      sendError(mask(error), request, response);
    }
  };
