import { cancel, heldPositions } from '../genql/positions.ts';
import { print } from './steps.ts';

const ids: string[] = [];
let next: string | null = null;
do {
  const page: Awaited<ReturnType<typeof heldPositions>> = await heldPositions(next);
  ids.push(...page.nodes.map(({ id, held }) => `${id} ${held.amount}`));
  next = page.next;
} while (next !== null);
print({ ids });
const [position = ''] = ids[0]?.split(' ') ?? [];
print({ cancelled: [await cancel(position, 'first'), await cancel(position, 'second')] });
