import type { NewId } from './domain/ids.ts';
import type { Clock } from './domain/time.ts';
import type { Viewer } from './domain/viewer.ts';
import { createIds } from './ids.ts';
import type { OnFault } from './server/errors.ts';
import { graphiqlPage, type Tab } from './server/graphiql.ts';
import { type Listening, listen } from './server/http.ts';
import { createGraphql } from './server/yoga.ts';
import type { Store } from './store/store.ts';

export const GRAPHQL_PATH = '/graphql';

export interface AppOptions {
  readonly store: Store;
  readonly onFault: OnFault;
  readonly clock?: Clock;
  readonly newId?: NewId;
  /** Who asks. Root, until there are keys. */
  readonly viewerOf?: (request: Request) => Viewer;
  /** What GraphiQL opens with. */
  readonly tabs?: readonly Tab[];
}

/** The whole server as a value; it owns nothing that must be closed but what `listen` opens. */
export interface App {
  /** Answers a request without a network. */
  fetch(request: Request): Promise<Response>;
  listen(port: number, host: string): Promise<Listening>;
}

export function createApp(options: AppOptions): App {
  const { store, onFault, clock = Date.now, newId = createIds(clock), viewerOf = () => ROOT, tabs = [] } = options;
  const graphql = createGraphql({ shared: { store, clock, newId }, viewerOf, onFault });
  const page = graphiqlPage(GRAPHQL_PATH, tabs);
  return {
    fetch: async (request) => graphql.fetch(request),
    listen: (port, host) => listen(async (request, response) => graphql(request, response), page, port, host),
  };
}

const ROOT: Viewer = { role: 'ROOT' };
