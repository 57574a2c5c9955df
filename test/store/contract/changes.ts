import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Change, ChangeFilter, SequencedChange, StreamPosition } from '../../../src/domain/change.ts';
import { endOf, readCommitted } from '../../support/changes.ts';
import { anInstitution, type GetStore, nextId, START } from '../rows.ts';

const many = 40;

/** Tests how changes are published, read, announced to listeners and deleted. */
export function announcesChanges(store: GetStore): void {
  const aChange = (over: Partial<Change> = {}): Change => ({
    topic: 'CHAT_MESSAGE',
    kind: 'CREATED',
    institutionId: 'inst_x',
    objectId: nextId('msg'),
    detailId: null,
    createdAt: START,
    ...over,
  });
  const commit = (...changes: readonly Change[]) =>
    store().transact('ALL', async (tx) => {
      for (const change of changes) tx.publish(change);
    });
  const read = (after: StreamPosition, limit = 1_000, filter?: ChangeFilter) =>
    readCommitted(store().changes, after, limit, filter);
  const end = () => endOf(store().changes);
  const withoutPosition = (changes: readonly SequencedChange[]) =>
    changes.map(({ sequence: _sequence, id: _id, ...change }) => change);
  const sequencesOf = (changes: readonly SequencedChange[]) => changes.map(({ sequence }) => sequence);
  const positionOf = ({ sequence, id }: StreamPosition): StreamPosition => ({ sequence, id });

  it('committed changes are returned in order, with gapless sequences and unique ids', async () => {
    const before = await end();
    const published = [
      aChange({ topic: 'POSITION', kind: 'UPDATED', detailId: nextId('evt') }),
      aChange({ topic: 'CHAT_SESSION', kind: 'DELETED' }),
      aChange({ detailId: nextId('chat'), createdAt: START + 5 }),
    ];
    await commit(...published.slice(0, 2));
    await commit(...published.slice(2));
    const { isKnown, changes, last } = await read(before);
    expect(withoutPosition(changes)).toEqual(published);
    expect(sequencesOf(changes)).toEqual([1, 2, 3].map((each) => before.sequence + each));
    expect([isKnown, last]).toEqual([true, positionOf(changes[2] as SequencedChange)]);
    const ids = changes.map(({ id }) => id);
    for (const id of ids) expect(id).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect(new Set([before.id, ...ids]).size).toBe(4);
    const part = await read(changes[0] as SequencedChange, 1);
    expect(part).toEqual({ isKnown: true, changes: changes.slice(1, 2), last });
    expect(await read(last)).toEqual({ isKnown: true, changes: [], last });
    expect(await store().changes.read(null, 1_000)).toEqual({ isKnown: true, changes: [], last });
  });

  it('no changes are returned after a position that is not in the stream, and the result reports it', async () => {
    const before = await end();
    await commit(aChange(), aChange());
    const { changes, last } = await read(before);
    const [first] = changes as [SequencedChange];
    for (const unknown of [
      { ...before, id: randomUUID() },
      { ...first, id: randomUUID() },
      { ...last, id: first.id },
      { ...first, id: last.id },
      { ...last, sequence: last.sequence + 1 },
      { sequence: last.sequence + 1, id: randomUUID() },
      { sequence: Number.MAX_SAFE_INTEGER, id: randomUUID() },
      { sequence: 0, id: randomUUID() },
    ]) {
      expect([unknown, await read(unknown)]).toEqual([unknown, { isKnown: false, changes: [], last }]);
    }
  });

  it('only changes that match a filter are returned, up to the limit', async () => {
    const before = await end();
    const [one, other] = [nextId('inst'), nextId('inst')];
    const [objectId, detailId] = [nextId('msg'), nextId('chat')];
    const own = [{ institutionId: one, objectId }, { institutionId: one, detailId }, { institutionId: one }].map(
      aChange,
    );
    const foreign = [
      aChange({ institutionId: other, objectId, detailId }),
      aChange({ institutionId: one, objectId, detailId, topic: 'POSITION' }),
    ];
    for (const each of own) await commit(each, ...foreign);
    const messages: ChangeFilter = { institutionId: one, topic: 'CHAT_MESSAGE' };
    const of = async (filter: ChangeFilter, limit?: number) =>
      withoutPosition((await read(before, limit, filter)).changes);
    expect(await of(messages)).toEqual(own);
    expect(await of(messages, 2)).toEqual(own.slice(0, 2));
    expect(await of({ ...messages, objectId })).toEqual(own.slice(0, 1));
    expect(await of({ ...messages, detailId })).toEqual(own.slice(1, 2));
    expect(await of({ ...messages, objectId, detailId })).toEqual([]);
    expect(await of({ ...messages, topic: 'CHAT_SESSION' })).toEqual([]);
    const { changes, last } = await read(before, 2, messages);
    expect(sequencesOf(changes)).toEqual([1, 4].map((each) => before.sequence + each));
    expect(last.sequence).toBe(before.sequence + 9);
    expect(withoutPosition((await read(changes[1] as SequencedChange, 2, messages)).changes)).toEqual(own.slice(2));
  });

  it('the stream has one encryption key of 32 bytes for its cursors', async () => {
    const key = await store().changes.cursorKey();
    expect(key).toHaveLength(32);
    await commit(aChange());
    expect(await store().changes.cursorKey()).toEqual(key);
  });

  it('changes of a failed transaction are never published', async () => {
    const before = await end();
    const failed = store().transact('ALL', async (tx) => {
      tx.publish(aChange());
      throw new RangeError('simulated failure');
    });
    await expect(failed).rejects.toThrow(RangeError);
    const broken = store().transact('ALL', async (tx) => {
      tx.publish(aChange());
      tx.institutions.replace(anInstitution({ version: 2 }));
    });
    await expect(broken).rejects.toThrow(Error);
    expect(await end()).toEqual(before);
  });

  it(`${many} concurrent commits and reads give each change one sequence, and changes of one object stay in order`, async () => {
    const before = await end();
    const objectIds = [nextId('msg'), nextId('msg')];
    const looks = Array.from({ length: 10 }, () => read(before));
    const commits = Array.from({ length: many }, (_one, index) =>
      commit(aChange({ objectId: objectIds[index % 2] as string }), aChange()),
    );
    await Promise.all([...commits, ...looks]);
    const { changes, last } = await read(before);
    expect(sequencesOf(changes)).toEqual(
      Array.from({ length: 2 * many }, (_one, index) => before.sequence + index + 1),
    );
    expect(last.sequence).toBe(before.sequence + 2 * many);
    expect(changes.filter(({ objectId }) => objectId === objectIds[0])).toHaveLength(many / 2);
    expect(new Set(changes.map(({ objectId }) => objectId)).size).toBe(many + 2);
    // A second read returns the same sequences.
    expect((await read(before)).changes).toEqual(changes);
  });

  it('a listener is called after commits, and never after it has been removed', async () => {
    let calls = 0;
    let called = (): void => undefined;
    const stop = store().changes.onChanges(() => {
      calls += 1;
      called();
    });
    const next = new Promise<void>((resolve) => (called = resolve));
    await commit(aChange());
    await next;
    expect(calls).toBeGreaterThan(0);
    stop();
    const before = calls;
    await commit(aChange());
    expect(calls).toBe(before);
  });

  it('changes before a time are deleted from the first to one that is not older, and sequences continue', async () => {
    const start = await end();
    await store().changes.deleteBefore(START + 1_000_000);
    expect(await read(start)).toEqual({ isKnown: true, changes: [], last: start });
    for (const ms of [1, 2, 9, 3, 10]) await commit(aChange({ createdAt: START + ms }));
    const { changes, last } = await read(start);
    const [first, second] = changes as [SequencedChange, SequencedChange];
    expect(await store().changes.deleteBefore(START + 2)).toBe(1);
    expect(await read(start)).toEqual({ isKnown: false, changes: [], last });
    expect(await read(first)).toEqual({ isKnown: true, changes: changes.slice(1), last });
    // The fourth change is older than the third, whose time is from the clock of another server, so it is kept.
    expect(await store().changes.deleteBefore(START + 9)).toBe(1);
    expect(await read(first)).toEqual({ isKnown: false, changes: [], last });
    expect(await read(second)).toEqual({ isKnown: true, changes: changes.slice(2), last });
    expect(await read({ ...second, id: first.id })).toMatchObject({ isKnown: false });
    expect(await store().changes.deleteBefore(START + 9)).toBe(0);
    expect(await store().changes.deleteBefore(START + 11)).toBe(3);
    expect(await read(second)).toMatchObject({ isKnown: false });
    await commit(aChange({ createdAt: START + 20 }));
    expect(sequencesOf((await read(last)).changes)).toEqual([last.sequence + 1]);
  });
}
