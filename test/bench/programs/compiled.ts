// A query that graphql-jit has compiled, in node:http and nothing else, with the schema and the store of this server.
import { type DocumentNode, type ExecutionResult, type GraphQLSchema, parse } from 'graphql';
import { schema } from '../../../src/schema/index.ts';
import type { Operation } from '../operations.ts';
import { fillPeer } from './peerContext.ts';
import { loadPeer, versionOf } from './peerPackage.ts';
import { listenLocally, serve } from './serve.ts';
import { textServer } from './textServer.ts';

/** The part of graphql-jit that is used. */
interface Jit {
  compileQuery(schema: GraphQLSchema, document: DocumentNode): Compiled;
}
interface Compiled {
  query(root: unknown, context: unknown, variables: unknown): ExecutionResult | Promise<ExecutionResult>;
}

await serve(async (start) => {
  const { data, contextOf } = await fillPeer(start);
  const jit = loadPeer(start.peers, 'graphql-jit') as Jit;
  const compiled = new Map<string, Compiled>();
  const execute = async (body: string): Promise<string> => {
    const { query, variables } = JSON.parse(body) as Operation;
    const made = compiled.get(query) ?? jit.compileQuery(schema, parse(query));
    compiled.set(query, made);
    return JSON.stringify(await made.query({}, contextOf(), variables));
  };
  const url = await listenLocally(textServer(execute));
  return { url, data, versions: { 'graphql-jit': versionOf(start.peers, 'graphql-jit') } };
});
