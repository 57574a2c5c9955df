import type { ChatSessionOrderField } from '../api/documents/graphql.ts';
import type { Session } from '../support/conversation.ts';

export const PRIORITIES = ['LOW', 'MEDIUM', 'HIGH', 'URGENT'] as const;
type Key = (session: Session) => readonly (string | number)[];
/** Titles are ASCII or one capital letter above it, so that code points and UTF-16 units sort alike. */
const KEYS: { readonly [F in ChatSessionOrderField]: Key } = {
  CREATED_AT: ({ createdAt }) => [createdAt],
  UPDATED_AT: ({ updatedAt }) => [updatedAt],
  LAST_ACTIVITY_AT: ({ lastActivityAt }) => [lastActivityAt],
  PRIORITY: ({ priority, lastActivityAt }) => [PRIORITIES.indexOf(priority), lastActivityAt],
  TITLE: ({ title }) => [title],
};
export const ORDERS = (Object.keys(KEYS) as ChatSessionOrderField[]).flatMap((field) =>
  (['ASC', 'DESC'] as const).map((direction) => ({ field, direction })),
);
export type OrderBy = (typeof ORDERS)[number];

/** Sorts sessions by the fields, then by id, all in the given direction. */
export function inOrder(sessions: readonly Session[], { field, direction }: OrderBy): readonly string[] {
  const compare = (a: Session, b: Session): number => {
    const [left, right] = [
      [...KEYS[field](a), a.id],
      [...KEYS[field](b), b.id],
    ];
    const first = left.findIndex((value, index) => value !== right[index]);
    return first < 0 ? 0 : (left[first] as string) < (right[first] as string) ? -1 : 1;
  };
  const sorted = sessions.toSorted(compare).map(({ id }) => id);
  return direction === 'ASC' ? sorted : sorted.toReversed();
}
