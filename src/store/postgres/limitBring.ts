import type { Bring, Window } from '../store.ts';

/** The maximum number of rows and of tables that one statement reads for a window, if it brings any along. */
const LIMITS = { rows: 1_024, tables: 10 } as const;

/** The rows that a window brings along within the limits, and the number of rows that are read. */
interface Limited {
  readonly limit: number;
  readonly bring: Bring;
  readonly rows: number;
}
/** The last results, by what was requested. The same object is returned for the same selection. */
const LIMITED = new WeakMap<Bring, Limited>();

/** Returns a window without the parts of what it brings along that exceed the limits, and the number of its rows. */
export function limitBring<W extends Pick<Window<never>, 'bring' | 'limit'>>(
  window: W,
): { readonly window: W; readonly rows: number } {
  const { bring, limit } = window;
  const own = limit + 1;
  if (!bring) return { window, rows: own };
  let limited = LIMITED.get(bring);
  if (limited?.limit !== limit) {
    const left = { rows: LIMITS.rows - own, tables: LIMITS.tables - 1 };
    limited = { limit, bring: withinLimits(bring, own, left), rows: LIMITS.rows - left.rows };
    LIMITED.set(bring, limited);
  }
  return { window: { ...window, bring: limited.bring }, rows: limited.rows };
}

/** Returns the parts of what `count` rows bring along for which enough is left. */
function withinLimits({ parents, children }: Bring, count: number, left: { rows: number; tables: number }): Bring {
  const fits = (rows: number): boolean => {
    if (left.tables === 0 || rows > left.rows) return false;
    left.rows -= rows;
    left.tables -= 1;
    return true;
  };
  return {
    parents: parents
      .filter(() => fits(count))
      .map((each) => ({ ...each, bring: withinLimits(each.bring, count, left) })),
    children: children
      .filter(({ window }) => fits(count * (window.limit + 1)))
      .map(({ window, ...each }) => {
        const { bring } = window;
        const rows = count * (window.limit + 1);
        return { ...each, window: bring ? { ...window, bring: withinLimits(bring, rows, left) } : window };
      }),
  };
}
