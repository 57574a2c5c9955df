import { beforeAll, describe, expect, it } from 'vitest';
import { newLedgerEvent, postingsOf } from '../../src/domain/ledgerEvent.ts';
import { embedLedger } from '../../src/store/postgres/embedLedger.ts';
import type { Store } from '../../src/store/store.ts';
import { verify } from '../../src/verify/verify.ts';
import { aDeal, anEvent, aPosition, funded, keep, nextId } from '../store/rows.ts';
import { did } from '../support/accounting.ts';
import { asAdmin } from '../support/admin.ts';
import { fundedPosition, makeDeal } from '../support/deal.ts';
import { serve } from '../support/server.ts';
import { openPostgresAt } from '../support/stores.ts';

const { institution, template, asset } = aDeal();
const position = funded(aPosition(asset));
const event = anEvent(position, { move: 'FUND', moved: 100n });
const ledgerEvent = newLedgerEvent(nextId('led'), event);
const postings = postingsOf(ledgerEvent, event);

describe('a ledger event in the row of its lifecycle event', () => {
  let store: Store;
  let url: string;
  let positionId: string;

  const run = (statement: string) =>
    asAdmin(url, async (admin) => (await admin.query<{ readonly count: number }>(statement)).rows[0]?.count);

  beforeAll(async () => {
    ({ store, url } = await openPostgresAt());
    const server = serve(store);
    ({ id: positionId } = await fundedPosition(server, await makeDeal(server)));
    await did(server, 'releasePosition', { positionId, amount: '40' });
  });

  it('the moves of a position write no rows of ledger events and postings', async () => {
    expect(await run('select count(*)::int as count from ledger_events')).toBe(0);
    expect(await run('select count(*)::int as count from postings')).toBe(0);
    expect(await run('select count(*)::int as count from ledger_entries where id is not null')).toBe(3);
    expect(await run('select count(*)::int as count from ledger_postings')).toBe(4);
  });

  it.each([
    ['other amounts', "replace(legs, '4000', '3000')", /moved 4000 in event 3, its postings 3000/],
    ['other accounts', "replace(legs, 'PAYEE', 'FEE')", /has released 4000, its postings 0/],
    ['no postings', 'null', /moved 4000 in event 3, its postings 0/],
  ])('verification reports %s', async (_what, legs, message) => {
    const own = `where position_id = '${positionId}' and sequence = 3`;
    const kept = await asAdmin(url, (admin) =>
      admin.query<{ legs: string }>(`select legs from lifecycle_events ${own}`),
    );
    await run(`update lifecycle_events set legs = ${legs} ${own}`);
    expect((await verify(store)).difference).toMatchObject({
      positionId,
      message: expect.stringMatching(message) as unknown,
    });
    await run(`update lifecycle_events set legs = '${kept.rows[0]?.legs}' ${own}`);
    expect((await verify(store)).difference).toBeNull();
  });

  it('a ledger event that is written later than its lifecycle event has a row of its own, and is read like the others', async () => {
    await keep(store, {
      institutions: [institution],
      assetTemplates: [template],
      assets: [asset],
      positions: [position],
      lifecycleEvents: [event],
    });
    await store.transact('ALL', async (tx) => {
      tx.ledgerEvents.insert(ledgerEvent);
      for (const posting of postings) tx.postings.insert(posting);
    });
    expect(await store.read('ALL').ledgerEvents.byIds([ledgerEvent.id])).toEqual([ledgerEvent]);
    expect(await run('select count(*)::int as count from ledger_events')).toBe(1);
    expect(await run('select count(*)::int as count from postings')).toBe(2);
  });
});

describe('embedLedger', () => {
  it('moves a ledger event and its postings into the row of its lifecycle event', () => {
    expect(embedLedger([event], [ledgerEvent], postings)).toEqual({
      lifecycleEvents: [{ ...event, ledgerEventId: ledgerEvent.id, legs: 'PAYER -100,ESCROW 100' }],
      ledgerEvents: [],
      postings: [],
    });
  });

  const [first, second] = postings;
  const other = { ...first, amount: -99n } as typeof first;
  it.each([
    ['its kind differs', { ...ledgerEvent, kind: 'POSITION_CHANGED' as const }, postings],
    ['its sequence differs', { ...ledgerEvent, sequence: 9 }, postings],
    ['its lifecycle event is another one', { ...ledgerEvent, lifecycleEventId: nextId('evt') }, postings],
    ['a posting has another id', ledgerEvent, [{ ...first, id: 'x' }, second]],
    ['a posting has another currency', ledgerEvent, postings.map((row) => ({ ...row, currency: 'EUR' as const }))],
    ['the ordinals have a gap', ledgerEvent, [first, { ...second, ordinal: 3 }]],
    ['the postings do not add up to zero', ledgerEvent, [other, second]],
  ])('leaves a ledger event in a row of its own if %s', (_why, entry, legs) => {
    const own = legs as typeof postings;
    const rows = {
      lifecycleEvents: [{ ...event, ledgerEventId: null, legs: null }],
      ledgerEvents: [entry],
      postings: own,
    };
    expect(embedLedger([event], [entry], own)).toEqual(rows);
  });
});
