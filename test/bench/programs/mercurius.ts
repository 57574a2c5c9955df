// Mercurius with graphql-jit, and the schema and the store of this server.
import { schema } from '../../../src/schema/index.ts';
import { fillPeer } from './peerContext.ts';
import { loadPeer, versionOf } from './peerPackage.ts';
import { serve } from './serve.ts';

/** The part of Fastify that is used. */
interface Fastify {
  register(plugin: unknown, options: object): void;
  listen(options: { readonly port: number; readonly host: string }): Promise<string>;
}

await serve(async (start) => {
  const { data, contextOf } = await fillPeer(start);
  const fastify = loadPeer(start.peers, 'fastify') as (options: object) => Fastify;
  const app = fastify({ logger: false });
  app.register(loadPeer(start.peers, 'mercurius'), { schema, context: contextOf, jit: 1 });
  const origin = await app.listen({ port: 0, host: '127.0.0.1' });
  const versions = { mercurius: versionOf(start.peers, 'mercurius'), fastify: versionOf(start.peers, 'fastify') };
  return { url: `${origin}/graphql`, data, versions };
});
