import { type AppOptions, GRAPHQL_PATH } from './app.ts';
import { type Config, DEVELOPMENT_KEY } from './config.ts';
import { writeDemoData } from './demo/data.ts';
import { DEMO_BANK_NAME } from './demo/institutions.ts';
import { createDemoKeys } from './demo/keys.ts';
import { DEMO_TABS } from './demo/tabs.ts';
import type { Clock } from './domain/time.ts';
import type { GraphiqlOptions } from './server/graphiql.ts';
import type { Store } from './store/store.ts';

/** The API keys that are no secret, for people who try the server. Each is null if there is none. */
export interface PublicKeys {
  /** The root key, if it is the one of development. */
  readonly root: string | null;
  /** An API key of the first institution of the demo data with the role ADMIN. */
  readonly admin: string | null;
  readonly readOnly: string | null;
}

/**
 * Writes the demo data, if the configuration says so, and returns the keys for people who try the server. In a database
 * API keys of each start would pile up, and in production a key in the output of the process would leak.
 */
export async function prepareDemo(config: Config, store: Store, clock: Clock): Promise<PublicKeys> {
  const isWritten = config.demoData && (await writeDemoData(store, clock));
  const isForDemo = isWritten && config.store.backend === 'memory' && config.environment !== 'production';
  const created = isForDemo ? await createDemoKeys(store, clock) : { admin: null, readOnly: null };
  return { root: config.rootApiKey === DEVELOPMENT_KEY ? DEVELOPMENT_KEY : null, ...created };
}

/** Returns what a server that is not in production prints last at its start. */
export function addressText({ graphiql }: Config, { root, admin, readOnly }: PublicKeys, origin: string): string {
  const lines = [
    root && `Root key, for development: ${root}`,
    admin && `Admin key of ${DEMO_BANK_NAME}: ${admin}`,
    readOnly && `Read-only key of ${DEMO_BANK_NAME}: ${readOnly}`,
    `${graphiql ? 'GraphiQL' : 'GraphQL'}: ${origin}${GRAPHQL_PATH}`,
  ];
  return lines.map((line) => (line === null ? '' : `${line}\n`)).join('');
}

/** Returns the pages that the server has. */
export const pagesOf = (config: Config, keys: PublicKeys): Pick<AppOptions, 'graphiql' | 'home'> => ({
  ...(config.graphiql && { graphiql: graphiqlOf(config, keys) }),
  ...(config.environment !== 'production' && { home: { token: keys.root } }),
});

/** The page offers the API keys to all who can load it, so it has none where the root key is a secret. */
function graphiqlOf({ demoData }: Config, { root, admin, readOnly }: PublicKeys): GraphiqlOptions {
  const keys = [
    { name: 'root', label: 'Root: all institutions', token: root },
    { name: 'admin', label: `Admin: ${DEMO_BANK_NAME}`, token: admin },
    { name: 'readOnly', label: `Read-only: ${DEMO_BANK_NAME}`, token: readOnly },
  ];
  const offered = keys.flatMap(({ token, ...key }) => (root === null || token === null ? [] : [{ ...key, token }]));
  return { tabs: demoData ? DEMO_TABS : [], keys: offered };
}
