import type { Tab } from '../server/graphiql.ts';
import {
  chatSearch,
  filterAndPage,
  keysAndAudit,
  lifecycle,
  liveChanges,
  readContract,
  startHere,
} from './readingTabs.ts';
import { dryRun, openFundRelease, partialRelease, readAnError, releaseMilestone } from './writingTabs.ts';

/**
 * The tabs that GraphiQL opens with. They succeed on the demo data any number of times, with the root key and with the
 * admin key. GraphiQL names each tab after its operation.
 */
export const DEMO_TABS: readonly Tab[] = [
  startHere,
  lifecycle,
  filterAndPage,
  openFundRelease,
  partialRelease,
  readContract,
  releaseMilestone,
  readAnError,
  dryRun,
  chatSearch,
  liveChanges,
  keysAndAudit,
];
