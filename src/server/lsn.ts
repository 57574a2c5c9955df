import type { Plugin } from 'graphql-yoga';
import type { Deadline } from '../store/deadline.ts';
import { FIRST_LSN, isLsn, type Lsn } from '../store/lsn.ts';
import { requestError } from './requestError.ts';
import type { RequestHead } from './requestHead.ts';
import type { ServerContext } from './serverContext.ts';

/** The header of a request with the LSN that its reads must see, which a replica may then serve; 0 for any state. */
export const MIN_LSN_HEADER = 'escrowgrid-min-lsn';
/** The header of a response with the LSN of a state that contains all that the request has read and written. */
export const LSN_HEADER = 'escrowgrid-lsn';

/** Throws BAD_REQUEST if the header with the minimum LSN is malformed. */
export function checkMinLsn({ headers }: RequestHead): void {
  const text = headers.get(MIN_LSN_HEADER);
  if (text === null || text === '0' || isLsn(text)) return;
  throw requestError(
    'The header EscrowGrid-Min-LSN must be 0, or the value of a header EscrowGrid-LSN, such as 0/16B3748.',
    'BAD_REQUEST',
    { status: 400 },
  );
}

/** Lets a replica serve the reads of a query whose request has the header with the minimum LSN. */
export function acceptReplica(until: Deadline, { headers }: RequestHead): void {
  const text = headers.get(MIN_LSN_HEADER);
  if (text !== null) until.minLsn = text === '0' ? FIRST_LSN : text;
}

/** Returns the LSN for the response; undefined if the store has noted none. */
export const lsnOf = ({ until }: ServerContext): Lsn | undefined => until?.lsn;

/** Validates the header of requests, and adds that of responses. */
export const useLsn = (): Plugin<object, ServerContext> => ({
  onRequestParse: ({ request }) => checkMinLsn(request),
  onResponse: ({ response, serverContext }) => {
    const lsn = lsnOf(serverContext);
    if (lsn !== undefined) response.headers.set(LSN_HEADER, lsn);
  },
});
