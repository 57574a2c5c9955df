import type { GraphQLObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { type Callers, callersOn, cursorsIn, STREAM } from '../support/callers.ts';
import { coordinatesOf, triedBy } from '../support/coverage.ts';
import { cursorIn, cursorOfNone, forged, neverWas, type Probe, probeOf } from '../support/probes.ts';
import type { RlsFixture } from '../support/rlsFixture.ts';
import type { Said } from '../support/serveKeyed.ts';
import type { OpenStore } from '../support/stores.ts';
import { CURSOR, nodeTypes, operationsOf, type Slot, slotsOf } from '../support/surface.ts';

/** The cursor of CAUGHT_UP differs on each call. */
const SALTED = /"cursor":"[^"]*","kind":"CAUGHT_UP"/g;
/** The allowed transitions differ between viewers who may read the same position. */
const withoutOwnMoves = (text: string): string => text.replaceAll(/"viewerAllowedTransitions":\[[^\]]*\]/g, '');

const SLOTS = slotsOf(schema);
const isMutation = ({ parent }: Slot): boolean => parent === 'Mutation';
/** Reads come first, because a rejected mutation is recorded in the caller's audit log with the caller's input. */
const READS = SLOTS.filter((slot) => !isMutation(slot));
const WRITES = SLOTS.filter(isMutation);
/** Every operation, given only the caller's own data. */
const PLAIN = operationsOf(schema);
const READING = PLAIN.filter((slot) => !isMutation(slot));

interface Shown {
  readonly data: { readonly node: Readonly<Record<string, unknown>> };
}
/** Fields whose text is not chosen by a client, or not by this institution. */
const SAYS_NOTHING: ReadonlySet<string> = new Set([
  'AssetTemplate.code',
  'AssetTemplate.config',
  'AuditEvent.action',
  'AuditEvent.resourceType',
  'AuditEvent.errorCode',
  'ApiKey.prefix',
  'ChatMessage.deletionReason',
  'LifecycleEvent.partyReference',
  'Position.templateConfig',
  'WebhookDelivery.type',
]);

/** Whether the id must be that of a part of the object that the mutation names. */
const isOfTheObject = (path: readonly string[]): boolean => ['replyToId', 'milestoneId'].includes(path.at(-1) ?? '');

/** Tries every argument for ids and cursors, and every operation, as every kind of caller. */
export function everyCaller(open: OpenStore): void {
  let at: Callers;
  let before: readonly string[];
  const tried = new Map<string, Set<string>>();
  /** The values that each argument is tried with, once they are known. */
  const places = new Map<string, readonly string[]>();
  let answers = 0;

  beforeAll(async () => {
    at = await callersOn(open);
    before = await ownersAnswers();
  });
  afterAll(() => at.server.app.stop());

  /** Sends the argument as the given caller, and records what was tried. */
  async function attempt(
    who: string,
    token: string | null,
    slot: Slot,
    world: RlsFixture,
    value?: string,
  ): Promise<Said> {
    const isStream = slot.parent === 'Subscription';
    // Subscriptions start at the beginning of the stream, so that existing changes are delivered.
    const along = isStream && slot.path[0] !== 'after' ? { after: at.beginning } : {};
    const probe: Probe = probeOf(schema, slot, world, value, along);
    const by = tried.get(who) ?? new Set();
    tried.set(who, by);
    const inIt = places.get(slot.name) ?? triedBy(schema, probe, value);
    if (value !== undefined || slot.path.length === 0) places.set(slot.name, inIt);
    for (const each of inIt) by.add(each);
    answers += 1;
    const said = await at.server.ask(token, probe.query, probe.variables, isStream ? STREAM : {});
    return { ...said, text: said.text.replaceAll(SALTED, '"kind":"CAUGHT_UP"') };
  }

  const cursorOf = async (slot: Slot, world: RlsFixture): Promise<string> => {
    const { text } = await attempt(
      'somebody',
      world.admin,
      { ...slot, name: `the list of ${slot.name}`, path: [] },
      world,
    );
    const cursor = slot.parent === 'Subscription' ? cursorsIn(text).at(-2) : cursorIn(text, slot);
    return cursor ?? expect.fail(`${slot.name} has nothing to make a cursor of: ${text}`);
  };
  /** The owner's value for each argument. */
  const values = new Map<string, string>();
  const valueOf = async (slot: Slot): Promise<string> => {
    if (slot.holds !== CURSOR) return at.owner.ids[slot.holds] ?? expect.fail(`There is no ${slot.holds}.`);
    if (slot.parent === 'Subscription') return at.beginning;
    const value = values.get(slot.name) ?? (await cursorOf(slot, at.owner));
    values.set(slot.name, value);
    return value;
  };
  /** Returns values of the owner for the argument, each paired with an equivalent value that never existed. */
  async function pairsFor(slot: Slot): Promise<readonly (readonly [theirs: string, none: string])[]> {
    const value = await valueOf(slot);
    if (slot.holds !== CURSOR) return [[value, neverWas(value)]];
    // All changes of the owner come first, so the same changes follow its cursor as follow the beginning.
    if (slot.parent === 'Subscription') return [[await cursorOf(slot, at.owner), at.beginning]];
    const own = forged(await cursorOf(slot, at.other), value);
    return [value, own].map((cursor) => [cursor, cursorOfNone(cursor)] as const);
  }
  async function ownersAnswers(): Promise<readonly string[]> {
    const answer = async (slot: Slot) => attempt('somebody', at.owner.admin, slot, at.owner, await valueOf(slot));
    return (await Promise.all(READS.map(answer))).map(({ text }) => text);
  }
  const leaksOf = (text: string): readonly string[] =>
    [...at.owner.canaries, ...at.owner.all].filter((each) => text.includes(each));

  it('the admin of the owner sees the objects through every argument', () => {
    READS.forEach((slot, n) => {
      const [text = ''] = before.slice(n);
      expect([slot.name, text]).toEqual([slot.name, expect.not.stringContaining('"errors"')]);
      // The only row may be the one that the cursor refers to.
      const isShown = leaksOf(text).length > 0 || (slot.holds === CURSOR && slot.parent !== 'Subscription');
      expect([slot.name, isShown]).toEqual([slot.name, true]);
    });
  });

  it('every text of an object contains the canary, so a leak would be noticed', () => {
    for (const type of nodeTypes(schema)) {
      const { data } = JSON.parse(
        before[READS.findIndex(({ name }) => name === `Query.node(id) of ${type}`)] ?? '',
      ) as Shown;
      for (const { name, type: shown } of Object.values((schema.getType(type) as GraphQLObjectType).getFields())) {
        if (!/^(String|JSONObject)!?$/.test(String(shown)) || SAYS_NOTHING.has(`${type}.${name}`)) continue;
        expect([type, name, JSON.stringify(data.node[name])]).toEqual([
          type,
          name,
          expect.stringContaining(at.owner.canaries[0] ?? ''),
        ]);
      }
    }
  });

  describe('an admin of another institution', () => {
    const tryAll = async (slots: readonly Slot[], holds: (slot: Slot, theirs: string) => void): Promise<void> => {
      for (const slot of slots) {
        for (const [value, none] of await pairsFor(slot)) {
          const ask = (handed: string) => attempt('another', at.other.admin, slot, at.other, handed);
          const [theirs, nobodys] = [await ask(value), await ask(none)];
          // The response may repeat the value that was sent.
          const theirText = theirs.text.replaceAll(value, none);
          expect([slot.name, theirs.status, theirText]).toEqual([slot.name, nobodys.status, nobodys.text]);
          expect([slot.name, leaksOf(theirText)]).toEqual([slot.name, []]);
          holds(slot, theirs.text);
        }
      }
    };

    it('an admin of another institution gets the same response to every read as for unknown ids and cursors', async () => {
      await tryAll(READS, ({ name, parent, holds }, text) => {
        if (parent !== 'Subscription' || holds === CURSOR) return;
        expect([name, text]).toEqual([name, expect.stringContaining('"code":"NOT_FOUND"')]);
      });
    });

    it('an admin of another institution sees nothing of the owner in operations without arguments', async () => {
      const names = new Set(WRITES.map(({ field }) => field.name));
      for (const slot of PLAIN.filter(({ field }) => !names.has(field.name))) {
        const { text } = await attempt('another', at.other.admin, slot, at.other);
        expect([slot.name, leaksOf(text)]).toEqual([slot.name, []]);
      }
    });

    it('an admin of another institution gets NOT_FOUND from every mutation', async () => {
      await tryAll(WRITES, ({ name, path }, text) => {
        // A reply must belong to the session, and a milestone to the position. All others are reported the same way.
        const code = isOfTheObject(path) ? 'VALIDATION_FAILED' : 'NOT_FOUND';
        expect([name, text]).toEqual([name, expect.stringContaining(`"code":"${code}"`)]);
      });
    });
  });

  it.each(['no API key', 'a revoked API key', 'an expired API key', 'a well-formed unknown token'])(
    'a caller with %s gets only the authentication error, for every operation',
    async (who) => {
      for (const slot of [...SLOTS, ...PLAIN]) {
        const value = slot.path.length > 0 ? await valueOf(slot) : undefined;
        const token = at.strangers[who] ?? null;
        const { status, headers, text } = await attempt(who, token, slot, at.owner, value);
        expect([slot.name, status, headers.get('www-authenticate')]).toEqual([slot.name, 401, 'Bearer']);
        const missing = 'Missing API key. Send it as `Authorization: Bearer <key>` or `X-API-Key: <key>`.';
        const message = token === null ? missing : NO_KEY;
        expect(JSON.parse(text)).toEqual({ errors: [{ message, extensions: { code: 'UNAUTHENTICATED' } }] });
      }
    },
  );
  const NO_KEY = 'Invalid API key.';

  it('the objects of the owner are unchanged after all attempts', async () => {
    expect(await ownersAnswers()).toEqual(before);
  });

  describe('a READ_ONLY API key of the owner', () => {
    it('a READ_ONLY API key of the owner reads everything that the admin reads', async () => {
      for (const [n, slot] of READS.entries()) {
        const { text } = await attempt('READ_ONLY', at.owner.readOnly, slot, at.owner, await valueOf(slot));
        expect([slot.name, withoutOwnMoves(text)]).toEqual([slot.name, withoutOwnMoves(before[n] ?? '')]);
      }
      for (const slot of READING) {
        const { text } = await attempt('READ_ONLY', at.owner.readOnly, slot, at.owner);
        expect([slot.name, text]).toEqual([slot.name, expect.not.stringContaining('"errors"')]);
      }
    });

    it('a READ_ONLY API key of the owner gets ForbiddenError from every mutation, for objects of any institution', async () => {
      for (const slot of [...WRITES, ...PLAIN.filter(isMutation)]) {
        const value = slot.path.length > 0 ? await valueOf(slot) : undefined;
        const { text } = await attempt('READ_ONLY', at.owner.readOnly, slot, at.owner, value);
        const refused = { __typename: 'ForbiddenError', code: 'FORBIDDEN', path: null };
        const { data, errors } = JSON.parse(text) as {
          readonly data: Record<string, unknown>;
          readonly errors?: unknown;
        };
        expect([slot.name, errors, data]).toMatchObject([slot.name, undefined, { [slot.field.name]: refused }]);
      }
    });
  });

  it('the admin of the owner may run every mutation that other callers were denied', async () => {
    // These remove what the others need.
    const lastly = ['deleteWebhookEndpoint', 'revokeApiKey'];
    const rank = ({ field }: Slot): number => lastly.indexOf(field.name);
    for (const slot of WRITES.toSorted((a, b) => rank(a) - rank(b))) {
      const { text } = await attempt('owner', at.owner.admin, slot, at.owner, await valueOf(slot));
      expect([slot.name, text]).toEqual([
        slot.name,
        expect.not.stringMatching(/NOT_FOUND|FORBIDDEN|VALIDATION|"errors"/),
      ]);
    }
    expect(at.server.faults).toEqual([]);
  });

  it('every kind of caller has tried every id, cursor, operation, node and edge of the schema', () => {
    const all = coordinatesOf(schema);
    const callers = ['another', 'READ_ONLY', ...Object.keys(at.strangers)];
    for (const who of callers) {
      expect([who, [...all].filter((each) => !tried.get(who)?.has(each))]).toEqual([who, []]);
    }
    process.stdout.write(
      `matrix: ${SLOTS.length} places, ${PLAIN.length} operations, ${all.size} coordinates, ${answers} answers\n`,
    );
  });
}
