import { expect, it } from 'vitest';
import { StaleVersionError, UserError } from '../../../src/domain/userErrors.ts';
import { AlreadyExistsError } from '../../../src/store/errors.ts';
import type { Writers } from '../../../src/store/store.ts';
import { aMark, aMessage, aRevision, aSession } from '../chatRows.ts';
import { aDeal, type GetStore, idsOf, keep, keepDeal, nextId, only, pageOf, START } from '../rows.ts';

/** Tests how chat is written: parts are removed with their session, and unchanged rows stay. */
export function writesChat(store: GetStore): void {
  const made = async () => {
    const { institution } = aDeal();
    const chatSessions = [
      aSession(institution.id, { title: 'red', messageCount: 2, version: 3 }),
      aSession(institution.id, { title: 'blue', description: 'kept' }),
    ] as const;
    const [going, staying] = chatSessions;
    const first = aMessage(going, 1, { body: 'red sails' });
    const chatMessages = [first, aMessage(going, 2, { replyToId: first.id }), aMessage(staying, 1)] as const;
    const chatRevisions = [aRevision(first), aRevision(chatMessages[2])];
    const readMarks = [aMark(going, 'bob', 1), aMark(going, 'ann', 2), aMark(staying, 'bob', 1)];
    await keep(store(), { institutions: [institution], chatSessions, chatMessages, chatRevisions, readMarks });
    const read = store().read(only(institution));
    const kept = async () => [
      (await read.chatSessions.byIds(chatSessions.map(({ id }) => id))).map((row) => row?.title),
      (await read.chatMessages.byIds(chatMessages.map(({ id }) => id))).map((row) => row?.sequence),
      await read.chatRevisions.counts(
        chatMessages.map(({ id }) => ({ parent: { field: 'messageId', id }, where: {} }) as const),
      ),
      (await read.readMarks.byIds(readMarks.map(({ id }) => id))).map((row) => row?.sequence),
    ];
    const found = async (word: string) => idsOf(await pageOf(read.chatSessions, { search: [word] }));
    return { institution, going, staying, chatMessages, read, kept, found };
  };

  it('removing a session removes its messages, their revisions, its read marks and its words', async () => {
    const { institution, going, kept, found, read } = await made();
    expect(await kept()).toEqual([
      ['red', 'blue'],
      [1, 2, 1],
      [1, 0, 1],
      [1, 2, 1],
    ]);
    expect(await found('sails')).toEqual([going.id]);
    await store().transact(only(institution), async (tx) => tx.chatSessions.remove(going));
    expect(await kept()).toEqual([
      [undefined, 'blue'],
      [undefined, undefined, 1],
      [0, 0, 1],
      [undefined, undefined, 1],
    ]);
    expect([await found('sails'), await found('red')]).toEqual([[], []]);
    const parent = { field: 'sessionId', id: going.id } as const;
    expect(await read.chatMessages.counts([{ parent, where: {} }])).toEqual([0]);
    expect(await read.unreadCounts([{ sessionId: going.id, participantReference: 'x' }])).toEqual([0]);
    // The id can be used again.
    await store().transact('ALL', async (tx) => tx.chatSessions.insert(going));
    expect(await found('red')).toEqual([going.id]);
  });

  it('a removal is rejected unless the row has the given version, and then nothing is removed', async () => {
    const { going, staying, kept } = await made();
    const before = await kept();
    for (const version of [2, 4]) {
      const work = store().transact('ALL', async (tx) => {
        tx.chatSessions.remove(staying);
        tx.chatSessions.remove({ ...going, version });
      });
      await expect(work).rejects.toThrow(StaleVersionError);
      await expect(work).rejects.toMatchObject({ expectedVersion: version, currentVersion: 3 });
    }
    const foreign = store().transact(only(aDeal().institution), async (tx) => tx.chatSessions.remove(going));
    await expect(foreign).rejects.toThrow('lies outside the scope');
    expect(await kept()).toEqual(before);
    await store().transact('ALL', async (tx) => tx.chatSessions.remove(going));
    const again = store().transact('ALL', async (tx) => tx.chatSessions.remove(going));
    await expect(again).rejects.toMatchObject({ expectedVersion: 3, currentVersion: 0 });
  });

  it('a replacement of named fields writes only them, the version, and the words if they depend on the fields', async () => {
    const { staying, read, found } = await made();
    const counted = { ...staying, messageCount: 7, lastActivityAt: START + 7, version: 2 };
    await store().transact('ALL', async (tx) => tx.chatSessions.replace(counted, ['messageCount', 'lastActivityAt']));
    expect(await read.chatSessions.byIds([staying.id])).toEqual([counted]);
    expect(await found('kept')).toEqual([staying.id]);
    const described = { ...counted, description: 'changed', version: 3 };
    await store().transact('ALL', async (tx) => tx.chatSessions.replace(described, ['description']));
    expect(await read.chatSessions.byIds([staying.id])).toEqual([described]);
    expect([await found('kept'), await found('changed')]).toEqual([[], [staying.id]]);
    const byActivity = { order: { by: ['lastActivityAt'], direction: 'DESC' } } as const;
    expect((await pageOf(read.chatSessions, byActivity)).rows[0]).toEqual(described);
    const stale = store().transact('ALL', async (tx) => tx.chatSessions.replace(described, ['messageCount']));
    await expect(stale).rejects.toMatchObject({ expectedVersion: 2, currentVersion: 3 });
  });

  it('replacements of several types in one transaction are all written', async () => {
    const { going, staying, chatMessages, read } = await made();
    const counted = { ...going, messageCount: 9, version: 4 };
    const renamed = { ...staying, title: 'green', version: 2 };
    const [, edited] = chatMessages;
    const message = { ...edited, body: 'green too', editedAt: START, version: 2 };
    await store().transact('ALL', async (tx) => {
      tx.chatSessions.replace(counted, ['messageCount']);
      tx.chatSessions.replace(renamed);
      tx.chatMessages.replace(message);
    });
    expect(await read.chatSessions.byIds([going.id, staying.id])).toEqual([counted, renamed]);
    expect(idsOf(await pageOf(read.chatSessions, { search: ['green'] }))).toEqual([going.id, staying.id]);
  });

  it('a repeated sequence of a message, read mark of a participant or version of a revision is rejected', async () => {
    const { going, chatMessages, kept } = await made();
    const before = await kept();
    const [first] = chatMessages;
    const duplicates: readonly ((tx: Writers) => void)[] = [
      (tx) => tx.readMarks.insert(aMark(going, 'bob', 2)),
      (tx) => tx.chatRevisions.insert(aRevision(first)),
    ];
    for (const insertDuplicate of duplicates) {
      await expect(store().transact('ALL', async (tx) => insertDuplicate(tx))).rejects.toThrow(AlreadyExistsError);
    }
    expect(await kept()).toEqual(before);
  });

  it('references to unknown rows, or to rows of another institution, are rejected', async () => {
    const { institution, going, chatMessages, kept } = await made();
    const before = await kept();
    const theirs = await keepDeal(store(), () => []);
    const foreign = aSession(theirs.institution.id);
    await keep(store(), { chatSessions: [foreign] });
    const wrong: readonly ((tx: Writers) => void)[] = [
      (tx) => tx.chatSessions.insert(aSession(institution.id, { positionId: nextId('pos') })),
      (tx) => tx.chatSessions.insert(aSession(nextId('inst'))),
      (tx) => tx.chatMessages.insert({ ...aMessage(foreign, 1), institutionId: institution.id }),
      (tx) => tx.chatMessages.insert(aMessage(going, 3, { sessionId: nextId('chat') })),
      (tx) => tx.chatMessages.insert(aMessage(going, 3, { replyToId: nextId('msg') })),
      (tx) => tx.chatRevisions.insert({ ...aRevision(chatMessages[1]), messageId: nextId('msg') }),
      (tx) => tx.readMarks.insert({ ...aMark(foreign, 'x', 1), institutionId: institution.id }),
    ];
    for (const write of wrong) {
      const work = store().transact('ALL', async (tx) => write(tx));
      await expect(work).rejects.toThrow(Error);
      await expect(work).rejects.not.toBeInstanceOf(UserError);
    }
    expect(await kept()).toEqual(before);
  });

  it('advisory locks are acquired one after another, and released with their transactions', async () => {
    let under = 0;
    let most = 0;
    const work = async (tx: Writers, fails: boolean) => {
      await tx.advisoryLock('contract');
      most = Math.max(most, (under += 1));
      await tx.institutions.byIds([nextId('inst')]);
      under -= 1;
      if (fails) throw new RangeError('simulated failure');
    };
    const ends = await Promise.allSettled(
      Array.from({ length: 12 }, (_one, index) => store().transact('ALL', (tx) => work(tx, index % 3 === 0))),
    );
    expect(most).toBe(1);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(8);
  });
}
