/** A server for integration tests: it starts within the test's process, and the test controls its time. */
export { TestServerError } from './errors.ts';
export type { FailureCode } from './failures.ts';
export type { Delay, Failure, Moment, OperationFilter } from './faults.ts';
export type { RecordedAuditEvent, RecordedChange, RecordedEvent } from './recordedEvents.ts';
export type { ApiKeySeed, AssetSeed, ChatSessionSeed, Seeded, SeededApiKey, Seeds } from './seed.ts';
export type { PositionSeed, SeededPosition, TermsSeed } from './seedPosition.ts';
export { startTestServer } from './startTestServer.ts';
export type { ServerClock, ServerKeys, Snapshot, TestServer, TestServerOptions } from './testServer.ts';
export type { Duration, Time } from './times.ts';
