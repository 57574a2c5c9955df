import { expect, it } from 'vitest';
import type { Change, PlacedChange } from '../../../src/domain/change.ts';
import { anInstitution, type GetStore, nextId, START } from '../rows.ts';

const many = 40;

/** What is announced, and how it is read, called for and forgotten. */
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
      for (const change of changes) tx.announce(change);
    });
  const read = (behind: number, limit = 1_000) => store().changes.read(behind, limit);
  const last = async () => (await read(0, 0)).extent.last;
  const told = (changes: readonly PlacedChange[]) => changes.map(({ place: _place, ...change }) => change);

  it('changes are read as they were announced, placed without a gap behind those before them', async () => {
    const behind = await last();
    const announced = [
      aChange({ topic: 'POSITION', kind: 'UPDATED', detailId: nextId('evt') }),
      aChange({ topic: 'CHAT_SESSION', kind: 'DELETED' }),
      aChange({ detailId: nextId('chat'), createdAt: START + 5 }),
    ];
    await commit(...announced.slice(0, 2));
    await commit(...announced.slice(2));
    const { changes, extent } = await read(behind);
    expect(told(changes)).toEqual(announced);
    expect(changes.map(({ place }) => place)).toEqual([behind + 1, behind + 2, behind + 3]);
    expect(extent.last).toBe(behind + 3);
    const part = await read(behind + 1, 1);
    expect(told(part.changes)).toEqual(announced.slice(1, 2));
    expect((await read(behind + 3)).changes).toEqual([]);
    expect((await read(Number.MAX_SAFE_INTEGER)).changes).toEqual([]);
  });

  it('the log has one identity, however often it is read and written', async () => {
    const { log } = (await read(0, 0)).extent;
    expect(log).toMatch(/^[\da-f]{12}$/);
    await commit(aChange());
    expect((await read(0)).extent.log).toBe(log);
  });

  it('what was not committed was never announced', async () => {
    const behind = await last();
    const failed = store().transact('ALL', async (tx) => {
      tx.announce(aChange());
      throw new RangeError('as asked');
    });
    await expect(failed).rejects.toThrow(RangeError);
    const broken = store().transact('ALL', async (tx) => {
      tx.announce(aChange());
      tx.institutions.replace(anInstitution({ version: 2 }));
    });
    await expect(broken).rejects.toThrow(Error);
    expect(await last()).toBe(behind);
  });

  it(`${many} who commit at once while others look have each change placed once, an object's own in order`, async () => {
    const behind = await last();
    const objectIds = [nextId('msg'), nextId('msg')];
    const before = await store().transact('ALL', async () => 0);
    const looks = Array.from({ length: 10 }, () => read(before));
    const commits = Array.from({ length: many }, (_one, at) =>
      commit(aChange({ objectId: objectIds[at % 2] as string }), aChange()),
    );
    await Promise.all([...commits, ...looks]);
    const { changes, extent } = await read(behind);
    expect(changes.map(({ place }) => place)).toEqual(Array.from({ length: 2 * many }, (_one, at) => behind + at + 1));
    expect(extent.last).toBe(behind + 2 * many);
    expect(changes.filter(({ objectId }) => objectId === objectIds[0])).toHaveLength(many / 2);
    expect(new Set(changes.map(({ objectId }) => objectId)).size).toBe(many + 2);
    // Read once more they stand where they stood.
    expect((await read(behind)).changes).toEqual(changes);
  });

  it('whoever asked is called when something was committed, and no more once it has stopped', async () => {
    let calls = 0;
    let called = (): void => undefined;
    const stop = store().changes.onCommit(() => {
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

  it('changes before a time are forgotten from the first on, up to one that is not; places go on', async () => {
    const behind = await last();
    const { log } = (await read(0, 0)).extent;
    await store().changes.forget(START + 1_000_000);
    expect((await read(0, 0)).extent).toEqual({ log, last: behind, forgotten: behind });
    const times = [1, 2, 9, 3, 10];
    for (const ms of times) await commit(aChange({ createdAt: START + ms }));
    await read(behind);
    expect(await store().changes.forget(START + 2)).toBe(1);
    expect((await read(0, 0)).extent).toEqual({ log, last: behind + 5, forgotten: behind + 1 });
    // The fourth is older than the third, which another server's clock has dated: it stays behind it.
    expect(await store().changes.forget(START + 9)).toBe(1);
    const { changes, extent } = await read(0);
    expect(changes.map(({ createdAt }) => createdAt - START)).toEqual([9, 3, 10]);
    expect(extent).toEqual({ log, last: behind + 5, forgotten: behind + 2 });
    expect(await store().changes.forget(START + 9)).toBe(0);
    expect(await store().changes.forget(START + 11)).toBe(3);
    await commit(aChange({ createdAt: START + 20 }));
    expect((await read(behind)).changes.map(({ place }) => place)).toEqual([behind + 6]);
  });
}
