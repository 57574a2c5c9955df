import type { ChangeFilter, StreamPosition } from '../../src/domain/change.ts';
import type { ChangeFeed, StreamPage } from '../../src/store/store.ts';

/** Reads all changes that were committed before the call, also those without a sequence. */
export async function readCommitted(
  feed: ChangeFeed,
  after: StreamPosition | null,
  limit: number,
  filter?: ChangeFilter,
): Promise<StreamPage> {
  await feed.assignSequences();
  return feed.read(after, limit, filter);
}

/** Returns the end of the stream of all changes that were committed before the call. */
export const endOf = async (feed: ChangeFeed): Promise<StreamPosition> => (await readCommitted(feed, null, 0)).last;
