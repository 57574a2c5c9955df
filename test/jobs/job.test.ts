import { expect, it, onTestFinished, vi } from 'vitest';
import { COMPLETE, createJob } from '../../src/jobs/job.ts';

it('a job repeats its work until it is complete, also after a failure', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const failures: unknown[] = [];
  const work = vi
    .fn<() => Promise<unknown>>()
    .mockResolvedValueOnce(undefined)
    .mockRejectedValueOnce('failed')
    .mockResolvedValueOnce(COMPLETE);
  const runs: boolean[] = [];
  const rounds = createJob(
    work,
    100,
    (error) => failures.push(error),
    (_durationMs, hasFailed) => runs.push(hasFailed),
  );
  rounds.start();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([work.mock.calls.length, failures]).toEqual([3, ['failed']]);
  expect(runs).toEqual([false, true, false]);
  await rounds.stop();
});
