import type { Server } from 'node:http';
import { GraphQLError } from 'graphql';
import type { YogaServerInstance } from 'graphql-yoga';

import { useServer } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Context } from '../schema/builder.ts';

/** The most bytes of one message of a client. */
const MESSAGE_BYTES = 1024 * 1024;
/** How often a socket that is silent is asked whether it is still there, in ms. */
const HEARTBEAT_MS = 12_000;
/** How long a client may take to say hello, in ms. */
const HELLO_MS = 3_000;

/** Serves graphql-ws at the path of the HTTP server; answers how to end all sockets. */
export function serveWebSockets(
  server: Server,
  path: string,
  graphql: YogaServerInstance<object, Context>,
): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES });
  server.on('upgrade', (request, socket, head) => {
    const [pathname] = (request.url ?? '').split('?');
    if (pathname !== path) {
      // Nobody else hears of its errors now, nor ends its half.
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n', () => socket.destroy());
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) =>
      sockets.emit('connection', webSocket, request),
    );
  });
  const served = useServer(
    {
      connectionInitWaitTimeout: HELLO_MS,
      execute: (args) => (args as unknown as Enveloped).rootValue.execute(args),
      subscribe: (args) => (args as unknown as Enveloped).rootValue.subscribe(args),
      onSubscribe: async ({ extra }, _id, params) => {
        const { request } = extra;
        const headers = new Headers(
          Object.entries(request.headers).flatMap(([name, value]) =>
            typeof value === 'string' ? [[name, value]] : [],
          ),
        );
        // As if it were posted: mutations may not be asked for by GET, which the upgrade was.
        const asked = new Request(`http://localhost${path}`, { method: 'POST', headers });
        const enveloped = graphql.getEnveloped({ request: asked, params } as never);
        const { schema, execute, subscribe, contextFactory, parse, validate } = enveloped;
        try {
          const document = parse(params.query);
          const errors = validate(schema, document);
          if (errors.length > 0) return errors as readonly GraphQLError[];
          const contextValue: unknown = await contextFactory();
          const { operationName, variables: variableValues } = params;
          return { schema, document, operationName, variableValues, contextValue, rootValue: { execute, subscribe } };
        } catch (error) {
          if (error instanceof GraphQLError) return [error];
          throw error;
        }
      },
    },
    sockets,
    HEARTBEAT_MS,
  );
  return async () => {
    await served.dispose();
  };
}

/** How an operation is run goes along with its arguments. */
interface Enveloped {
  readonly rootValue: {
    execute(args: unknown): never;
    subscribe(args: unknown): never;
  };
}
