// Performs the same steps with each library that has a cache, and prints one line of JSON per step.

interface Row {
  readonly id: string;
  readonly state: string;
  readonly version: number;
  readonly held: { readonly amount: string };
}

export interface Library<R extends Row> {
  /** The positions that the library shows now. */
  rows(): readonly R[];
  /** Requests the next page. Returns false if there is none. */
  loadMore(): Promise<boolean>;
  fund(position: R, idempotencyKey: string): Promise<string | null>;
  follow(signal: AbortSignal): Promise<void>;
}

declare const process: { readonly argv: readonly string[] };
/** The first argument of the program. */
export const argument = process.argv[2] ?? '';

export const print = (line: object): void => console.log(JSON.stringify(line));

/** Waits until the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** How many lists have been requested, and how many of them have no response yet. */
let lists = 0;
let pending = 0;
const { fetch } = globalThis;
globalThis.fetch = async (url, init) => {
  if (!String(init?.body).includes('positions(')) return fetch(url, init);
  lists += 1;
  pending += 1;
  try {
    const response = await fetch(url, init);
    return new Response(await response.text(), response);
  } finally {
    pending -= 1;
  }
};

export async function perform<R extends Row>(library: Library<R>): Promise<void> {
  const { rows, fund } = library;
  const row = (id: string): string => {
    const found = rows().find((each) => each.id === id);
    return found ? `${found.state} ${found.version} ${found.held.amount}` : 'absent';
  };
  await until(() => rows().length > 0);
  const lengths = [rows().length];
  for (let length = rows().length; await library.loadMore(); length = rows().length) {
    await until(() => rows().length > length);
    lengths.push(rows().length);
  }
  const [first, second, third] = rows() as readonly [R, R, R];
  print({ lengths, ids: rows().map(({ id }) => id) });
  const funding = async (position: R, idempotencyKey: string): Promise<object> => {
    const pending = fund(position, idempotencyKey);
    await new Promise((resolve) => setTimeout(resolve));
    const optimistic = row(position.id);
    return { optimistic, result: await pending, row: row(position.id) };
  };
  print({ funded: await funding(first, 'first') });
  const results = [await fund(second, 'second')];
  if (results[0] !== null) results.push(await fund(second, 'second'));
  print({ retried: { attempts: results.length, result: results.at(-1), row: row(second.id) } });
  print({ rejected: await funding(third, 'third') });
  print({ unknown: await fund({ ...third, id: `${third.id.slice(0, -4)}0000` }, 'unknown') });

  const controller = new AbortController();
  const following = library.follow(controller.signal);
  await until(() => pending === 0 && row(first.id).startsWith('CANCELLED'));
  const before = lists;
  print({ live: row(first.id) });
  await until(() => row(second.id).startsWith('CANCELLED'));
  print({ resumed: row(second.id), listsLoaded: lists - before });
  controller.abort();
  await following;
  print({ stopped: true });
}
