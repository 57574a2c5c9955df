import { describe, expect, it } from 'vitest';
import { BusyError } from '../../src/store/errors.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { CreateInstitutionDocument, InstitutionDocument } from '../api/documents/graphql.ts';
import { serve } from '../support/server.ts';

describe('the lock of the memory store', () => {
  it('the memory store returns BUSY if its lock is held too long, writes nothing, and continues to work', async () => {
    const store = createMemoryStore({ lockTimeoutMs: 10 });
    const server = serve(store);
    let leave = (): void => undefined;
    const held = store.snapshot('ALL', () => new Promise<void>((resolve) => (leave = resolve)));
    const input = { name: 'Harbor Bank', regions: ['US'] };
    const { status, errors, data } = await server.ask(CreateInstitutionDocument, { input });
    expect([status, errors?.[0]?.extensions?.code, data]).toEqual([200, 'BUSY', { createInstitution: null }]);
    expect(server.faults).toEqual([]);
    // Lists and single rows need no lock.
    const read = await server.ask(InstitutionDocument, { id: 'inst_x' });
    expect(read.data).toEqual({ institution: null });
    leave();
    await held;
    const { data: after } = await server.ask<Record<string, { __typename: string }>>(CreateInstitutionDocument, {
      input,
    });
    expect(after?.['createInstitution']?.__typename).toBe('CreateInstitutionPayload');
    expect(await store.read('ALL').institutions.counts([{ where: {} }])).toEqual([1]);
  });

  it('snapshots run concurrently, and see nothing that is written meanwhile', async () => {
    const store = createMemoryStore({ lockTimeoutMs: 10 });
    let leave = (): void => undefined;
    const gate = new Promise<void>((resolve) => (leave = resolve));
    const snapshots = [1, 2].map(() =>
      store.snapshot('ALL', async (readers) => {
        const before = await readers.institutions.counts([{ where: {} }]);
        await gate;
        return [before, await readers.institutions.counts([{ where: {} }])];
      }),
    );
    await expect(store.transact('ALL', async () => 'written')).rejects.toThrow(BusyError);
    leave();
    expect(await Promise.all(snapshots)).toEqual([
      [[0], [0]],
      [[0], [0]],
    ]);
    const writing = store.transact('ALL', () => new Promise<void>((resolve) => setTimeout(resolve, 30)));
    await expect(store.snapshot('ALL', async () => 'read')).rejects.toThrow(BusyError);
    await writing;
  });
});
