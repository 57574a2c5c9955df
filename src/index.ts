/**
 * The package `escrowgrid`: the server as a library. The package `escrowgrid/testing` starts it for tests, and
 * `escrowgrid/client` sends requests to it.
 */
export { type App, type AppOptions, createApp, GRAPHQL_PATH } from './app.ts';
export type { Ledger, LedgerEntry } from './commands/ledger.ts';
export type { ApiKeyRole, NewToken } from './domain/apiKey.ts';
export type { Id, IdPrefix, NewId } from './domain/ids.ts';
export type { Clock, Instant } from './domain/time.ts';
export type { Viewer, ViewerRole } from './domain/viewer.ts';
export { GraphqlVersionError } from './graphqlVersionError.ts';
export type { Origins } from './server/access/origins.ts';
export type { OnInternalError } from './server/errors.ts';
export type { GraphiqlOptions, Tab } from './server/graphiql.ts';
export type { Listening } from './server/http.ts';
export type { UnreadyReason } from './server/readiness.ts';
export type { OnRequest, RequestEntry, RequestEvent } from './server/requestRecord.ts';
export type { Tracing } from './server/tracing.ts';
export type { TrustedDocuments } from './server/trustedDocuments.ts';
export { DEFAULTS, type Settings } from './settings.ts';
export { createMemoryStore, type MemoryOptions, type MemoryStore } from './store/memory/index.ts';
export { createPostgresStore, type PostgresOptions } from './store/postgres/index.ts';
export type { Store } from './store/store.ts';
