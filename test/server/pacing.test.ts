import { describe, expect, it, vi } from 'vitest';
import { Pace } from '../../src/schema/pace.ts';
import { aDeal, anAsset, anEvent, aPosition, keep } from '../store/rows.ts';
import { serve } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

/** Runs the work with a clock that advances by the given ms each time it is read. */
function withClock<T>(stepMs: number, work: () => Promise<T>): Promise<T> {
  let now = performance.now();
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += stepMs));
  return work().finally(() => clock.mockRestore());
}

describe('the pacing of an operation', () => {
  it('an operation yields to other work once its time slice is used, and not before', async () => {
    const seen = async (stepMs: number): Promise<readonly unknown[]> => {
      const events: unknown[] = [];
      const other = (): void => void (events.push('other work'), (timer = setImmediate(other)));
      let timer = setImmediate(other);
      await withClock(stepMs, async () => {
        for await (const item of new Pace().items([1, 2, 3, 4, 5, 6])) events.push(item);
      });
      clearImmediate(timer);
      return events;
    };
    expect(await seen(0.001)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await seen(4)).toEqual([1, 2, 'other work', 3, 4, 5, 'other work', 6]);
  });

  it('an item that fails before it is reached fails there, and does not end the process', async () => {
    const later = new Promise((resolve) => setImmediate(() => setImmediate(resolve, 1)));
    const items = [later, Promise.reject(new Error('failed')), Promise.reject(new Error('not reached'))];
    const seen: unknown[] = [];
    const read = async (): Promise<void> => {
      for await (const item of new Pace().items(items)) seen.push(item);
    };
    // vitest fails the run if a rejection is unhandled.
    await expect(read()).rejects.toThrow('failed');
    expect(seen).toEqual([1]);
  });
});

/** An expensive field that returns nothing. */
const EXPENSIVE = 'expensive: positions(first: 20, filter: { states: [] }) { nodes { metadata } }';
const LISTS = `positions(first: 100) { totalCount pageInfo { endCursor } edges { cursor node { id amount { formatted }
    asset { label institution { name policies { region } } }
    events(first: 5) { nodes { sequence reason position { id externalReference } } } } } }
  lifecycle { state allowedTransitions } nodes(ids: ["pos_none", "x"]) { id }`;

onBothStores((open) => {
  it('an operation executed in time slices has the same result as one executed at once', async () => {
    const store = await open();
    const { institution, template } = aDeal();
    const assets = Array.from({ length: 5 }, (_, index) => anAsset(template, { metadata: { at: index } }));
    const positions = assets.flatMap((asset) => Array.from({ length: 12 }, () => aPosition(asset)));
    const lifecycleEvents = positions.flatMap((position) =>
      [1, 2, 3].map((sequence) => anEvent({ ...position, sequence }, { reason: `Step ${sequence}` })),
    );
    await keep(store, { institutions: [institution], assetTemplates: [template], assets, positions, lifecycleEvents });
    const server = serve(store);
    const atOnce = await server.ask(`{ ${LISTS} }`);
    const inSlices = await withClock(0.5, () => server.ask(`{ ${LISTS} ${EXPENSIVE} }`));
    expect(atOnce.errors).toBeUndefined();
    expect(atOnce.data?.['positions']).toMatchObject({ totalCount: 60 });
    expect(inSlices.data).toEqual({ ...atOnce.data, expensive: { nodes: [] } });
  });
});
