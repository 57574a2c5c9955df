import { beforeAll, describe, expect, it } from 'vitest';
import {
  ChatSessionsDocument,
  ChatSessionsOfInstitutionDocument,
  ChatSessionsOfPositionDocument,
} from '../api/documents/graphql.ts';
import { errorOf } from '../support/answers.ts';
import { chatOn, chatted, idsFor, openSession, post, type Session, sessionNow } from '../support/conversation.ts';
import { openPosition } from '../support/deal.ts';
import { idsOf, pageOf, walk } from '../support/lists.ts';
import { START } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import { inOrder, ORDERS, PRIORITIES } from './orders.ts';

const at = (ms: number): string => new Date(START + ms).toISOString();

onBothStores((open) => {
  const scene = chatOn(open);
  let positions: readonly string[];
  let all: readonly Session[];

  beforeAll(async () => {
    const { server, deal, other } = scene;
    positions = [(await openPosition(server, deal)).id, (await openPosition(server, deal)).id];
    const ids: string[] = [];
    for (let index = 0; index < 18; index += 1) {
      server.now = START + Math.floor(index / 4);
      const { id } = await openSession(server, index % 6 === 5 ? other : deal, {
        title: ['b', 'a', 'B', 'É', 'a b'][index % 5],
        description: index % 4 === 0 ? 'about steel' : null,
        ownerReference: index % 2 === 0 ? 'olga' : 'Olga',
        priority: PRIORITIES[(index * 3) % 4],
        active: index % 3 !== 0,
        positionId: index % 6 < 2 ? positions[index % 2] : null,
      });
      ids.push(id);
    }
    server.now = START + 50;
    for (const index of [1, 4, 10]) await post(server, ids[index] as string, { body: `steel ${index}` });
    server.now = START + 60;
    for (const index of [2, 7, 10]) {
      await chatted(server, 'updateChatSession', { chatSessionId: ids[index], priority: 'HIGH' });
    }
    for (const index of [4, 6]) await chatted(server, 'deleteChatSession', { chatSessionId: ids[index] });
    all = await Promise.all(ids.map(async (id) => (await sessionNow(server, id)) as Session));
  });

  describe('filters of sessions', () => {
    it.each<[string, () => object, (session: Session) => boolean]>([
      ['no condition', () => ({}), () => true],
      [
        'the institution',
        () => ({ institutionId: scene.other.institution.id }),
        ({ institution }) => institution?.id === scene.other.institution.id,
      ],
      ['a position', () => ({ positionIds: [positions[0]] }), ({ position }) => position?.id === positions[0]],
      ['positions', () => ({ positionIds: [...positions, 'pos_x'] }), ({ position }) => position !== null],
      ['no position', () => ({ positionIds: [] }), () => false],
      ['the exact owner', () => ({ ownerReference: 'olga' }), (each) => each.ownerReference === 'olga'],
      ['a priority', () => ({ priorities: ['HIGH'] }), ({ priority }) => priority === 'HIGH'],
      ['priorities', () => ({ priorities: ['URGENT', 'LOW'] }), (each) => /URGENT|LOW/.test(each.priority)],
      ['no priority', () => ({ priorities: [] }), () => false],
      ['active', () => ({ active: true }), ({ active }) => active],
      ['inactive', () => ({ active: false }), ({ active }) => !active],
      [
        'the time of creation',
        () => ({ createdAt: { gt: at(0), lte: at(3) } }),
        (each) => each.createdAt > at(0) && each.createdAt <= at(3),
      ],
      ['a word of title', () => ({ search: 'É' }), ({ title }) => title === 'É'],
      [
        'a word of description or message',
        () => ({ search: 'STEEL' }),
        (each) => each.description !== null || each.messageCount > 0,
      ],
      [
        'several conditions',
        () => ({ priorities: ['HIGH'], active: true, ownerReference: 'Olga', search: 'b' }),
        (each) => each.priority === 'HIGH' && each.active && each.ownerReference === 'Olga' && /b/i.test(each.title),
      ],
    ])(
      'a filter by %s finds exactly the matching sessions, including deleted ones only on request',
      async (_name, filter, matches) => {
        const oldest = { field: 'CREATED_AT', direction: 'ASC' } as const;
        const expected = all.filter(matches);
        const live = expected.filter(({ deletedAt }) => deletedAt === null);
        expect(await idsFor(scene.server, filter())).toEqual(inOrder(live, oldest));
        expect(await idsFor(scene.server, { ...filter(), includeDeleted: false })).toEqual(inOrder(live, oldest));
        expect(await idsFor(scene.server, { ...filter(), includeDeleted: true })).toEqual(inOrder(expected, oldest));
      },
    );
  });

  describe('orders of sessions', () => {
    it.each(ORDERS)(
      'sessions ordered by $field $direction, ties by id, are paged forward and backward',
      async (orderBy) => {
        const variables = { filter: { includeDeleted: true }, orderBy };
        const expected = inOrder(all, orderBy);
        expect(idsOf(await pageOf(scene.server, ChatSessionsDocument, { ...variables, first: 100 }))).toEqual(expected);
        for (const size of [1, 4, 17]) {
          expect(await walk(scene.server, ChatSessionsDocument, variables, size, false)).toEqual(expected);
          expect(await walk(scene.server, ChatSessionsDocument, variables, size, true)).toEqual(expected);
        }
      },
    );

    it('sessions are ordered by last activity, newest first, by default', async () => {
      const live = all.filter(({ deletedAt }) => deletedAt === null);
      const expected = inOrder(live, { field: 'LAST_ACTIVITY_AT', direction: 'DESC' });
      expect(idsOf(await pageOf(scene.server, ChatSessionsDocument, {}))).toEqual(expected);
    });

    it.each(ORDERS)(
      'the results of a search are ordered by $field $direction and paged forward and backward',
      async (orderBy) => {
        const variables = { filter: { search: 'steel' }, orderBy };
        const found = all.filter((each) => each.deletedAt === null && (each.description ?? each.messageCount) !== 0);
        const expected = inOrder(found, orderBy);
        expect(expected.length).toBeGreaterThan(4);
        expect(await walk(scene.server, ChatSessionsDocument, variables, 2, false)).toEqual(expected);
        expect(await walk(scene.server, ChatSessionsDocument, variables, 2, true)).toEqual(expected);
      },
    );

    it('a cursor keeps its place while sessions are added', async () => {
      const { server, other } = scene;
      const orderBy = { field: 'CREATED_AT', direction: 'ASC' };
      const variables = { filter: { institutionId: other.institution.id }, orderBy };
      const before = idsOf(await pageOf(server, ChatSessionsDocument, variables));
      server.now = START + 100;
      let added = 0;
      const walked = await walk(server, ChatSessionsDocument, variables, 1, false, async () => {
        if ((added += 1) < 3) await openSession(server, other);
      });
      expect(walked.slice(0, before.length)).toEqual(before);
      expect(new Set(walked).size).toBe(walked.length);
    });
  });

  it('a cursor of another search, filter or order is BAD_USER_INPUT', async () => {
    const variables = { filter: { search: 'steel' }, first: 1 };
    const { pageInfo } = await pageOf(scene.server, ChatSessionsDocument, variables);
    for (const other of [
      { filter: { search: 'b' } },
      { filter: {} },
      { ...variables, orderBy: { field: 'TITLE', direction: 'ASC' } },
    ]) {
      const otherVariables = { ...other, first: 1, after: pageInfo.endCursor };
      const { code, message } = await errorOf(scene.server, ChatSessionsDocument, otherVariables);
      expect([code, message]).toEqual(['BAD_USER_INPUT', expect.stringContaining('after')]);
    }
  });

  describe('sessions of a parent', () => {
    it('a position lists its sessions', async () => {
      for (const parent of positions) {
        const own = all.filter(({ position, deletedAt }) => position?.id === parent && deletedAt === null);
        const orderBy = { field: 'PRIORITY', direction: 'DESC' } as const;
        const page = await pageOf(scene.server, ChatSessionsOfPositionDocument, { parent, orderBy });
        expect(idsOf(page)).toEqual(inOrder(own, orderBy));
        expect(page.totalCount).toBe(own.length);
        expect(await walk(scene.server, ChatSessionsOfPositionDocument, { parent, orderBy }, 1, true)).toEqual(
          inOrder(own, orderBy),
        );
      }
    });

    it('an institution lists its sessions, and none of another', async () => {
      const { deal, server } = scene;
      const own = all.filter(({ institution }) => institution?.id === deal.institution.id);
      const orderBy = { field: 'TITLE', direction: 'ASC' } as const;
      const variables = { parent: deal.institution.id, orderBy, filter: { includeDeleted: true } };
      expect(await walk(server, ChatSessionsOfInstitutionDocument, variables, 5, false)).toEqual(inOrder(own, orderBy));
      const foreign = { ...variables, filter: { institutionId: scene.other.institution.id } };
      expect(idsOf(await pageOf(server, ChatSessionsOfInstitutionDocument, foreign))).toEqual([]);
    });
  });

  it('a page with a limit of 0 is empty', async () => {
    const page = await pageOf(scene.server, ChatSessionsDocument, { first: 0 });
    expect([page.nodes, page.totalCount > 0]).toEqual([[], true]);
  });
});
