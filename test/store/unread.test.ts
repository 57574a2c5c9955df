import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ChatMessage } from '../../src/domain/chatMessage.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';
import { aMark, aMessage, aSession } from './chatRows.ts';
import { anInstitution, insertAll, nextId } from './rows.ts';

const PARTICIPANTS = ['ann', 'bob', 'eve'] as const;
const step = fc.record({
  kind: fc.constantFrom('post', 'post', 'postEarlier', 'edit', 'delete', 'mark', 'count', 'count', 'remove'),
  which: fc.nat(1_000),
  author: fc.constantFrom(...PARTICIPANTS),
});

it('unread counts equal a count over all messages after any history of writes', async () => {
  const steps = fc.array(step, { minLength: COUNTS.memorySteps, maxLength: COUNTS.memorySteps });
  await checked(
    5,
    fc.asyncProperty(steps, async (all) => {
      const store = createMemoryStore();
      const [own, other] = [anInstitution(), anInstitution()];
      let session = aSession(own.id);
      let messages: ChatMessage[] = [];
      const marks = new Map<string, { readonly sequence: number; readonly version: number }>();
      await store.transact('ALL', async (tx) => insertAll(tx, { institutions: [own, other], chatSessions: [session] }));
      for (const { kind, which, author } of all) {
        const index = which % Math.max(1, messages.length);
        const message = messages[index];
        await store.transact('ALL', async (tx) => {
          if (kind === 'post' || kind === 'postEarlier') {
            const highest = Math.max(0, ...messages.map(({ sequence }) => sequence));
            const sequence = kind === 'post' ? highest + 2 : (which % 50) * 2 + 1;
            if (messages.some((each) => each.sequence === sequence)) return;
            const row = aMessage(session, sequence, { authorReference: author });
            tx.chatMessages.insert(row);
            messages.push(row);
          } else if ((kind === 'edit' || kind === 'delete') && message) {
            const change = kind === 'edit' ? { body: `${which}` } : { body: null, deletedAt: which };
            const row = { ...message, ...change, version: message.version + 1 };
            tx.chatMessages.replace(row);
            messages[index] = row;
          } else if (kind === 'mark') {
            const mark = { sequence: which % 120, version: (marks.get(author)?.version ?? 0) + 1 };
            const row = { ...aMark(session, author, mark.sequence), version: mark.version };
            tx.readMarks[mark.version === 1 ? 'insert' : 'replace'](row);
            marks.set(author, mark);
          } else if (kind === 'remove' && which % 5 === 0) {
            tx.chatSessions.remove(session);
            session = aSession(own.id, { id: nextId('chat') });
            tx.chatSessions.insert(session);
            messages = [];
            marks.clear();
          }
        });
        if (kind !== 'count') continue;
        const asked = [...PARTICIPANTS, 'nobody'].map((participantReference) => ({
          sessionId: session.id,
          participantReference,
        }));
        const expected = asked.map(({ participantReference: reader }) => {
          const mark = marks.get(reader)?.sequence ?? 0;
          return messages.filter(
            (each) => each.sequence > mark && each.deletedAt === null && each.authorReference !== reader,
          ).length;
        });
        expect(await store.read({ institutionId: own.id }).unreadCounts(asked)).toEqual(expected);
        expect(await store.read({ institutionId: other.id }).unreadCounts(asked)).toEqual([0, 0, 0, 0]);
      }
    }),
  );
});
