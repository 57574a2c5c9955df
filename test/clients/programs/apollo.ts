import { createApollo, webSocket } from '../apollo/client.ts';
import { followPositions, fund, watchPositions } from '../apollo/positions.ts';
import { sse } from '../apollo/sse.ts';
import { argument, perform } from './steps.ts';

const client = createApollo(argument === 'sse' ? sse : webSocket);
const query = watchPositions(client);
query.subscribe(() => {});
const page = () => {
  const { data, dataState } = query.getCurrentResult();
  return dataState === 'complete' ? data.positions : null;
};
await perform({
  rows: () => page()?.edges.map(({ node }) => node) ?? [],
  loadMore: async () => {
    const { hasNextPage, endCursor: after } = page()?.pageInfo ?? {};
    if (hasNextPage) await query.fetchMore({ variables: { after } });
    return hasNextPage ?? false;
  },
  fund: (position, idempotencyKey) => fund(client, position, idempotencyKey),
  follow: (signal) => followPositions(client, signal),
});
