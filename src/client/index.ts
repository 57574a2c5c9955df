export { type Client, createClient } from './client.ts';
export {
  type ClientErrorCode,
  EscrowGridError,
  type EscrowGridErrorCode,
  type EscrowGridErrorFacts,
  REQUEST_ERROR_CODES,
} from './errors.ts';
export type { ExecuteOptions } from './execute.ts';
export * from './generated/documents.ts';
export { possibleTypes } from './generated/schema.ts';
export type { LiveItem, LiveOptions } from './live.ts';
export { type LiveList, type LiveRow, type LiveStore, liveList, liveStore } from './liveList.ts';
export type { ApiKeySource, ClientOptions, Socket, SocketConstructor } from './options.ts';
export type { Arguments, ClientDocument, DocumentTypes, TypedDocument } from './typedDocument.ts';
export { type MutationResult, type PayloadOf, unwrap } from './unwrap.ts';
