import { expect, it } from 'vitest';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { openMemory } from '../support/stores.ts';
import { storeContract } from './contract.ts';
import { aDeal, aPosition, insertAll } from './rows.ts';
import { aMilestone, someTerms } from './termsRows.ts';

storeContract(openMemory);

it('changes of milestones search no rows of other milestones', async () => {
  const store = createMemoryStore();
  const deal = aDeal();
  const position = aPosition(deal.asset, { termsVersion: 1 });
  const { institution, template, asset } = deal;
  const terms = someTerms(position);
  const milestones = Array.from({ length: 50 }, (_one, index) =>
    aMilestone(terms, { ...position, amount: position.amount / 50n }, index + 1),
  );
  const rows = { positions: [position], positionTerms: [terms], milestones };
  await store.transact('ALL', async (tx) =>
    insertAll(tx, { institutions: [institution], assetTemplates: [template], assets: [asset], ...rows }),
  );
  store.scanStats.rows = 0;
  await store.transact('ALL', async (tx) => {
    for (const milestone of milestones) tx.milestones.replace({ ...milestone, state: 'CLOSED', version: 2 }, ['state']);
  });
  expect(store.scanStats.rows).toBe(0);
});
