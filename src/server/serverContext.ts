import type { IncomingMessage, ServerResponse } from 'node:http';
import type { YogaInitialContext } from 'graphql-yoga';
import type { Viewer } from '../domain/viewer.ts';
import type { Context } from '../schema/builder.ts';
import type { Pace } from '../schema/pace.ts';
import type { ResponseSize } from '../schema/responseSize.ts';
import type { Deadline } from '../store/deadline.ts';
import type { Operation, RequestedOperation } from './operations/operation.ts';
import type { RequestRecord } from './requestRecord.ts';
import type { Reservation } from './responseBuffer.ts';

/** The viewer of a request and the client's address. */
export interface Caller {
  readonly viewer: Viewer;
  readonly address: string;
}

/**
 * The context of a request: what the transport knows about it, and what the plugins add while it is handled. Yoga
 * passes the same object to every hook, and adds the context of the resolvers to it.
 */
export interface ServerContext {
  /** The client's address, as far as it can be trusted; absent if the request did not arrive over a network. */
  readonly address?: string;
  /** Reads the body of the request; absent if the request did not arrive over a network. */
  body?: () => Promise<Buffer>;
  /** The response of an HTTP request; absent for an operation over WebSocket. */
  readonly res?: ServerResponse;
  requestId?: string;
  /** Absent until the request is admitted. */
  caller?: Caller;
  /** Absent until the document is found to be valid. */
  operation?: Operation;
  /** Absent until the operation is about to be executed. */
  requested?: RequestedOperation;
  /** Leaves time for other requests; absent if the operation is small. */
  pace?: Pace | undefined;
  /** The deadline of the operation; absent until it is about to be executed. */
  until?: Deadline;
  /** The bytes that are reserved for the response; absent if it is small. */
  reservation?: Reservation;
  /** The facts for the log; absent if requests are neither logged nor counted. */
  record?: RequestRecord;
}

/** Handles a request for the path of GraphQL. */
export type GraphqlHandler = (
  incoming: IncomingMessage,
  response: ServerResponse,
  context: ServerContext,
) => Promise<void>;

/** The context of an operation that is about to be executed: that of its resolvers and that of its request. */
export type OperationContext = Context &
  ServerContext &
  YogaInitialContext & {
    readonly caller: Caller;
    responseSize?: ResponseSize | undefined;
    idempotencyKey: string | null;
  };

/** Returns the caller of an admitted request. */
export function callerIn({ caller }: ServerContext): Caller {
  if (!caller) throw new Error('A request that was not admitted is being handled.');
  return caller;
}
