import { GraphQLError } from 'graphql';
import type { Context } from '../../schema/builder.ts';
import type { RequestRecord } from '../requestRecord.ts';
import type { Caller } from '../serverContext.ts';
import type { Access } from './access.ts';

export type FailedMutationCharge = Required<Pick<Context, 'admitMutation' | 'onUserError'>>;

/**
 * Charges one request per failed mutation that is followed by another: the request itself has paid for the first
 * mutation, and each mutation after a refused one counts as one more request. So n failed mutations cost n requests,
 * in one document or in many.
 */
export function failedMutationCharge(access: Access, caller: Caller, record?: RequestRecord): FailedMutationCharge {
  let isOwed = false;
  return {
    onUserError: (code) => {
      isOwed = true;
      record?.noteUserError(code);
    },
    admitMutation: () => {
      if (!isOwed) return;
      try {
        access.charge(caller, 'key', 1);
      } catch (error) {
        throw error instanceof GraphQLError ? withoutStatus(error) : error;
      }
      isOwed = false;
    },
  };
}

/**
 * Returns the error of a field without an HTTP status, since it does not decide the status of a response with other
 * results.
 */
function withoutStatus({ message, extensions }: GraphQLError): GraphQLError {
  const { status: _status, ...http } = extensions['http'] as { readonly status: number };
  return new GraphQLError(message, { extensions: { ...extensions, http } });
}
