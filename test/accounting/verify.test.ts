import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeDemoData } from '../../src/demo/data.ts';
import { POSITION_STATES } from '../../src/domain/lifecycle.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { verify } from '../../src/verify/verify.ts';
import { COUNTS } from '../counts.ts';
import { call, countsOf, did, opening, sceneOn, times } from '../support/accounting.ts';
import { fundedPosition } from '../support/deal.ts';
import { checked } from '../support/random.ts';
import { START } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import { livedThrough, lives } from '../terms/randomMoves.ts';

const life = fc.array(fc.tuple(fc.constantFrom(...POSITION_STATES), fc.option(fc.integer({ min: 1, max: 9_000 }))), {
  minLength: 1,
  maxLength: COUNTS.movesPerLife,
});

onBothStores((open) => {
  it('an empty store is consistent', async () => {
    expect(await verify(await open())).toEqual({ positions: 0, events: 0, postings: 0, difference: null });
  });

  it('the demo data is consistent', async () => {
    const store = await open();
    await writeDemoData(store, () => START);
    const { positions, lifecycleEvents: events, postings } = await countsOf(store);
    expect(positions).toBeGreaterThan(5);
    expect(await verify(store)).toEqual({ positions, events, postings, difference: null });
  });

  describe('a store after many moves', () => {
    const scene = sceneOn(open);

    it('a store is consistent after random moves, single and in batches', async () => {
      const { server, store, deal } = scene;
      await checked(
        COUNTS.ledgerLives,
        fc.asyncProperty(life, fc.boolean(), async (moves, batched) => {
          const positionId = (await did(server, 'createPosition', opening(deal))).position?.id as string;
          const operations = moves.map(([toState, cents]) => ({
            transition: { positionId, toState, amount: cents === null ? null : (cents / 100).toFixed(2) },
          }));
          if (batched) await call(server, 'applyPositions', { operations, atomic: false });
          else for (const { transition } of operations) await call(server, 'transitionPosition', transition);
        }),
      );
      const { positions, lifecycleEvents: events, postings } = await countsOf(store);
      expect(await verify(store)).toEqual({ positions, events, postings, difference: null });
    });

    it('a store is consistent after random moves of contracts', async () => {
      const { server, store, deal } = scene;
      await checked(
        COUNTS.ledgerLives,
        fc.asyncProperty(lives, async (contract) => {
          await livedThrough(server, deal, contract);
        }),
      );
      const { positions, lifecycleEvents: events, postings } = await countsOf(store);
      expect(await verify(store)).toEqual({ positions, events, postings, difference: null });
    });

    it('verification reads more positions, and more events of one position, than fit a page', async () => {
      const { server, store, deal } = scene;
      for (const size of [75, 75, 75, 5]) {
        await did(server, 'applyPositions', { operations: times(size, () => ({ create: opening(deal) })) });
      }
      const { id: positionId } = await fundedPosition(server, deal, '1000.00');
      const transition = { positionId, toState: 'PARTIALLY_RELEASED', amount: '1' };
      for (const size of [75, 75, 75, 75, 30]) {
        await did(server, 'applyPositions', { operations: times(size, () => ({ transition })) });
      }
      const { positions, lifecycleEvents: events, postings } = await countsOf(store);
      expect(await verify(store)).toEqual({ positions, events, postings, difference: null });
    });

    it('verification reads a snapshot while other transactions write', async () => {
      const { server, store, deal } = scene;
      const { id: positionId } = await fundedPosition(server, deal, '1000.00');
      const pays = times(40, () => () => call(server, 'releasePosition', { positionId, amount: '1' }));
      const [, ...seen] = await Promise.all([
        pays.reduce(async (before, pay) => {
          await before;
          await pay();
        }, Promise.resolve()),
        ...times(3, () => verify(store)),
      ]);
      expect(seen.map(({ difference }) => difference)).toEqual([null, null, null]);
    });
  });
});

it('a second snapshot of the memory store waits for the first', async () => {
  const store = createMemoryStore();
  await writeDemoData(store, () => START);
  const [first, second] = await Promise.all([verify(store), verify(store)]);
  expect(first).toEqual(second);
});
