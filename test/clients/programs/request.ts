import { codeOf, eachPage, fund } from '../request/positions.ts';
import { key } from '../server.ts';
import { print } from './steps.ts';

const ids: string[] = [];
const lengths: number[] = [];
await eachPage((page) => {
  ids.push(...page.map(({ id }) => id));
  lengths.push(page.length);
});
print({ lengths, ids });
const funded = await fund(ids[0] ?? '', 'first');
print({ retried: funded?.__typename === 'FundPositionPayload' ? [funded.position.version, funded.replayed] : funded });
const rejected = await fund(ids[0] ?? '', 'again');
print({ rejected: rejected?.__typename === 'IllegalTransitionError' ? rejected.from : rejected });
const conflict = await fund(ids[1] ?? '', 'first');
print({ conflict: conflict?.__typename });
// A request that repeats the API key elsewhere is rejected.
print({ code: await fund(ids[0] ?? '', key).catch(codeOf) });
