import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, formatInstant, HOUR_MS } from '../../src/domain/time.ts';
import type { Duration, TestServer } from '../../src/testing/index.ts';
import { COUNTS } from '../counts.ts';
import { type EventStream, openEvents, resultOf } from '../support/eventSource.ts';
import { checked } from '../support/random.ts';
import { ask, headersWith, POSITION, started } from './ask.ts';

const START = Date.parse('2026-01-01T00:00:00.000Z');

describe('a clock', () => {
  it('stands still until it is advanced, and returns the time', async () => {
    const { clock } = await started({ now: new Date(START) });
    expect(clock.now()).toEqual(new Date(START));
    expect(await clock.advance({ days: 1, hours: 1, seconds: 0.5 })).toEqual(new Date(START + DAY_MS + HOUR_MS + 500));
    expect(await clock.advanceTo('2026-03-01T00:00:00Z')).toEqual(new Date('2026-03-01T00:00:00Z'));
    expect(await clock.advance(0)).toEqual(clock.now());
  });

  it('cannot be set backwards or to a time that does not exist', async () => {
    const { clock } = await started();
    const invalid: readonly (readonly [unknown, string])[] = [
      [-1, 'The clock cannot be set backwards: `milliseconds` is -1. Use reset() or restore().'],
      [{ days: -1 }, 'The clock cannot be set backwards: `days` is -1.'],
      [{ days: 2, hours: -1 }, 'The clock cannot be set backwards: `hours` is -1.'],
      [Number.NaN, '`milliseconds` must be a finite number; it is NaN.'],
      [Number.POSITIVE_INFINITY, '`milliseconds` must be a finite number'],
      [{ day: 1 }, 'A duration has no unit `day`. Use days, hours, minutes, seconds, milliseconds.'],
      [{ days: 1e9 }, '`now` must be a time such as'],
      [{ days: '1' }, '`days` must be a finite number'],
    ];
    for (const [duration, message] of invalid)
      await expect(clock.advance(duration as Duration)).rejects.toThrow(message);
    await expect(clock.advanceTo('2025-12-31T23:59:59.999Z')).rejects.toThrow(
      'The clock cannot be set backwards: it is 2026-01-01T00:00:00.000Z, and 2025-12-31T23:59:59.999Z is earlier.',
    );
    await expect(clock.advanceTo('soon')).rejects.toThrow('`time` must be a time such as');
    expect(clock.now()).toEqual(new Date(START));
  });
});

/** A position or a conversation of the model, with times in hours after the start. */
interface Deal {
  readonly expiresAfter: number | null;
  readonly state: 'CREATED' | 'FUNDED' | 'PARTIALLY_RELEASED' | 'RELEASED';
  /** The hour at which the position's conversation is deleted; null if it is not. */
  readonly chatDeletedAfter: number | null;
}
const MAX_HOURS = 80 * 24;
const RETENTION_HOURS = 30 * 24;
const hours = fc.integer({ min: 1, max: MAX_HOURS });
const deals: fc.Arbitrary<readonly Deal[]> = fc.array(
  fc.record({
    expiresAfter: fc.option(hours),
    state: fc.constantFrom('CREATED', 'FUNDED', 'PARTIALLY_RELEASED', 'RELEASED'),
    chatDeletedAfter: fc.option(hours),
  }),
  { minLength: 1, maxLength: 12 },
);

const LISTS = `{
  positions(first: 100, orderBy: { field: CREATED_AT, direction: ASC }) {
    nodes { id state updatedAt version events(first: 9) { nodes { id toState createdAt actor { kind } } } }
  }
  chatSessions(first: 100, filter: { includeDeleted: true }) { nodes { id deletedAt messageCount } }
  auditEvents(first: 100) { nodes { id action createdAt } }
}`;
const DELETE = 'mutation ($id: ID!) { deleteChatSession(input: { chatSessionId: $id }) { __typename } }';

/** Writes the deals, and advances to the end in steps that end at the given hours and at those of the deletions. */
async function live(server: TestServer, all: readonly Deal[], end: number, steps: readonly number[]): Promise<string> {
  const chats: string[] = [];
  for (const { state, expiresAfter } of all) {
    const expiry = expiresAfter === null ? {} : { expiresAt: START + expiresAfter * HOUR_MS };
    const { id: positionId } = await server.seed.position({ state, ...expiry });
    chats.push((await server.seed.chatSession({ positionId, messages: ['Is it there?'] })).id);
  }
  const deletions = all.map(({ chatDeletedAfter }) => chatDeletedAfter ?? end);
  const times = [...new Set([...steps, ...deletions, end])].filter((hour) => hour <= end).toSorted((a, b) => a - b);
  for (const hour of times) {
    await server.clock.advanceTo(START + hour * HOUR_MS);
    for (const [index, { chatDeletedAfter }] of all.entries()) {
      if (chatDeletedAfter === hour && hour < end) await ask(server, DELETE, { id: chats[index] });
    }
  }
  return (await ask(server, LISTS)).text;
}

it('has after any number of steps the state that a running server would have', async () => {
  const server = await started();
  await checked(
    COUNTS.advancedDeals,
    fc.asyncProperty(deals, hours, fc.array(hours, { maxLength: 8 }), async (all, end, steps) => {
      await server.reset();
      const atOnce = await live(server, all, end, []);
      const { data } = JSON.parse(atOnce) as {
        readonly data: {
          readonly positions: { readonly nodes: readonly { readonly state: string; readonly updatedAt: string }[] };
          readonly chatSessions: { readonly nodes: readonly unknown[] };
        };
      };
      const expected = all.map(({ state, expiresAfter }) => {
        const expires = expiresAfter !== null && expiresAfter <= end && state !== 'RELEASED';
        return {
          state: expires ? 'EXPIRED' : state,
          updatedAt: formatInstant(expires ? START + expiresAfter * HOUR_MS : START),
        };
      });
      expect(data.positions.nodes.map(({ state, updatedAt }) => ({ state, updatedAt }))).toEqual(expected);
      const kept = all.filter(({ state, expiresAfter, chatDeletedAfter: hour }) => {
        if (hour === null || hour >= end - RETENTION_HOURS) return true;
        const isClosedAt = (time: number): boolean => state === 'RELEASED' || (expiresAfter ?? Infinity) <= time;
        // The conversation of a position that holds money cannot be deleted, and that of an open one is not purged.
        const isDeleted = state === 'CREATED' || isClosedAt(hour);
        return !isDeleted || !isClosedAt(end);
      });
      expect(data.chatSessions.nodes).toHaveLength(kept.length);
      await server.reset();
      expect(await live(server, all, end, steps)).toBe(atOnce);
    }),
  );
  expect(server.internalErrors()).toEqual([]);
});

const FOLLOW = `subscription ($institutionId: ID) {
  positionChanged(institutionId: $institutionId) { kind position { state } event { createdAt } }
}`;

async function follow(server: TestServer, key: string): Promise<EventStream> {
  const variables = { institutionId: server.institutionId };
  const stream = await openEvents(server.url, { query: FOLLOW, variables, headers: headersWith(key) });
  expect(resultOf(await stream.next()).data).toMatchObject({ positionChanged: { kind: 'CAUGHT_UP' } });
  return stream;
}

it('delivers the changes of an advance to subscribers in order, each at its own time', async () => {
  const server = await started();
  for (const days of [30, 10, 20]) await server.seed.position({ expiresAt: START + days * DAY_MS });
  const stream = await follow(server, server.keys.readOnly);
  await server.clock.advance({ days: 40 });
  const results = [await stream.next(), await stream.next(), await stream.next()].map((event) => resultOf(event).data);
  stream.close();
  expect(results).toEqual(
    [10, 20, 30].map((days) => ({
      positionChanged: {
        kind: 'UPDATED',
        position: { state: 'EXPIRED' },
        event: { createdAt: formatInstant(START + days * DAY_MS) },
      },
    })),
  );
});

it('ends the subscriptions of an API key that expires during an advance before later changes', async () => {
  const server = await started();
  await server.seed.position({ expiresAt: START + 10 * DAY_MS });
  const { token } = await server.seed.apiKey({ role: 'READ_ONLY', expiresAt: START + 5 * DAY_MS });
  const stream = await follow(server, token);
  await server.clock.advance({ days: 40 });
  expect(resultOf(await stream.next()).errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
  stream.close();
  expect((await ask(server, POSITION, { id: 'pos_x' }, { key: token })).status).toBe(401);
});

it('records when API keys were last used', async () => {
  const server = await started();
  const lastUse = async () => ask(server, '{ institutions { nodes { apiKeys { nodes { role lastUsedAt } } } } }');
  await ask(server, '{ lifecycle { state } }', {}, { key: server.keys.admin });
  expect((await lastUse()).text).not.toContain('"lastUsedAt":"');
  await server.clock.advance({ minutes: 5 });
  expect((await lastUse()).text).toContain('"role":"ADMIN","lastUsedAt":"2026-01-01T00:00:00.000Z"');
});
