import { beforeEach, describe, expect, it } from 'vitest';
import { type AuditEvent, SERVER_INSTITUTION_ID } from '../../src/domain/auditEvent.ts';
import { MINUTE_MS, minuteOf } from '../../src/domain/time.ts';
import { createIds } from '../../src/ids.ts';
import {
  MAX_API_KEY_EVENTS_PER_MINUTE,
  MAX_UNAUTHENTICATED_EVENTS_PER_MINUTE,
  RejectionLog,
} from '../../src/server/access/rejectionLog.ts';
import { UnavailableError } from '../../src/store/errors.ts';
import type { Store } from '../../src/store/store.ts';
import { anInstitution, keep, nextId } from '../store/rows.ts';
import { START } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

const SECOND_MS = 1_000;

onBothStores((open) => {
  let opened: Promise<Store> | undefined;
  let store: Store;
  /** Whether the store rejects writes. */
  let away = false;
  /** Whether the store writes and reports that it is unavailable. */
  let isUnconfirmed = false;
  let now = START;
  let trail: RejectionLog;
  beforeEach(async () => {
    store = await (opened ??= open());
    away = false;
    // Each test has its own minutes.
    now = minuteOf(now) + 100 * MINUTE_MS;
    const clock = (): number => now;
    trail = new RejectionLog({ store: refusing(), newId: createIds(clock), clock });
  });
  const newInstitution = async (): Promise<string> => {
    const institution = anInstitution();
    await keep(store, { institutions: [institution] });
    return institution.id;
  };
  const refusing = (): Store => ({
    ...store,
    transact: async (scope, work) => {
      if (away) throw new Error('The record is away.');
      const result = await store.transact(scope, work);
      if (isUnconfirmed) throw new UnavailableError('The outcome is unknown.');
      return result;
    },
  });

  /** The audit events written since the test began. */
  const written = async (institutionId?: string): Promise<readonly AuditEvent[]> => {
    const [page] = await store.read(institutionId === undefined ? 'ALL' : { institutionId }).auditEvents.pages([
      {
        where: { createdAt: { range: { gte: now - 50 * MINUTE_MS } } },
        order: { by: ['createdAt'], direction: 'ASC' },
        limit: 5_000,
        backward: false,
        after: null,
        before: null,
      },
    ]);
    return page?.rows ?? [];
  };
  const recorded = async (): Promise<readonly string[]> =>
    (await written()).map(({ action, payload }) => {
      const { address, occurrences } = payload as { readonly address: string | null; readonly occurrences: number };
      return `${action} ${address ?? 'others'} ${occurrences}`;
    });
  const passMinute = async (): Promise<void> => {
    now += MINUTE_MS;
    await trail.flush();
  };

  it('one event per minute, address and action is written after the minute, with the number of occurrences', async () => {
    const first = now + SECOND_MS;
    for (const [index, address] of ['203.0.113.9', '2001:db8::/64', '203.0.113.9'].entries()) {
      now = first + index;
      trail.note('ACCESS_REFUSED', address);
    }
    trail.note('RATE_LIMITED', '203.0.113.9');
    await trail.flush();
    expect(await written()).toEqual([]);
    await passMinute();
    expect((await recorded()).toSorted()).toEqual([
      'ACCESS_REFUSED 2001:db8::/64 1',
      'ACCESS_REFUSED 203.0.113.9 2',
      'RATE_LIMITED 203.0.113.9 1',
    ]);
    const [event] = await written();
    expect(event).toEqual({
      id: expect.stringMatching(/^aud_/) as unknown,
      institutionId: SERVER_INSTITUTION_ID,
      action: 'ACCESS_REFUSED',
      outcome: 'FAILURE',
      actorKind: 'ANONYMOUS',
      apiKeyId: null,
      resourceType: null,
      resourceId: null,
      requestId: null,
      errorCode: 'UNAUTHENTICATED',
      payload: { address: '203.0.113.9', occurrences: 2 },
      createdAt: first,
    });
    await passMinute();
    expect(await written()).toHaveLength(3);
    expect(trail.size).toBe(0);
  });

  it('rejections over several minutes write one event per minute', async () => {
    for (let seconds = 0; seconds < 180; seconds += 1) {
      trail.note('ACCESS_REFUSED', '203.0.113.9');
      now += SECOND_MS;
      if (seconds % 10 === 0) await trail.flush();
    }
    await trail.flush();
    expect(await recorded()).toEqual(Array.from({ length: 3 }, () => 'ACCESS_REFUSED 203.0.113.9 60'));
  });

  it('rejections of an API key are in the audit log of its institution, once for any number of addresses', async () => {
    const key = { institutionId: await newInstitution(), apiKeyId: nextId('key') };
    const other = { institutionId: await newInstitution(), apiKeyId: nextId('key') };
    trail.note('RATE_LIMITED', '203.0.113.9', key);
    trail.note('RATE_LIMITED', '198.51.100.1', key);
    trail.note('RATE_LIMITED', '203.0.113.9', other);
    await passMinute();
    expect(await written(key.institutionId)).toMatchObject([
      {
        ...key,
        action: 'RATE_LIMITED',
        outcome: 'FAILURE',
        errorCode: 'RATE_LIMITED',
        actorKind: 'API_KEY',
        payload: { address: '203.0.113.9', occurrences: 2 },
      },
    ]);
    expect(await written(other.institutionId)).toMatchObject([{ ...other, payload: { occurrences: 1 } }]);
    expect(await written()).toHaveLength(2);
  });

  describe('predecessor mistake 12: each unauthenticated request wrote an audit row', () => {
    it('rejections of many addresses write a bounded number of events, one for the rest, and use bounded memory', async () => {
      const flood = 20_000;
      for (let index = 0; index < flood; index += 1) trail.note('ACCESS_REFUSED', `address ${index}`);
      expect(trail.size).toBe(MAX_UNAUTHENTICATED_EVENTS_PER_MINUTE + 1);
      trail.note('RATE_LIMITED', 'address 0');
      trail.note('ACCESS_REFUSED', 'address 0');
      expect(trail.size).toBe(MAX_UNAUTHENTICATED_EVENTS_PER_MINUTE + 2);
      await passMinute();
      const events = await recorded();
      expect(events).toHaveLength(MAX_UNAUTHENTICATED_EVENTS_PER_MINUTE + 2);
      expect(events).toContain('ACCESS_REFUSED address 0 2');
      expect(events).toContain('ACCESS_REFUSED address 59 1');
      expect(events).toContain(`ACCESS_REFUSED others ${flood - MAX_UNAUTHENTICATED_EVENTS_PER_MINUTE}`);
      expect(events).toContain('RATE_LIMITED others 1');
    });

    it('events of unauthenticated clients do not use the budget of API keys, which is bounded as well', async () => {
      for (let index = 0; index < 1_000; index += 1) trail.note('ACCESS_REFUSED', `address ${index}`);
      const institutionId = await newInstitution();
      for (let index = 0; index < MAX_API_KEY_EVENTS_PER_MINUTE + 5; index += 1) {
        trail.note('RATE_LIMITED', 'here', { institutionId, apiKeyId: `key ${index}` });
      }
      await passMinute();
      expect(await written(institutionId)).toHaveLength(MAX_API_KEY_EVENTS_PER_MINUTE);
      expect(await recorded()).toContain('RATE_LIMITED others 5');
      expect(await written()).toHaveLength(MAX_API_KEY_EVENTS_PER_MINUTE + MAX_UNAUTHENTICATED_EVENTS_PER_MINUTE + 2);
    });
  });

  it('events that could not be written are written later completely, with bounded memory', async () => {
    away = true;
    for (let minute = 0; minute < 10; minute += 1) {
      for (let index = 0; index < 100; index += 1) trail.note('ACCESS_REFUSED', `address ${minute * 50 + index}`);
      now += MINUTE_MS;
      await expect(trail.flush()).rejects.toThrow('away');
      expect(trail.size).toBe(MAX_UNAUTHENTICATED_EVENTS_PER_MINUTE + 1);
    }
    away = false;
    await trail.flush();
    expect(trail.size).toBe(0);
    const events = await written();
    expect(events).toHaveLength(MAX_UNAUTHENTICATED_EVENTS_PER_MINUTE + 1);
    expect(events.reduce((sum, { payload }) => sum + Number(payload?.['occurrences']), 0)).toBe(1_000);
    expect(new Set(events.map(({ createdAt }) => createdAt)).size).toBe(1);
  });

  it('events are written once if the store wrote them and reported that it was unavailable', async () => {
    isUnconfirmed = true;
    trail.note('ACCESS_REFUSED', 'a');
    await expect(passMinute()).rejects.toThrow(UnavailableError);
    expect(trail.size).toBe(1);
    isUnconfirmed = false;
    trail.note('ACCESS_REFUSED', 'b');
    await passMinute();
    expect((await recorded()).toSorted()).toEqual(['ACCESS_REFUSED a 1', 'ACCESS_REFUSED b 1']);
    expect(trail.size).toBe(0);
  });

  it('rejections recorded during a write are written with the next', async () => {
    trail.note('ACCESS_REFUSED', 'a');
    now += MINUTE_MS;
    const flushing = trail.flush();
    trail.note('ACCESS_REFUSED', 'a');
    await flushing;
    expect(await recorded()).toEqual(['ACCESS_REFUSED a 1']);
    await trail.finish();
    expect(await recorded()).toEqual(['ACCESS_REFUSED a 1', 'ACCESS_REFUSED a 1']);
    expect(trail.size).toBe(0);
  });

  it('the current minute is written at the end', async () => {
    trail.note('RATE_LIMITED', 'a');
    await trail.finish();
    await trail.finish();
    expect(await recorded()).toEqual(['RATE_LIMITED a 1']);
  });
});
