import { GraphQLError } from 'graphql';
import type { Context } from '../../schema/builder.ts';
import type { Access, Caller } from './access.ts';

export type RefusalCharge = Required<Pick<Context, 'admitMutation' | 'onRefused'>>;

/**
 * Charges one request for its refused mutations. The request itself has paid for the first mutation; each mutation that
 * follows a refused one counts as one request more. So n refused mutations cost n requests, in one document or in many.
 */
export function refusalCharge(access: Access, caller: Caller): RefusalCharge {
  let isOwed = false;
  return {
    onRefused: () => {
      isOwed = true;
    },
    admitMutation: async () => {
      if (!isOwed) return;
      try {
        await access.charge(caller, 'key', 1);
      } catch (error) {
        throw error instanceof GraphQLError ? withoutStatus(error) : error;
      }
      isOwed = false;
    },
  };
}

/** The same error at a field, which does not decide the status of a response that has results of other fields. */
function withoutStatus({ message, extensions }: GraphQLError): GraphQLError {
  const { status: _status, ...http } = extensions['http'] as { readonly status: number };
  return new GraphQLError(message, { extensions: { ...extensions, http } });
}
