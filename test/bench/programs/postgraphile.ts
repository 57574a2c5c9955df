// PostGraphile on the tables of this server, as the owner of the tables and therefore without row level security. Runs
// with the version of Node that it requires.
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { loadPeer, versionOf } from './peerPackage.ts';
import { listenLocally, serve } from './serve.ts';

/** The parts of PostGraphile that are used. */
interface PostGraphile {
  postgraphile(preset: object): { createServ(grafserv: unknown): { addTo(server: Server): Promise<unknown> } };
}

await serve(async ({ peers, databaseUrl, connections, data }) => {
  if (!data) throw new Error('PostGraphile needs a filled database.');
  const folder = join(peers, 'postgraphile');
  const load = <T>(name: string): T => loadPeer(folder, name) as T;
  const main = load<PostGraphile>('postgraphile');
  const { PostGraphileAmberPreset } = load<{ PostGraphileAmberPreset: object }>('postgraphile/presets/amber');
  const adaptor = load<{ makePgService(options: object): object }>('postgraphile/adaptors/pg');
  const { grafserv } = load<{ grafserv: unknown }>('postgraphile/grafserv/node');
  const service = adaptor.makePgService({
    connectionString: databaseUrl,
    schemas: ['public'],
    poolConfig: { max: connections },
  });
  const instance = main.postgraphile({
    extends: [PostGraphileAmberPreset],
    // It hides relations without an index that begins with exactly their columns.
    disablePlugins: ['PgIndexBehaviorsPlugin'],
    pgServices: [service],
    grafserv: { graphqlPath: '/graphql', graphiql: false, watch: false },
    grafast: { explain: false },
  });
  const server = createServer();
  await instance.createServ(grafserv).addTo(server);
  const url = await listenLocally(server);
  const versions = { postgraphile: versionOf(folder, 'postgraphile'), 'node of PostGraphile': process.versions.node };
  return { url, data, versions };
});
