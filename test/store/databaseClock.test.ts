import { expect, it, vi } from 'vitest';
import { deadlineIn } from '../../src/store/deadline.ts';
import { DatabaseClock } from '../../src/store/postgres/databaseClock.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { asAdmin } from '../support/admin.ts';
import { openPostgresAt } from '../support/stores.ts';

const HOUR_MS = 3_600_000;

/** Notes a time that the database states now, in answer to a statement that was sent some time ago. */
const noteIn = (clock: DatabaseClock, now: number, tookMs = 0): void => clock.note({ now }, performance.now() - tookMs);

it('the clock is that of the machine until the database has stated its time', () => {
  const clock = new DatabaseClock();
  const before = Date.now();
  expect(clock.now()).toBeGreaterThanOrEqual(before);
  expect(clock.now()).toBeLessThanOrEqual(Date.now());
  expect(clock.isInStep()).toBe(true);
});

it('the clock follows the database, whatever the clock of the machine is set to', () => {
  const clock = new DatabaseClock();
  noteIn(clock, Date.now() - HOUR_MS);
  const stated = clock.now();
  expect(Math.abs(Date.now() - HOUR_MS - stated)).toBeLessThan(HOUR_MS / 2);
  vi.spyOn(Date, 'now').mockReturnValue(0);
  expect(clock.now()).toBeGreaterThanOrEqual(stated);
  expect(clock.now() - stated).toBeLessThan(HOUR_MS / 2);
  vi.restoreAllMocks();
});

it('an answer that took long changes nothing that a faster answer has stated more exactly', () => {
  const clock = new DatabaseClock();
  const real = Date.now();
  noteIn(clock, real);
  const before = clock.now() - performance.now();
  // It was stated at some time within the last hour, so that the time may be up to an hour later now.
  noteIn(clock, real - HOUR_MS / 2, HOUR_MS);
  expect(Math.abs(clock.now() - performance.now() - before)).toBeLessThan(2);
  // This is a later time than the clock can have reached.
  noteIn(clock, real + HOUR_MS);
  expect(clock.now() - performance.now() - before).toBeGreaterThan(HOUR_MS / 2);
});

it('a difference above the limit is out of step, and one below it is not', () => {
  const clock = new DatabaseClock(HOUR_MS);
  noteIn(clock, Date.now() - 2 * HOUR_MS);
  expect(clock.isInStep()).toBe(false);
  noteIn(clock, Date.now() + HOUR_MS / 2);
  expect(clock.isInStep()).toBe(true);
});

it('a transaction that writes decides by the time of the database, of the moment at which it began', async () => {
  const { url } = await openPostgresAt();
  const store = createPostgresStore({ databaseUrl: url, onError: () => undefined });
  const real = await asAdmin(url, async (admin) => {
    const { rows } = await admin.query<{ now: Date }>('select clock_timestamp() as now');
    return rows[0]?.now.getTime() ?? 0;
  });
  vi.spyOn(Date, 'now').mockReturnValue(real + 31 * 24 * HOUR_MS);
  try {
    const decided = await store.transact(
      'ALL',
      async (tx) => {
        await tx.institutions.byIds([]);
        await tx.lockDue(0, 1);
        return store.clock?.now() ?? 0;
      },
      deadlineIn(10_000),
    );
    expect(decided).toBeGreaterThanOrEqual(real - 1);
    expect(decided - real).toBeLessThan(HOUR_MS);
    expect(await store.findFault()).toBe('clock_skewed');
  } finally {
    vi.restoreAllMocks();
    await store.close();
  }
});
