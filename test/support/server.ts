import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { type DocumentNode, type GraphQLFormattedError, print } from 'graphql';
import { type App, type AppOptions, createApp } from '../../src/app.ts';
import type { Viewer } from '../../src/domain/viewer.ts';
import type { Store } from '../../src/store/store.ts';
import { isRouted, minLsnHeader } from './routed.ts';

export interface Answer<T> {
  readonly status: number;
  readonly requestId?: string | null;
  readonly data?: T | null;
  readonly errors?: readonly (GraphQLFormattedError & { readonly extensions?: { readonly code?: string } })[];
  readonly text: string;
}

/** A server within this process, and a clock that only the test advances. */
export interface TestServer {
  readonly app: App;
  readonly faults: unknown[];
  now: number;
  /** The viewer of the following requests, which is root at first. */
  viewer: Viewer;
  /** Sends a document by HTTP within the process and returns its data; the test fails on any error. */
  run<T, V>(document: TypedDocumentNode<T, V>, variables: V): Promise<T>;
  /** Sends a document and returns the whole response. */
  ask<T = Record<string, unknown>>(
    document: string | DocumentNode,
    variables?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer<T>>;
}

export const START = Date.parse('2026-03-01T12:00:00.000Z');

export function serve(store: Store, options: Partial<AppOptions> = {}): TestServer {
  const faults: unknown[] = [];
  const world: Pick<TestServer, 'now' | 'viewer'> = { now: START, viewer: { role: 'ROOT' } };
  const app = createApp({
    store,
    clock: () => world.now,
    viewerOf: () => world.viewer,
    onInternalError: (_errorId, error) => faults.push(error),
    ...options,
  });
  const server: TestServer = Object.assign(world, {
    faults,
    app,
    ask: async (
      document: string | DocumentNode,
      variables: unknown = {},
      headers: Readonly<Record<string, string>> = {},
    ) => {
      const query = typeof document === 'string' ? document : print(document);
      const routed = isRouted ? await minLsnHeader() : {};
      const response = await server.app.fetch(
        new Request('http://localhost/graphql', {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...routed, ...headers },
          body: JSON.stringify({ query, variables }),
        }),
      );
      const text = await response.text();
      return {
        ...(JSON.parse(text) as object),
        status: response.status,
        requestId: response.headers.get('x-request-id'),
        text,
      };
    },
    run: async <T, V>(document: TypedDocumentNode<T, V>, variables: V) => {
      const { data, errors } = await server.ask<T>(document, variables);
      if (errors || !data) throw new Error(`The request failed: ${JSON.stringify(errors)}`, { cause: faults.at(-1) });
      return data;
    },
  });
  return server;
}
