import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Id } from '../../src/domain/ids.ts';
import type { Scope } from '../../src/domain/viewer.ts';
import { queueOfDelivery, type WebhookDelivery } from '../../src/domain/webhookDelivery.ts';
import type { WebhookEndpoint } from '../../src/domain/webhookEndpoint.ts';
import { createMemoryStore, type MemoryStore } from '../../src/store/memory/index.ts';
import type { Statement } from '../../src/store/postgres/sql.ts';
import type { DueDeliveries, Store, Window, Writers } from '../../src/store/store.ts';
import { firstOf } from '../../src/store/window.ts';
import { openTransaction } from '../support/openTransaction.ts';
import { openPostgresAt } from '../support/stores.ts';
import { type Explained, readsOf } from './plans.ts';
import { anInstitution, insertAll, nextId, only, START } from './rows.ts';
import { aDelivery, anEndpoint } from './webhookRows.ts';

const INSTITUTIONS = 20;
const ENDPOINTS_EACH = 5;
/** The deliveries of the endpoint that does not answer: all are due. */
const SLOW = 20_000;
/** The deliveries of each other endpoint, of which nearly all have succeeded. */
const DELIVERED = 300;
const ROWS_AT_ONCE = 5_000;
const PAGE_ROWS = 50;

const institutions = Array.from({ length: INSTITUTIONS }, () => anInstitution());
const endpoints = institutions.flatMap(({ id }, institution) =>
  Array.from({ length: ENDPOINTS_EACH }, (_one, index) =>
    anEndpoint(id, { state: (institution + index) % 4 === 3 ? 'DISABLED' : 'ENABLED' }),
  ),
);
const [slow, healthy] = endpoints as [WebhookEndpoint, WebhookEndpoint];
/** Each endpoint gets the changes of the same objects as the others of its institution. */
const objects = institutions.map(() => Array.from({ length: 100 }, () => nextId('pos')));
const objectOf = (place: number, index: number): Id =>
  objects[Math.floor((place + 1) / ENDPOINTS_EACH)]?.[index % 100] ?? '';

const times = (count: number, make: (index: number) => WebhookDelivery): WebhookDelivery[] =>
  Array.from({ length: count }, (_one, index) => make(index));
const ofSlow = times(SLOW, (index) =>
  aDelivery(slow, index + 1, { objectId: nextId('pos'), createdAt: START + index, nextAttemptAt: START + index }),
);
const ofOthers = endpoints.slice(1).flatMap((endpoint, place) => [
  ...times(DELIVERED, (index) =>
    aDelivery(endpoint, index + 1, {
      objectId: objectOf(place, index),
      createdAt: START + index,
      state: index % 100 === 7 ? 'FAILED' : 'DELIVERED',
    }),
  ),
  // The first one of a queue is due, and the others wait for it.
  ...times(5, (index) =>
    aDelivery(endpoint, DELIVERED + index + 1, {
      objectId: objectOf(place, place),
      createdAt: START + DELIVERED + index,
      nextAttemptAt: index === 0 ? START + SLOW - 1 : null,
    }),
  ),
]);
const failing = ofOthers.find(({ queue }) => queue !== null) as WebhookDelivery;

async function fill(store: Store): Promise<void> {
  await store.transact('ALL', async (tx) => insertAll(tx, { institutions, webhookEndpoints: endpoints }));
  const rows = [...ofSlow, ...ofOthers];
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const webhookDeliveries = rows.slice(from, from + ROWS_AT_ONCE);
    await store.transact('ALL', async (tx) => insertAll(tx, { webhookDeliveries }));
  }
}

const newest = (part: Partial<Window<WebhookDelivery>>) =>
  firstOf<WebhookDelivery>({ order: { by: ['createdAt'], direction: 'DESC' }, limit: PAGE_ROWS, ...part });
const bySequence = (part: Partial<Window<WebhookDelivery>>) =>
  firstOf<WebhookDelivery>({ order: { by: ['sequence'], direction: 'ASC' }, limit: PAGE_ROWS, ...part });
const ofEndpoint = (id: Id) => ({ parent: { field: 'webhookEndpointId', id } }) as const;
const FAILED = { state: { in: ['FAILED'] } } as const;
const ENDED = { state: { in: ['DELIVERED', 'FAILED'] } } as const;

interface Read {
  readonly name: string;
  readonly read: (tx: Writers) => unknown;
  /** The maximum number of rows that may be read, per institution if the scope is ALL and the list is merged. */
  readonly most?: number;
  /** The same for the memory store, if it differs. */
  readonly mostInMemory?: number;
  readonly isMerged?: boolean;
}
const one = PAGE_ROWS + 1;
const due = (over: Partial<DueDeliveries>) => (tx: Writers) =>
  tx.lockDueDeliveries({ now: START + SLOW, limit: 300, perEndpoint: 10, except: [], ...over });
const DUE_IN_MEMORY = 12 * endpoints.length;
const READS: readonly Read[] = [
  // The first scheduled delivery of each endpoint is read, and the endpoint. The memory store reads those of a page.
  { name: 'due deliveries', read: due({}), most: 2 * endpoints.length + 300, mostInMemory: DUE_IN_MEMORY },
  {
    name: 'due deliveries, few',
    read: due({ limit: 5 }),
    most: 2 * endpoints.length + 50,
    mostInMemory: DUE_IN_MEMORY,
  },
  {
    name: 'due deliveries, without a slow endpoint',
    read: due({ except: [slow.id] }),
    most: 4 * endpoints.length,
    mostInMemory: DUE_IN_MEMORY,
  },
  {
    name: 'due deliveries, none',
    read: due({ now: START - 1 }),
    most: 2 * endpoints.length,
    mostInMemory: DUE_IN_MEMORY,
  },
  {
    name: 'the first of a queue',
    read: (tx) =>
      tx.webhookDeliveries.pages([bySequence({ parent: { field: 'queue', id: queueOfDelivery(failing) }, limit: 2 })]),
    most: 3,
  },
  {
    name: 'the first of 100 queues',
    read: (tx) =>
      tx.webhookDeliveries.pages(
        ofSlow.slice(0, 100).map(({ queue }) => bySequence({ parent: { field: 'queue', id: queue ?? '' }, limit: 1 })),
      ),
    most: 200,
  },
  {
    name: 'deliveries to repeat',
    read: (tx) =>
      tx.webhookDeliveries.pages([
        bySequence({ ...ofEndpoint(healthy.id), where: { ...ENDED, sequence: { range: { gt: 100 } } } }),
      ]),
    most: 2 * one,
  },
  {
    name: 'failed deliveries to repeat',
    read: (tx) =>
      tx.webhookDeliveries.pages([
        bySequence({ ...ofEndpoint(healthy.id), where: { ...FAILED, sequence: { range: { gt: 0 } } } }),
      ]),
  },
  { name: 'the log of an endpoint', read: (tx) => tx.webhookDeliveries.pages([newest(ofEndpoint(healthy.id))]) },
  {
    name: 'the failed deliveries of an endpoint',
    read: (tx) => tx.webhookDeliveries.pages([newest({ ...ofEndpoint(healthy.id), where: FAILED })]),
  },
  {
    name: 'no failed deliveries of an endpoint with many',
    read: (tx) => tx.webhookDeliveries.pages([newest({ ...ofEndpoint(slow.id), where: FAILED })]),
  },
  { name: 'the log', read: (tx) => tx.webhookDeliveries.pages([newest({})]), isMerged: true },
  {
    name: 'the failed deliveries',
    read: (tx) => tx.webhookDeliveries.pages([newest({ where: FAILED })]),
    isMerged: true,
  },
  {
    name: 'the deliveries of an object',
    read: (tx) => tx.webhookDeliveries.pages([newest({ where: { objectId: { in: [objectOf(0, 7)] } } })]),
  },
  {
    name: 'deliveries past their retention',
    read: (tx) =>
      tx.webhookDeliveries.pages([
        firstOf<WebhookDelivery>({
          where: { createdAt: { range: { lt: START + 10 } } },
          order: { by: ['createdAt'], direction: 'ASC' },
          limit: PAGE_ROWS,
        }),
      ]),
    mostInMemory: one + 1,
    isMerged: true,
  },
  {
    name: 'whether an endpoint is enabled',
    read: (tx) =>
      tx.webhookEndpoints.pages([
        firstOf<WebhookEndpoint>({
          where: { state: { in: ['ENABLED'] } },
          order: { by: ['createdAt'], direction: 'ASC' },
          limit: 1,
        }),
      ]),
    most: endpoints.length,
  },
];

describe(`reads of ${SLOW + ofOthers.length} deliveries`, () => {
  const memory: MemoryStore = createMemoryStore();
  let postgres: Store;
  let sent: Statement[] = [];
  let plans: Client;

  beforeAll(async () => {
    await fill(memory);
    const opened = await openPostgresAt((statement) => sent.push(statement));
    postgres = opened.store;
    await fill(postgres);
    plans = new Client({ connectionString: opened.url });
    await plans.connect();
    await plans.query('analyze');
  });
  afterAll(() => plans.end());

  const scopes: readonly { readonly who: string; readonly scope: Scope }[] = [
    { who: 'all institutions', scope: 'ALL' },
    { who: 'one institution', scope: only(institutions[0] as (typeof institutions)[number]) },
  ];

  describe.each(scopes)('for $who scan no more rows than necessary', ({ scope }) => {
    test.each(READS)('$name', async ({ read, most = one, mostInMemory = most, isMerged = false }) => {
      memory.scanStats.rows = 0;
      const inMemory = await memory.transact(scope, async (tx) => read(tx));
      expect(memory.scanStats.rows).toBeLessThanOrEqual(mostInMemory);
      sent = [];
      expect(await postgres.transact(scope, async (tx) => read(tx))).toEqual(inMemory);
      const statement = sent.find(({ text }) => text.includes('webhook_'));
      if (!statement) throw new Error('The read is one statement.');
      await openTransaction(plans, scope, 'writing');
      const { rows } = await plans.query<Explained>(`explain (analyze, buffers off, format json) ${statement.text}`, [
        ...statement.values,
      ]);
      await plans.query('rollback');
      const { rows: scanned, sequential, plan } = readsOf(rows);
      expect(sequential.filter((table) => table === 'webhook_deliveries')).toEqual([]);
      // A row of a bitmap scan counts twice, in the index and in the table. Merged lists read a page of each institution.
      const bound = 2 * most * (isMerged && scope === 'ALL' ? INSTITUTIONS : 1);
      expect([plan, scanned <= bound]).toEqual([plan, true]);
    });
  });
});
