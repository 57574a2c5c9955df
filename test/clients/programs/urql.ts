import type { PositionsQuery } from '../gql/graphql.ts';
import { followPositions, fund, loadMore, positions } from '../urql/positions.ts';
import { perform } from './steps.ts';

let page: PositionsQuery['positions'] | undefined;
positions.subscribe(({ data }) => {
  page = data?.positions;
});
await perform({
  rows: () => page?.edges.map(({ node }) => node) ?? [],
  loadMore: async () => {
    const { hasNextPage, endCursor } = page?.pageInfo ?? {};
    if (hasNextPage) await loadMore(endCursor ?? null);
    return hasNextPage ?? false;
  },
  fund: ({ id }, idempotencyKey) => fund(id, idempotencyKey),
  follow: followPositions,
});
