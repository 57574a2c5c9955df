import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { DAY_MS } from '../../src/domain/time.ts';
import { DEFAULTS } from '../../src/settings.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { FundPositionDocument } from '../api/documents/graphql.ts';
import { chat } from '../support/chat.ts';
import { makeDeal, openPosition } from '../support/deal.ts';
import {
  changes,
  clientOf,
  type LiveClient,
  listening,
  type Results,
  refusalOf,
  type Transport,
} from '../support/live.ts';
import { serve } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import { ROOT, tenantsOn, unknownOf } from '../support/tenants.ts';

const POSITIONS = `subscription($position: ID, $of: ID, $after: String) {
  positionChanged(positionId: $position, institutionId: $of, after: $after) {
    cursor kind position { id state } event { sequence toState } } }`;
const SESSIONS = `subscription($session: ID, $of: ID, $after: String) {
  chatSessionChanged(chatSessionId: $session, institutionId: $of, after: $after) {
    cursor kind chatSession { id title deletedAt version messageCount } } }`;
const MESSAGES = `subscription($session: ID, $of: ID, $after: String) {
  chatMessageChanged(chatSessionId: $session, institutionId: $of, after: $after) {
    cursor kind chatMessage { id sequence body chatSession { id messageCount } } } }`;

const encoded = (text: string): string => Buffer.from(text).toString('base64url');

/** Tests of subscriptions over one transport, on both stores. */
export function changesOver(transport: Transport): void {
  onBothStores((open) => {
    const { store, server, own, theirs, as } = tenantsOn(open);
    const ends: (() => Promise<void>)[] = [];
    afterAll(async () => {
      for (const end of ends) await end();
    });
    let address: Promise<string> | undefined;
    /** Returns a client, and the institution whose changes it subscribes to. */
    const join = async (): Promise<{ readonly client: LiveClient; readonly of: string }> => {
      address ??= listening(server(), (end) => ends.push(end));
      server().viewer = ROOT;
      return { client: clientOf(transport, await address), of: own().deal.institution.id };
    };
    const say = (mutation: string, input: object): Promise<string> => chat(server())(mutation, input);
    const newSession = (institutionId = own().deal.institution.id): Promise<string> =>
      say('createChatSession', { institutionId, ownerReference: 'ada', title: 'Pier 9' });
    const post = (chatSessionId: string, body = 'Hello.'): Promise<string> =>
      say('postChatMessage', { chatSessionId, authorReference: 'ada', body });

    describe('delivered changes', () => {
      it('positionChanged delivers each change of a position, with its event', async () => {
        const { client, of } = await join();
        const all = client.ask(POSITIONS, { of });
        expect(await changes(all, 1)).toMatchObject([{ kind: 'CAUGHT_UP', position: null, event: null }]);
        const { id } = await openPosition(server(), own().deal);
        const one = client.ask(POSITIONS, { position: id });
        await changes(one, 1);
        await openPosition(server(), theirs().deal);
        await server().run(FundPositionDocument, { input: { positionId: id } });
        const event = { sequence: 2, toState: 'FUNDED' };
        expect(await changes(one, 1)).toMatchObject([
          { kind: 'UPDATED', position: { id, state: 'FUNDED' }, event: { ...event, toState: 'FUNDED' } },
        ]);
        expect(await changes(all, 2)).toMatchObject([
          { kind: 'CREATED', event: { sequence: 1, toState: 'CREATED' }, position: { id } },
          { kind: 'UPDATED', event },
        ]);
      });

      it('chatSessionChanged delivers each change of session fields', async () => {
        const { client, of } = await join();
        const all = client.ask(SESSIONS, { of });
        await changes(all, 1);
        const id = await newSession();
        expect(await changes(all, 1)).toMatchObject([{ kind: 'CREATED', chatSession: { id, title: 'Pier 9' } }]);
        const one = client.ask(SESSIONS, { session: id });
        await changes(one, 1);
        await newSession();
        await newSession(theirs().deal.institution.id);
        await post(id);
        await say('updateChatSession', { chatSessionId: id, title: 'Pier 10' });
        expect(await changes(one, 1)).toMatchObject([
          { kind: 'UPDATED', chatSession: { title: 'Pier 10', version: 2 } },
        ]);
        await say('deleteChatSession', { chatSessionId: id });
        expect(await changes(one, 1)).toMatchObject([{ kind: 'DELETED', chatSession: { id, version: 3 } }]);
        await say('restoreChatSession', { chatSessionId: id });
        expect(await changes(one, 1)).toMatchObject([
          { kind: 'UPDATED', chatSession: { deletedAt: null, version: 4 } },
        ]);
        expect((await changes(all, 4)).map(({ kind }) => kind)).toEqual(['CREATED', 'UPDATED', 'DELETED', 'UPDATED']);
      });

      it('chatMessageChanged delivers each change of a message, of one session or of all', async () => {
        const { client, of } = await join();
        const [session, other] = [await newSession(), await newSession()];
        const one = client.ask(MESSAGES, { session });
        const all = client.ask(MESSAGES, { of });
        await Promise.all([changes(one, 1), changes(all, 1)]);
        const elsewhere = await post(other);
        const id = await post(session);
        expect(await changes(one, 1)).toMatchObject([
          {
            kind: 'CREATED',
            chatMessage: { id, sequence: 1, body: 'Hello.', chatSession: { id: session, messageCount: 1 } },
          },
        ]);
        await say('editChatMessage', { chatMessageId: id, body: 'Good day.' });
        expect(await changes(one, 1)).toMatchObject([{ kind: 'UPDATED', chatMessage: { id, body: 'Good day.' } }]);
        await say('deleteChatMessage', { chatMessageId: id });
        expect(await changes(one, 1)).toMatchObject([{ kind: 'DELETED', chatMessage: { id, body: null } }]);
        const ids = (await changes(all, 4)).map(({ chatMessage }) => (chatMessage as { readonly id: string }).id);
        expect(ids).toEqual([elsewhere, id, id, id]);
      });

      it('a resumed subscription delivers each missed change once, CAUGHT_UP, then new changes, with objects in their current state', async () => {
        const { client } = await join();
        const session = await newSession();
        const first = client.ask(MESSAGES, { session });
        const [caughtUp] = await changes(first, 1);
        const id = await post(session, 'first');
        const [created] = await changes(first, 1);
        await first.return?.();
        await say('editChatMessage', { chatMessageId: id, body: 'edited' });
        await post(session, 'second');
        const again = client.ask(MESSAGES, { session, after: created?.cursor });
        expect(await changes(again, 3)).toMatchObject([
          { kind: 'UPDATED', chatMessage: { body: 'edited' } },
          { kind: 'CREATED', chatMessage: { body: 'second', chatSession: { messageCount: 2 } } },
          { kind: 'CAUGHT_UP', chatMessage: null },
        ]);
        await post(session, 'third');
        expect(await changes(again, 1)).toMatchObject([
          { kind: 'CREATED', chatMessage: { body: 'third', sequence: 3 } },
        ]);
        const whole = await changes(client.ask(MESSAGES, { session, after: caughtUp?.cursor }), 5);
        expect(whole.map(({ kind }) => kind)).toEqual(['CREATED', 'UPDATED', 'CREATED', 'CREATED', 'CAUGHT_UP']);
        expect(whole[0]).toMatchObject({ chatMessage: { body: 'edited' }, cursor: created?.cursor });
      });
    });

    describe('rejected subscriptions', () => {
      it('objects that the viewer may not see are rejected before any change is delivered', async () => {
        const { client } = await join();
        const [mine, foreign] = [await newSession(), await newSession(theirs().deal.institution.id)];
        as('READ_ONLY');
        const of = theirs().deal.institution.id;
        for (const [query, variables] of [
          [POSITIONS, { position: theirs().created }],
          [POSITIONS, { position: unknownOf(own().created) }],
          [POSITIONS, { of }],
          [SESSIONS, { session: foreign }],
          [MESSAGES, { session: foreign }],
          [MESSAGES, { session: mine, of }],
          [MESSAGES, { session: 'nothing' }],
          [MESSAGES, { of: unknownOf(of) }],
        ] as const) {
          expect([variables, await refusalOf(client.ask(query, variables))]).toEqual([variables, 'NOT_FOUND']);
        }
        expect(await changes(client.ask(MESSAGES), 1)).toMatchObject([{ kind: 'CAUGHT_UP' }]);
      });

      it('root without an institution, and malformed cursors, are rejected', async () => {
        const { client, of } = await join();
        expect(await refusalOf(client.ask(SESSIONS))).toBe('BAD_USER_INPUT');
        expect(await refusalOf(client.ask(SESSIONS, { session: await newSession(), of: unknownOf(of) }))).toBe(
          'NOT_FOUND',
        );
        const [begin] = await changes(client.ask(SESSIONS, { of }), 1);
        const cursor = begin?.cursor ?? '';
        const spellings = [`${cursor}=`, ` ${cursor}`, `${cursor}!`, `+${cursor.slice(1)}`, `/${cursor.slice(1)}`];
        const lengths = ['', 'c1', cursor.slice(1), cursor.slice(4), `${cursor}A`, 'Y'.repeat(10_000)];
        const former = ['0123456789ab', '0123456789AB.1', '0123456789ab.-1', '0123456789ab.1 ', ' 0123456789ab.1'];
        for (const after of [...spellings, ...lengths, ...former.map(encoded), `${encoded('0123456789ab.12')}=`]) {
          expect([after, await refusalOf(client.ask(SESSIONS, { of, after }))]).toEqual([after, 'BAD_USER_INPUT']);
        }
        for (const after of ['A'.repeat(64), `${cursor.slice(0, -1)}${cursor.endsWith('A') ? 'B' : 'A'}`]) {
          expect([after, await refusalOf(client.ask(SESSIONS, { of, after }))]).toEqual([after, 'CURSOR_EXPIRED']);
        }
      });

      it('a cursor of another store is rejected instead of resuming in the wrong stream', async () => {
        const { client, of } = await join();
        await newSession();
        const earlier = serve(createMemoryStore());
        const there = clientOf(transport, await listening(earlier, (end) => ends.push(end)));
        const { institution } = await makeDeal(earlier);
        const [foreign] = await changes(there.ask(SESSIONS, { of: institution.id }), 1);
        expect(await refusalOf(client.ask(SESSIONS, { of, after: foreign?.cursor }))).toBe('CURSOR_EXPIRED');
      });

      it('a cursor older than the retention is rejected', async () => {
        const { client, of } = await join();
        const [old] = await changes(client.ask(SESSIONS, { of }), 1);
        await newSession();
        // Only changes with a sequence can be past their retention.
        await store().changes.assignSequences();
        server().now += 8 * DAY_MS;
        await server().app.cleanUp();
        expect(await refusalOf(client.ask(SESSIONS, { of, after: old?.cursor }))).toBe('CURSOR_EXPIRED');
        expect(await changes(client.ask(SESSIONS, { of }), 1)).toMatchObject([{ kind: 'CAUGHT_UP' }]);
      });

      it('a stream delivers no object that the viewer may no longer see', async () => {
        const { client } = await join();
        const session = await newSession();
        as('READ_ONLY');
        const followed = client.ask(MESSAGES, { session });
        await changes(followed, 1);
        const seen = changes(followed, 1);
        server().viewer = ROOT;
        const id = await post(session);
        expect(await seen).toMatchObject([{ chatMessage: { id } }]);
        server().viewer = { role: 'ADMIN', institutionId: theirs().deal.institution.id };
        await store().transact('ALL', async (tx) => {
          tx.publish({
            topic: 'CHAT_MESSAGE',
            kind: 'UPDATED',
            institutionId: own().deal.institution.id,
            objectId: id,
            detailId: session,
            createdAt: server().now,
          });
        });
        expect(await changes(followed, 1)).toMatchObject([{ chatMessage: null }]);
      });
    });

    it('a stopping server ends subscriptions with a specific error, so that clients reconnect', async () => {
      const leaving = serve(await open());
      const { institution } = await makeDeal(leaving);
      let leave: (() => Promise<void>) | undefined;
      const there = clientOf(transport, await listening(leaving, (end) => (leave = end)));
      const [live, waiting] = [1, 2].map(() => there.ask(SESSIONS, { of: institution.id })) as [Results, Results];
      await Promise.all([changes(live, 1), changes(waiting, 1)]);
      const refusals = Promise.all([refusalOf(live), refusalOf(waiting)]);
      await leave?.();
      expect(await refusals).toEqual(['SERVICE_UNAVAILABLE', 'SERVICE_UNAVAILABLE']);
      expect(leaving.faults).toEqual([]);
    });

    it('subscriptions are counted per API key', async () => {
      const { client, of } = await join();
      const show = (apiKeyId: string): void => {
        server().viewer = { role: 'ADMIN', institutionId: of, apiKeyId };
      };
      show('key_a');
      for (let made = 0; made < DEFAULTS.subscriptionsPerKey; made += 1) await changes(client.ask(MESSAGES), 1);
      expect(await refusalOf(client.ask(MESSAGES))).toBe('RATE_LIMITED');
      show('key_b');
      expect(await changes(client.ask(MESSAGES), 1)).toMatchObject([{ kind: 'CAUGHT_UP' }]);
      client.vanish();
      while (server().app.liveSubscriptions() > 0) await turn();
    });

    it('a subscription ends when its client disconnects', async () => {
      const { client, of } = await join();
      const { app } = server();
      while (app.liveSubscriptions() > 0) await turn();
      const followed = [client.ask(MESSAGES, { of }), client.ask(SESSIONS, { of }), client.ask(POSITIONS, { of })];
      for (const each of followed) await changes(each, 1);
      expect(app.liveSubscriptions()).toBe(3);
      const waiting = followed.map((each) => each.next().catch(() => undefined));
      client.vanish();
      await Promise.all(waiting);
      while (app.liveSubscriptions() > 0) await turn();
      expect(server().faults).toEqual([]);
    });
  });
}
