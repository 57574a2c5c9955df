import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { FULL } from '../counts.ts';
import { type Deal, makeDeal } from '../support/deal.ts';
import type { TestServer } from '../support/server.ts';

/** A short run takes seconds on an idle machine. A busy one takes longer to restart PostgreSQL. */
export const CRASH_TEST_TIMEOUT_MS = FULL ? 1_800_000 : 240_000;
const RETRY_PAUSE_MS = 100;
const POLL_MS = 5;
/** After these errors a client with an idempotency key sends the call again. */
const RETRYABLE = ['SERVICE_UNAVAILABLE', 'BUSY', 'TIMEOUT'];

/** The changes of one object that a client has requested. */
interface ChangeLog {
  /** The number of changes that succeeded. */
  acknowledged: number;
  /** The number of changes whose error leaves open whether they were done. */
  unknown: number;
}

export interface Comparison {
  readonly lost: number;
  readonly doubled: number;
  /** The number of objects for which the tables have different numbers of changes. */
  readonly torn: number;
  readonly refused: number;
}

interface Result {
  readonly __typename: string;
  readonly position?: { readonly id: string };
}

/** The rows of one reference in the database. Each column counts the changes, so all must be equal. */
const ROWS = `select p.external_reference as reference, count(*) over (partition by p.external_reference)::int as objects,
  array[p.version, p.sequence,
    (select count(*) from lifecycle_events e where e.position_id = p.id),
    (select count(*) from ledger_entries l where l.position_id = p.id),
    (select count(*) from audit_events a where a.resource_id = p.id and a.outcome = 'SUCCESS'),
    (select count(*) from outbox o where o.object_id = p.id)]::int[] as changes
  from positions p
  union all select i.name, count(*) over (partition by i.name)::int,
    array[(select count(*) from audit_events a where a.resource_id = i.id and a.outcome = 'SUCCESS')]::int[]
  from institutions i where i.name like 'writer %'`;
interface Row {
  readonly reference: string;
  readonly objects: number;
  readonly changes: readonly number[];
}

/** Clients that continuously change a server, half of them with idempotency keys, and record what was acknowledged. */
export class ConcurrentWriters {
  readonly #server: TestServer;
  readonly #deal: Deal;
  readonly #logs = new Map<string, ChangeLog>();
  readonly #running: Promise<void>[] = [];
  /** The number of rejected calls. Each of them is valid unless an acknowledged change before it was lost. */
  #refused = 0;
  #stopped = false;

  private constructor(server: TestServer, deal: Deal) {
    this.#server = server;
    this.#deal = deal;
  }

  /** Starts `count` writers on the server. */
  static async start(server: TestServer, count: number): Promise<ConcurrentWriters> {
    const writers = new ConcurrentWriters(server, await makeDeal(server));
    for (let index = 0; index < count; index += 1) writers.#running.push(writers.#run(index % 2 === 0));
    return writers;
  }

  get acknowledged(): number {
    return [...this.#logs.values()].reduce((sum, log) => sum + log.acknowledged, 0);
  }

  get unknown(): number {
    return [...this.#logs.values()].reduce((sum, log) => sum + log.unknown, 0);
  }

  /** Waits until the given number of further changes is acknowledged. */
  async waitForMore(changes: number): Promise<void> {
    for (const until = this.acknowledged + changes; this.acknowledged < until; ) {
      await Promise.race([delay(POLL_MS), ...this.#running]);
      if (this.#stopped) return;
    }
  }

  /** Lets every writer complete its current call. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  /** Compares the database with the acknowledged changes. All counts are zero if they agree. */
  async compare(admin: Client): Promise<Comparison> {
    const { rows } = await admin.query<Row>(ROWS);
    const counts = { lost: 0, doubled: 0, torn: 0, refused: this.#refused };
    const found = new Map(rows.map((row) => [row.reference, row]));
    for (const row of rows) {
      if (new Set(row.changes).size > 1) counts.torn += 1;
      if (row.objects > 1 || !this.#logs.has(row.reference)) counts.doubled += 1;
    }
    for (const [reference, { acknowledged, unknown }] of this.#logs) {
      const changes = found.get(reference)?.changes[0] ?? 0;
      counts.lost += Math.max(0, acknowledged - changes);
      counts.doubled += Math.max(0, changes - acknowledged - unknown);
    }
    return counts;
  }

  async #run(hasKeys: boolean): Promise<void> {
    try {
      for (let job = 0; !this.#stopped; job += 1) {
        await (job % 3 === 2 ? this.#createInstitution(hasKeys) : this.#movePosition(hasKeys));
      }
    } finally {
      this.#stopped = true;
    }
  }

  /** The first statement of this transaction is its write, so everything is sent in one round trip. */
  async #createInstitution(hasKeys: boolean): Promise<void> {
    const name = `writer ${randomUUID()}`;
    await this.#change(name, hasKeys, 'createInstitution', { name, regions: ['US'] });
  }

  async #movePosition(hasKeys: boolean): Promise<void> {
    const externalReference = randomUUID();
    const amount = { amount: '100.00', currencyCode: 'USD' };
    const input = { assetId: this.#deal.assetId, holderReference: 'holder', amount, externalReference };
    const created = await this.#change(externalReference, hasKeys, 'createPosition', input);
    const positionId = created?.position?.id;
    if (positionId === undefined) return;
    const funded = await this.#change(externalReference, hasKeys, 'fundPosition', { positionId });
    if (!funded) return;
    for (const part of ['10.00', '20.00']) {
      await this.#change(externalReference, hasKeys, 'releasePosition', { positionId, amount: part });
    }
  }

  /** Sends a mutation, with an idempotency key until it succeeds, and records the outcome. */
  async #change(reference: string, hasKey: boolean, mutation: string, input: object): Promise<Result | undefined> {
    const log = this.#logs.get(reference) ?? { acknowledged: 0, unknown: 0 };
    this.#logs.set(reference, log);
    const key = hasKey ? { idempotencyKey: randomUUID() } : {};
    const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
    const fields = mutation === 'createPosition' ? '... on CreatePositionPayload { position { id } }' : '';
    const document = `mutation ($input: ${type}!) { it: ${mutation}(input: $input) { __typename ${fields} } }`;
    for (;;) {
      const { data, errors } = await this.#server.ask<{ it: Result | null }>(document, { input: { ...input, ...key } });
      if (data?.it) {
        if (!data.it.__typename.endsWith('Payload')) {
          this.#refused += 1;
          return undefined;
        }
        log.acknowledged += 1;
        return data.it;
      }
      const code = errors?.[0]?.extensions?.code ?? '';
      if (!RETRYABLE.includes(code)) throw new Error(JSON.stringify(errors), { cause: this.#server.faults.at(-1) });
      if (!hasKey) {
        if (code === 'SERVICE_UNAVAILABLE') log.unknown += 1;
        return undefined;
      }
      await delay(RETRY_PAUSE_MS);
    }
  }
}

/** Prints what a test has compared. */
export function report(what: string, { acknowledged, unknown }: ConcurrentWriters, counts: Comparison): void {
  const outcomes = `${acknowledged} changes acknowledged, ${unknown} of unknown outcome`;
  process.stdout.write(`${what}: ${outcomes}, ${JSON.stringify(counts)}\n`);
}
