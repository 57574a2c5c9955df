import { expect, it } from 'vitest';
import type { CommandContext } from '../../src/commands/context.ts';
import { LIMITS } from '../../src/domain/limits.ts';
import type { Scope } from '../../src/domain/viewer.ts';
import { expireDuePositions } from '../../src/jobs/expirePositions.ts';
import type { Store, Writers } from '../../src/store/store.ts';

it('one transaction expires so few positions that their milestones fit one statement', async () => {
  const limits: number[] = [];
  const tx = {
    lockDue: async (_now: number, limit: number) => {
      limits.push(limit);
      return [];
    },
  } as unknown as Writers;
  const transact = <T>(_scope: Scope, work: (tx: Writers) => Promise<T>): Promise<T> => work(tx);
  const context = { store: { transact } as unknown as Store, clock: () => 0 } as unknown as CommandContext;
  await expireDuePositions(context);
  expect(limits).toHaveLength(1);
  expect((limits[0] ?? 0) * LIMITS.milestones).toBeLessThanOrEqual(10_000);
});
