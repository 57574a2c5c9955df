import { afterAll, beforeAll, describe } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import type { OpenStore } from '../support/stores.ts';
import { readsByIds } from './contract/byIds.ts';
import { announcesChanges } from './contract/changes.ts';
import { readsChat } from './contract/chat.ts';
import { writesChat } from './contract/chatWrites.ts';
import { countsAndSums } from './contract/counts.ts';
import { keepsDeadlines } from './contract/deadlines.ts';
import { filters } from './contract/filters.ts';
import { joinsTables } from './contract/joins.ts';
import { pages } from './contract/pages.ts';
import { parents } from './contract/parents.ts';
import { scansAndLoads } from './contract/scanAndLoad.ts';
import { staysWithinItsScope } from './contract/scope.ts';
import { tallies } from './contract/sharedCounters.ts';
import { keepsTerms } from './contract/terms.ts';
import { transacts } from './contract/transact.ts';
import { keepsUpdates } from './contract/updates.ts';
import { keepsValues } from './contract/values.ts';
import { keepsWebhooks } from './contract/webhooks.ts';
import type { GetStore } from './rows.ts';

const PARTS: readonly { readonly name: string; readonly part: (store: GetStore) => void }[] = [
  { name: 'byIds', part: readsByIds },
  { name: 'pages', part: pages },
  { name: 'filters', part: filters },
  { name: 'parents', part: parents },
  { name: 'counts and totals', part: countsAndSums },
  { name: 'terms', part: keepsTerms },
  { name: 'scopes', part: staysWithinItsScope },
  { name: 'transactions', part: transacts },
  { name: 'updates', part: keepsUpdates },
  { name: 'values', part: keepsValues },
  { name: 'chat', part: readsChat },
  { name: 'chat writes', part: writesChat },
  { name: 'changes', part: announcesChanges },
  { name: 'shared counters', part: tallies },
  { name: 'joins', part: joinsTables },
  { name: 'deadlines', part: keepsDeadlines },
  { name: 'scan and load', part: scansAndLoads },
  { name: 'webhooks', part: keepsWebhooks },
];

/** The tests that every store must pass. The test file of a store only selects the store. */
export function storeContract(open: OpenStore): void {
  let opened: Store | undefined;
  const store: GetStore = () => {
    if (opened === undefined) throw new Error('The store is not open yet.');
    return opened;
  };
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => {
    opened = undefined;
  });

  describe.each(PARTS)('$name', ({ part }) => {
    part(store);
  });
}
