import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Deal, fundedPosition, makeDeal, openPosition } from '../support/deal.ts';
import {
  isBegin,
  isCommit,
  isCommitted,
  isEnded,
  isWrite,
  type Link,
  messageOf,
  noticeMessage,
  queryMessage,
  type Tap,
} from '../support/proxy.ts';
import {
  ACCOUNTS,
  accountsAfter,
  answered,
  DRIVERS_WORDS,
  hasNoFaults,
  nothingGoesUnheard,
  type Proxied,
  proxied,
  release,
} from './fixtures.ts';

nothingGoesUnheard();

let given: Proxied;
let deal: Deal;
beforeAll(async () => {
  given = await proxied();
  deal = await makeDeal(given.server);
});
beforeEach(() => {
  given.server.viewer = { role: 'ADMIN', institutionId: deal.institution.id };
});
afterEach(() => {
  given.proxy.tap = {};
  hasNoFaults(given.server);
});

/** Damages the first transaction after the spared ones, or all of them, and counts how often. */
function damage(tapOf: (link: Link) => Tap, spared: number, everyTime = false): { times: number } {
  const done = { times: -spared };
  const taps = new Map<Link, Tap>();
  given.proxy.tap = {
    fromClient: (message, link) => {
      if (isBegin(message) && (everyTime || done.times <= 0)) {
        done.times += 1;
        if (done.times > 0) taps.set(link, tapOf(link));
      }
      return taps.get(link)?.fromClient?.(message, link);
    },
    fromServer: (message, link) => {
      const passing = taps.get(link)?.fromServer?.(message, link);
      if (isEnded(message)) taps.delete(link);
      return passing;
    },
  };
  return done;
}

const cutAt = (when: typeof isBegin, keepServerMs = 0): Tap => ({
  fromClient: (message, link) => {
    if (!when(message)) return;
    link.cut(keepServerMs);
    return false;
  },
});

const asRollback: Tap = { fromClient: (message) => (isCommit(message) ? queryMessage('rollback') : undefined) };

/** Makes COMMIT fail with this SQLSTATE, which rolls back the transaction. */
const failingCommit = (code: string): Tap => ({
  fromClient: (message) =>
    isCommit(message) ? queryMessage(`do 'begin raise exception using errcode = ''${code}''; end'`) : undefined,
});

/** Lets COMMIT succeed, with a notice of this SQLSTATE in its response. */
const noticedCommit = (code: string): Tap => ({
  fromServer: (message) =>
    isCommitted(message) ? Buffer.concat([noticeMessage(code), messageOf(message.type, message.text)]) : undefined,
});

/**
 * The outcome for the client. DONE: the call succeeds. UNKNOWN: COMMIT was sent and not acknowledged, and no proof of
 * it is found, so the result is SERVICE_UNAVAILABLE. UNKNOWN_IF_SENT_AT_ONCE: the same, but only for a transaction that
 * is sent in one round trip.
 */
type Outcome = 'DONE' | 'UNKNOWN' | 'UNKNOWN_IF_SENT_AT_ONCE';

const DAMAGES: readonly (readonly [string, (link: Link) => Tap, Outcome])[] = [
  ['COMMIT returns ROLLBACK', () => asRollback, 'DONE'],
  ['COMMIT fails with a serialization failure', () => failingCommit('40001'), 'DONE'],
  ['COMMIT fails with a unique violation', () => failingCommit('23505'), 'DONE'],
  ['COMMIT fails with a full disk', () => failingCommit('53100'), 'UNKNOWN'],
  ['COMMIT fails with an I/O error', () => failingCommit('58030'), 'UNKNOWN'],
  ['COMMIT fails because the server shuts down', () => failingCommit('57P01'), 'UNKNOWN'],
  ['COMMIT fails because the transaction is read-only', () => failingCommit('25006'), 'UNKNOWN'],
  ['COMMIT returns a notice', () => noticedCommit('00000'), 'DONE'],
  ['COMMIT returns a warning', () => noticedCommit('01000'), 'DONE'],
  ['the connection is cut before its first statement arrives', () => cutAt(isBegin), 'UNKNOWN_IF_SENT_AT_ONCE'],
  ['the connection is cut before the write arrives', () => cutAt(isWrite), 'UNKNOWN'],
  [
    'the connection is cut before COMMIT arrives, and the server still waits for it',
    () => cutAt(isCommit, 150),
    'UNKNOWN',
  ],
  [
    'the connection is cut after COMMIT was sent, and no response arrives',
    (link) => ({
      fromClient: (message) => void (isCommit(message) && link.mute()),
      fromServer: (message) => void (isCommitted(message) && link.cut()),
    }),
    'DONE',
  ],
  [
    'the connection is cut after COMMIT was sent, which arrives after the look-up of the commit',
    (link) => ({
      fromClient: (message) => {
        if (!isCommit(message)) return;
        link.cut(400);
        setTimeout(() => link.send(queryMessage('commit')), 150);
        return false;
      },
    }),
    'DONE',
  ],
];

/** A call, its result, and how often it was executed. */
interface Call {
  readonly send: () => ReturnType<typeof release>;
  /** The number of transactions before the one that writes. */
  readonly before: number;
  /** Whether the transaction reads nothing, so that it is sent in one round trip. */
  readonly isSentAtOnce: boolean;
  readonly typeOrCode: string;
  readonly count: () => Promise<unknown>;
  readonly once: unknown;
  readonly never: unknown;
}

const CALLS: Readonly<Record<string, () => Promise<Call>>> = {
  'a release with an idempotency key': async () => releaseCall(randomUUID()),
  'a release without an idempotency key': async () => releaseCall(),
  'a user error': async () => {
    const { id } = await openPosition(given.server, deal);
    return {
      send: () => release(given.server, { positionId: id, amount: '10' }),
      // The rejected change is rolled back; its audit event is a separate transaction.
      before: 1,
      isSentAtOnce: true,
      typeOrCode: 'IllegalTransitionError',
      count: () =>
        given.row(`select count(*)::int as n from audit_events where resource_id = $1 and outcome = 'FAILURE'`, id),
      once: { n: 1 },
      never: { n: 0 },
    };
  },
  'a new institution': async () => {
    const name = randomUUID();
    given.server.viewer = { role: 'ROOT' };
    const document = `mutation ($input: CreateInstitutionInput!) { createInstitution(input: $input) { __typename } }`;
    return {
      send: () => answered(given.server, document, { input: { name, regions: ['US'] } }),
      before: 0,
      isSentAtOnce: true,
      typeOrCode: 'CreateInstitutionPayload',
      count: () => given.row('select count(*)::int as n from institutions where name = $1', name),
      once: { n: 1 },
      never: { n: 0 },
    };
  },
};

async function releaseCall(idempotencyKey?: string): Promise<Call> {
  const { id } = await fundedPosition(given.server, deal);
  const input = { positionId: id, amount: '10', ...(idempotencyKey !== undefined && { idempotencyKey }) };
  return {
    send: () => release(given.server, input),
    before: 0,
    isSentAtOnce: false,
    typeOrCode: 'ReleasePositionPayload',
    count: () => given.row(ACCOUNTS, id),
    once: accountsAfter(1),
    never: accountsAfter(0),
  };
}

describe.each(DAMAGES)('%s', (_name, tapOf, outcome) => {
  it.each(Object.keys(CALLS))('%s is executed once, or fails and is executed by a retry', async (name) => {
    const call = await (CALLS[name] as (typeof CALLS)[string])();
    const done = damage(tapOf, call.before);
    const isUnknown = outcome === 'UNKNOWN' || (outcome === 'UNKNOWN_IF_SENT_AT_ONCE' && call.isSentAtOnce);
    const failures = isUnknown ? [await call.send()] : [];
    expect(failures.map((failure) => failure.typeOrCode)).toEqual(isUnknown ? ['SERVICE_UNAVAILABLE'] : []);
    expect(failures.map(({ text }) => text).join()).not.toMatch(DRIVERS_WORDS);
    // The server never runs the call again by itself.
    expect(await call.count()).toEqual(call.never);
    const { typeOrCode, result } = await call.send();
    expect({ typeOrCode, replayed: result?.replayed ?? false }).toEqual({
      typeOrCode: call.typeOrCode,
      replayed: false,
    });
    expect(done.times).toBe(1);
    expect(await call.count()).toEqual(call.once);
  });
});

it.each(['a release with an idempotency key', 'a user error'])(
  '%s changes nothing if every COMMIT returns ROLLBACK',
  async (name) => {
    const call = await (CALLS[name] as (typeof CALLS)[string])();
    const done = damage(() => asRollback, call.before, true);
    const { typeOrCode, text } = await call.send();
    expect(typeOrCode).toBe('SERVICE_UNAVAILABLE');
    expect(text).not.toMatch(DRIVERS_WORDS);
    expect(done.times).toBe(4);
    expect(await call.count()).toEqual(call.never);
  },
);
