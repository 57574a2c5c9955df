import { expect, it } from 'vitest';
import { BusyError, DeadlineExceededError, UnavailableError } from '../../src/store/errors.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import type { Readers, Store } from '../../src/store/store.ts';
import { makeDeal } from '../support/deal.ts';
import { serve } from '../support/server.ts';

/** A store whose reads of institutions fail once a position is written. */
function failing(error: () => Error): { readonly store: Store; fail: boolean } {
  const inner = createMemoryStore();
  const state = { store: inner as Store, fail: false };
  const read: Store['read'] = (scope, until) => {
    const readers = inner.read(scope, until);
    const byIds: Readers['institutions']['byIds'] = (ids) => {
      if (state.fail) throw error();
      return readers.institutions.byIds(ids);
    };
    const institutions = { ...readers.institutions, byIds };
    return new Proxy(readers, {
      get: (target, name): unknown => (name === 'institutions' ? institutions : Reflect.get(target, name)),
    });
  };
  state.store = { ...inner, read };
  return state;
}

/** The number of times that the mutation is sent: it is compiled after three executions. */
const TIMES = 5;

it.each([
  ['exceeds the deadline', () => new DeadlineExceededError(''), 'TIMEOUT'],
  ['finds the store busy', () => new BusyError(''), 'SERVICE_UNAVAILABLE'],
  ['finds the store unavailable', () => new UnavailableError(''), 'SERVICE_UNAVAILABLE'],
  ['has an internal error', () => new Error('secret'), 'INTERNAL_SERVER_ERROR'],
])('the error states that the mutation was executed if a field of its result %s', async (_why, error, code) => {
  const state = failing(error);
  const server = serve(state.store);
  const { assetId } = await makeDeal(server);
  state.fail = true;
  const create = `mutation { createPosition(input: { assetId: "${assetId}", holderReference: "h",
    amount: { amount: "1", currencyCode: "USD" } }) {
    ... on CreatePositionPayload { replayed position { id version institution { name } } } } }`;
  for (let times = 1; times <= TIMES; times += 1) {
    const { data, errors, text } = await server.ask(create);
    expect(data).toMatchObject({
      createPosition: {
        replayed: false,
        position: { version: 1, institution: null, id: expect.any(String) as string },
      },
    });
    expect(errors).toMatchObject([
      {
        message: 'The mutation was executed, but this field of its result could not be read. Load it with a query.',
        path: ['createPosition', 'position', 'institution'],
        extensions: { code, executed: true },
      },
    ]);
    expect(text).not.toContain('secret');
    expect(server.faults).toHaveLength(code === 'INTERNAL_SERVER_ERROR' ? times : 0);
  }
});
