// Stock Yoga with the schema and the store of this server.
import { createServer } from 'node:http';
import { createYoga } from 'graphql-yoga';
import { schema } from '../../../src/schema/index.ts';
import { fillPeer } from './peerContext.ts';
import { listenLocally, serve } from './serve.ts';

await serve(async (start) => {
  const { data, contextOf } = await fillPeer(start);
  const yoga = createYoga({ schema, context: contextOf, logging: false });
  const url = await listenLocally(createServer((request, response) => void yoga(request, response)));
  return { url, data, versions: {} };
});
