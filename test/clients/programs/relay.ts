import {
  createOperationDescriptor,
  fetchQuery,
  type GraphQLTaggedNode,
  getRequest,
  getSingularSelector,
  type SingularReaderSelector,
} from 'relay-runtime';
import type { positions_list$data } from '../relay/__generated__/positions_list.graphql.ts';
import type { positions_position$data } from '../relay/__generated__/positions_position.graphql.ts';
import pagination, { type positionsPaginationQuery } from '../relay/__generated__/positionsPaginationQuery.graphql.ts';
import type { positionsQuery } from '../relay/__generated__/positionsQuery.graphql.ts';
import refetch, { type positionsRefetchQuery } from '../relay/__generated__/positionsRefetchQuery.graphql.ts';
import { environment } from '../relay/environment.ts';
import { followPositions, fund, LIST, PAGE, POSITION } from '../relay/positions.ts';
import { perform, print } from './steps.ts';

// What usePaginationFragment and useRefetchableFragment of react-relay do, without React.
const filter = { currencyCode: 'USD' };
const page = createOperationDescriptor(getRequest(PAGE), { filter });
environment.retain(page);
const load = () => fetchQuery<positionsQuery>(environment, PAGE, { filter }).toPromise();
const read = <T>(fragment: GraphQLTaggedNode, reference: unknown): T => {
  const selector = getSingularSelector(fragment as Parameters<typeof getSingularSelector>[0], reference);
  return environment.lookup(selector as SingularReaderSelector).data as T;
};
type Connection = { edges: { node: unknown }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
const connection = () => {
  const list = read<positions_list$data>(LIST, environment.lookup(page.fragment).data);
  return list.positions as Connection | null;
};
await load();
await perform({
  rows: () => (connection()?.edges ?? []).map(({ node }) => read<positions_position$data>(POSITION, node)),
  loadMore: async () => {
    const { hasNextPage, endCursor: after } = connection()?.pageInfo ?? {};
    if (hasNextPage) {
      await fetchQuery<positionsPaginationQuery>(environment, pagination, { filter, first: 2, after }).toPromise();
    }
    return hasNextPage ?? false;
  },
  fund: ({ id }, idempotencyKey) => fund(id, idempotencyKey),
  follow: (signal) => followPositions(load, signal),
});
const [first] = connection()?.edges ?? [];
const { id } = read<positions_position$data>(POSITION, first?.node);
const refetched = await fetchQuery<positionsRefetchQuery>(environment, refetch, { id }).toPromise();
print({ refetched: read<positions_position$data>(POSITION, refetched?.node).id === id });
