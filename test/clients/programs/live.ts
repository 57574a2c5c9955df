import { follow } from '../live.ts';
import { print } from './steps.ts';

/** What happens after each subscription: the changes that it delivers, and the code with which it ends. */
const streams = [
  { cursors: ['a', 'b'], kind: 'UPDATED', code: undefined },
  { cursors: ['c'], kind: 'CREATED', code: 'CURSOR_EXPIRED' },
  { cursors: ['d'], kind: 'UPDATED', code: 'UNAUTHENTICATED' },
];
const calls: string[] = [];
const ended = await follow(
  (after, next, end) => {
    calls.push(`after ${after}`);
    const stream = streams.shift();
    for (const cursor of stream?.cursors ?? []) next({ cursor, kind: stream?.kind ?? '' });
    end(stream?.code);
    return () => calls.push('unsubscribe');
  },
  async () => calls.push('reload'),
  new AbortController().signal,
).catch(String);
print({ calls, ended });
