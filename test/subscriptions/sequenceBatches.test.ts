import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Assignment } from '../../src/store/postgres/assignSequences.ts';
import { SequenceBatches } from '../../src/store/postgres/sequenceBatches.ts';

const DONE: Assignment = { assigned: 1, isIncomplete: false };
const INCOMPLETE: Assignment = { assigned: 0, isIncomplete: true };
/** The time of each assignment, in ms, which takes no time itself. */
const ASSIGNMENT_MS = 2;

let began: number;
beforeEach(() => {
  vi.useFakeTimers();
  began = performance.now();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Batches whose assignments return these results, then DONE; and the times at which they began, in ms. */
function batchesOf(...results: readonly (Assignment | Error)[]) {
  const left = [...results];
  const times: number[] = [];
  const waits: boolean[] = [];
  const batches = new SequenceBatches(async (mayWait) => {
    times.push(Math.round(performance.now() - began));
    waits.push(mayWait);
    await new Promise((resolve) => setTimeout(resolve, ASSIGNMENT_MS));
    const result = left.shift() ?? DONE;
    if (result instanceof Error) throw result;
    return result;
  });
  return { batches, times, waits };
}

describe('sequences after commits', () => {
  it('a commit after a quiet time leads to an assignment at once, and those that follow share the next', async () => {
    const { batches, times, waits } = batchesOf();
    batches.assignSoon();
    await vi.advanceTimersByTimeAsync(2);
    for (let commits = 0; commits < 20; commits += 1) batches.assignSoon();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(times).toEqual([0, 12]);
    expect(waits).toEqual([false, false]);
  });

  it('constant commits lead to one assignment per pause', async () => {
    const { batches, times } = batchesOf();
    for (let ms = 0; ms < 119; ms += 1) {
      batches.assignSoon();
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(times).toEqual([0, 12, 24, 36, 48, 60, 72, 84, 96, 108]);
  });

  it('assignments of another server postpone those of this one, but not beyond the next pause', async () => {
    const { batches, times } = batchesOf();
    batches.assignSoon();
    await vi.advanceTimersByTimeAsync(5);
    batches.assignSoon();
    for (let others = 0; others < 3; others += 1) {
      batches.follow();
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(times).toEqual([0]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(times).toEqual([0, 45]);
  });

  it('an assignment that found another in progress is repeated after the pause', async () => {
    const { batches, times } = batchesOf(INCOMPLETE, INCOMPLETE);
    batches.assignSoon();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(times).toEqual([0, 12, 24]);
  });

  it('a failed assignment is left to the next commit or poll', async () => {
    const { batches, times } = batchesOf(new Error('The database is gone.'));
    batches.assignSoon();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(times).toEqual([0]);
    batches.assignSoon();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(times).toHaveLength(2);
  });

  it('no assignment begins after the batches are closed', async () => {
    const { batches, times } = batchesOf();
    batches.assignSoon();
    batches.close();
    batches.assignSoon();
    batches.follow();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(times).toEqual([]);
  });
});

describe('sequences for subscribers', () => {
  it('calls during an assignment share one that begins after it', async () => {
    const { batches, times, waits } = batchesOf();
    const ends: number[] = [];
    const assign = () => batches.assignAll().then(() => ends.push(performance.now() - began));
    void assign();
    await vi.advanceTimersByTimeAsync(1);
    for (let calls = 0; calls < 5; calls += 1) void assign();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([times, waits]).toEqual([
      [0, 2],
      [true, true],
    ]);
    expect(ends).toEqual([2, 4, 4, 4, 4, 4]);
  });

  it('a call returns once nothing is left', async () => {
    const { batches, times } = batchesOf(INCOMPLETE, INCOMPLETE);
    const assigned = batches.assignAll();
    await vi.advanceTimersByTimeAsync(1_000);
    await assigned;
    expect(times).toEqual([0, 2, 4]);
  });

  it('a failed assignment fails the calls that share it, and no later one', async () => {
    const { batches } = batchesOf(new Error('The database is gone.'));
    const failed = [batches.assignAll(), batches.assignAll()].map((each) => expect(each).rejects.toThrow('gone'));
    await vi.advanceTimersByTimeAsync(10);
    await Promise.all(failed);
    const later = batches.assignAll();
    await vi.advanceTimersByTimeAsync(10);
    await later;
  });
});
