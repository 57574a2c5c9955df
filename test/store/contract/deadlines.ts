import { beforeAll, describe, expect, it } from 'vitest';
import type { Position } from '../../../src/domain/position.ts';
import { DeadlineExceededError } from '../../../src/store/errors.ts';
import type { Deadline, Readers, Writers } from '../../../src/store/store.ts';
import { deadlineIn, gate, manualDeadline } from '../../support/deadlines.ts';
import { aPosition, type Deal, funded, type GetStore, keepDeal, pageOf } from '../rows.ts';

/** Tests that work ends at its deadline, without having written anything. */
export function keepsDeadlines(store: GetStore): void {
  let deal: Deal & { readonly positions: readonly [Position] };
  beforeAll(async () => {
    deal = await keepDeal(store(), ({ asset }) => [aPosition(asset)] as const);
  });
  const passed: Deadline = { remainingMs: () => 0 };
  const isAsBefore = async () =>
    expect(await store().read('ALL').positions.byIds([deal.positions[0].id])).toEqual(deal.positions);

  /** Every kind of read, on one table. */
  const QUESTIONS: readonly (readonly [string, (read: Readers) => unknown])[] = [
    ['byIds', (read) => read.positions.byIds([deal.positions[0].id])],
    ['pages', (read) => pageOf(read.positions)],
    ['counts', (read) => read.positions.counts([{ where: {} }])],
    ['positionTotals', (read) => read.positionTotals([{ where: {} }])],
    ['unreadCounts', (read) => read.unreadCounts([{ sessionId: deal.positions[0].id, participantReference: 'bob' }])],
  ];

  describe.each(QUESTIONS)('the deadline of %s', (_name, question) => {
    it('the read returns the usual result before its deadline', async () => {
      const answer = await question(store().read('ALL'));
      expect(await question(store().read('ALL', deadlineIn(60_000)))).toEqual(answer);
      expect(await store().snapshot('ALL', async (read) => question(read), deadlineIn(60_000))).toEqual(answer);
    });

    it('the read fails with DeadlineExceededError after its deadline', async () => {
      const lateRead = async () => question(store().read('ALL', passed));
      await expect(lateRead()).rejects.toThrow(DeadlineExceededError);
      const until = manualDeadline();
      const late = async (read: Readers) => {
        until.pass();
        return question(read);
      };
      await expect(store().snapshot('ALL', late, until)).rejects.toThrow(DeadlineExceededError);
    });
  });

  it('a transaction before its deadline is executed', async () => {
    const [{ id }] = deal.positions;
    const rows = await store().transact('ALL', async (tx) => tx.positions.lock([id]), deadlineIn(60_000));
    expect(rows).toEqual(deal.positions);
  });

  it('a transaction after its deadline is not begun', async () => {
    let begun = 0;
    const work = async () => (begun += 1);
    await expect(store().transact('ALL', work, passed)).rejects.toThrow(DeadlineExceededError);
    await expect(store().snapshot('ALL', work, passed)).rejects.toThrow(DeadlineExceededError);
    expect(begun).toBe(0);
  });

  it.each<[string, (tx: Writers, position: Position) => Promise<unknown>]>([
    ['that has written', async () => undefined],
    ['that has locked and written', async (tx, { id }) => tx.positions.lock([id])],
    ['that has read and written', async (tx, { id }) => tx.positions.byIds([id])],
  ])('a transaction %s writes nothing after its deadline, and releases its locks', async (_what, first) => {
    const until = manualDeadline();
    const [position] = deal.positions;
    const work = store().transact(
      'ALL',
      async (tx) => {
        await first(tx, position);
        tx.positions.replace(funded(position));
        until.pass();
      },
      until,
    );
    await expect(work).rejects.toThrow(DeadlineExceededError);
    await isAsBefore();
    await store().transact('ALL', async (tx) => tx.positions.lock([position.id]));
  });

  it('a transaction waits for locks of others at most until its deadline, and the others continue', async () => {
    const [position] = deal.positions;
    const [held, leave] = [gate(), gate()];
    const holder = store().transact('ALL', async (tx) => {
      await tx.positions.lock([position.id]);
      held.open();
      await leave.opened;
      return 'done';
    });
    await held.opened;
    const work = store().transact(
      'ALL',
      async (tx) => {
        await tx.positions.lock([position.id]);
        tx.positions.replace(funded(position));
      },
      deadlineIn(50),
    );
    await expect(work).rejects.toThrow(DeadlineExceededError);
    leave.open();
    expect(await holder).toBe('done');
    await isAsBefore();
  });
}
