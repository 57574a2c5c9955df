// Random documents of the same kind as the queries of the benchmark.
import type { Operation } from './operations.ts';

/** Returns a random whole number from 0 to below `sides`. */
export type Roll = (sides: number) => number;

/** Returns a generator that yields the same numbers for the same seed. */
export function rollsOf(seed: number): Roll {
  let state = seed >>> 0;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** The fields of each type that a random document selects from; each of them costs as much as the others. */
const LEAVES = {
  position: ['id', 'state', 'holderReference', 'version', 'createdAt', 'updatedAt', 'externalReference', 'fundedAt'],
  money: ['amount', 'currencyCode'],
  asset: ['id', 'label', 'version', 'createdAt', 'updatedAt'],
  template: ['id', 'code', 'name', 'vertical', 'region', 'version'],
  institution: ['id', 'name', 'version', 'createdAt'],
  event: ['sequence', 'toState', 'fromState', 'id', 'createdAt'],
} as const;
const MONEY = ['amount', 'held', 'funded', 'released', 'refunded'] as const;

/** Returns 2 or 3 of the fields in random order, some of them with a random alias, which no two of them share. */
function leaves(roll: Roll, type: keyof typeof LEAVES): string {
  const left: string[] = [...LEAVES[type]];
  const chosen = Array.from({ length: Math.min(left.length, 2 + roll(2)) }, () => left.splice(roll(left.length), 1)[0]);
  return chosen.map((name) => (roll(8) === 0 ? `a${roll(1_000)}${name}: ${name}` : name)).join(' ');
}

/** Returns a selection of a position with its amounts and its parents. */
function positionFields(roll: Roll): string {
  const from = roll(MONEY.length);
  const amounts = [0, 1].map((index) => `${MONEY[(from + index) % MONEY.length]} { ${leaves(roll, 'money')} }`);
  const institution = `institution { ${leaves(roll, 'institution')} }`;
  const template = `template { ${leaves(roll, 'template')} ${roll(2) === 0 ? institution : ''} }`;
  const parents = `asset { ${leaves(roll, 'asset')} ${template} } ${roll(2) === 0 ? institution : ''}`;
  const parts = [leaves(roll, 'position'), ...amounts, parents];
  return parts.join(' ');
}

/** Returns a random query for one position. */
export const randomGet = (roll: Roll, id: string): Operation => ({
  query: `query Q${roll(1_000_000)}($id: ID!) { position(id: $id) { ${positionFields(roll)} } }`,
  variables: { id },
});

/** Returns a random query for a page of positions with their events. */
export function randomPage(roll: Roll): (first: number) => Operation {
  const events = `events(first: 5) { nodes { ${leaves(roll, 'event')} } }`;
  const query = `query Q${roll(1_000_000)}($first: Int!) { positions(first: $first) { nodes { ${positionFields(roll)} ${events} } } }`;
  return (first) => ({ query, variables: { first } });
}
