import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { COUNTS, SEED } from '../counts.ts';
import { asAdmin } from '../support/admin.ts';
import { makeDeal } from '../support/deal.ts';
import { type Runner, startRunner } from '../support/runner.ts';
import { openPostgresAt } from '../support/stores.ts';
import type { DeliveringServerOptions, ServerFigures } from './deliveringServer.ts';
import { type Arrival, openFlakyReceiver } from './flakyReceiver.ts';
import { CHANGES_PER_LIFE, livePositions } from './positionLives.ts';
import { createEndpoint, serveWebhooks } from './scene.ts';

const FAILURE_SHARE = 0.2;
const WRITERS = 4;
const POSITIONS_PER_BATCH = 25;
const DOCUMENT = `subscription { positionChanged { cursor kind position { id state version held { amount } }
  event { sequence toState } } }`;
/** So many attempts that no delivery fails for good, and a lease that ends soon after its server was killed. */
const LIMITS = { retryDelaysMs: [0, 20, 50, ...Array<number>(40).fill(200)], attemptMs: 2_000, leaseMs: 5_000 };

interface Logged {
  readonly id: string;
  readonly objectId: string;
  readonly state: string;
  readonly attempts: number;
}
const LOG = `select id, object_id as "objectId", state, attempts from webhook_deliveries order by sequence`;
const CHANGES = `select place::int8::text as sequence, object_id as "objectId" from outbox where topic = 'POSITION'
  and institution_id = $1 order by outbox.place`;
const COMMITS = `select xact_commit::int as commits from pg_stat_database where datname = current_database()`;

const startServer = async (options: DeliveringServerOptions): Promise<Runner<ServerFigures> & { url: string }> => {
  const runner = await startRunner<ServerFigures>('webhooks/deliveringServer.ts');
  const { url } = await runner.send(JSON.stringify(options));
  return { ...runner, url };
};

it('every change is delivered in the order of its object by two servers of which one is killed, to a receiver that fails at random', async () => {
  const { store, url: databaseUrl } = await openPostgresAt();
  const control = serveWebhooks(store, {}, { clock: Date.now });
  const deal = await makeDeal(control);
  const receiver = await openFlakyReceiver(SEED, FAILURE_SHARE);
  const created = await createEndpoint(control, {
    url: receiver.url,
    institutionId: deal.institution.id,
    document: DOCUMENT,
  });
  receiver.secret = created.secret;
  const options = { databaseUrl, limits: LIMITS };
  const servers = await Promise.all([startServer(options), startServer(options)]);
  let calls = 0;
  const url = (): string => (servers[calls++ % servers.length] as (typeof servers)[0]).url;
  const startedAt = performance.now();

  let lives = Math.ceil(COUNTS.webhookDeliveries / CHANGES_PER_LIFE / POSITIONS_PER_BATCH);
  const expected = lives * CHANGES_PER_LIFE * POSITIONS_PER_BATCH;
  const write = async (): Promise<void> => {
    while (lives > 0) {
      lives -= 1;
      await livePositions(url, deal.assetId, POSITIONS_PER_BATCH);
    }
  };
  const writers = Promise.all(Array.from({ length: WRITERS }, write));
  while (receiver.accepted.size < expected / 3) await delay(5);
  const [killed] = servers.splice(0, 1);
  await killed?.stop();
  await writers;
  const writtenAt = performance.now();
  const isDone = async (): Promise<boolean> => {
    const pending = await asAdmin(databaseUrl, (admin) =>
      admin.query(`select from webhook_deliveries where state = 'PENDING' limit 1`),
    );
    return receiver.accepted.size >= expected && pending.rowCount === 0;
  };
  while (!(await isDone())) await delay(50);
  const seconds = (performance.now() - startedAt) / 1_000;

  const [log, changes, commits] = await asAdmin(databaseUrl, async (admin) => [
    (await admin.query<Logged>(LOG)).rows,
    (await admin.query<{ objectId: string }>(CHANGES, [deal.institution.id])).rows,
    (await admin.query<{ commits: number }>(COMMITS)).rows[0]?.commits,
  ]);
  expect(log.map(({ objectId }) => objectId)).toEqual(changes.map(({ objectId }) => objectId));
  expect(log).toHaveLength(expected);
  expect(new Set(log.map(({ state }) => state))).toEqual(new Set(['DELIVERED']));
  expect(log.filter(({ id }) => !receiver.accepted.has(id))).toEqual([]);
  expect(receiver.problems).toEqual([]);
  expect(disorder(log, receiver.arrivals)).toEqual([]);
  expect(new Set(receiver.arrivals.map(({ id, hash }) => `${id} ${hash}`)).size).toBe(log.length);
  const figures = await Promise.all(servers.map((server) => server.send('figures')));
  expect(figures.flatMap(({ errors }) => errors)).toEqual([]);

  const accepted = receiver.arrivals.filter(({ isAccepted }) => isAccepted).length;
  const attempts = log.reduce((sum, delivery) => sum + delivery.attempts, 0);
  process.stdout.write(
    `Seed ${SEED}: ${log.length} deliveries in ${seconds.toFixed(1)} s (${Math.round(log.length / seconds)}/s, changes` +
      ` written within ${((writtenAt - startedAt) / 1_000).toFixed(1)} s), ${attempts} attempts, of which` +
      ` ${receiver.arrivals.length} arrived, ${accepted - log.length} accepted again; ${commits} transactions; servers` +
      ` ${figures.map(({ cpuMs, statements }) => `${Math.round(cpuMs)} ms of CPU and ${statements} statements`).join(', ')}\n`,
  );
});

/** Returns the arrivals of a delivery before which an earlier one of the same object had not been accepted. */
function disorder(log: readonly Logged[], arrivals: readonly Arrival[]): readonly string[] {
  const before = new Map<string, string>();
  const last = new Map<string, string>();
  for (const { id, objectId } of log) {
    const previous = last.get(objectId);
    if (previous !== undefined) before.set(id, previous);
    last.set(objectId, id);
  }
  const accepted = new Set<string>();
  return arrivals.flatMap(({ id, isAccepted }) => {
    const previous = before.get(id);
    if (isAccepted) accepted.add(id);
    // An earlier one of the previous delivery had been accepted before that one arrived.
    return previous !== undefined && !accepted.has(previous) ? [`${id} before ${previous}`] : [];
  });
}
