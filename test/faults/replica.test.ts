import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { asAdmin } from '../support/admin.ts';
import { POSTGRES_BIN } from '../support/debianPostgres.ts';
import { atFileEnd } from '../support/fileEnd.ts';
import { newKey, ROOT_TOKEN } from '../support/keyed.ts';
import type { PostgresServer } from '../support/postgresServer.ts';
import { type Proxy, startProxy } from '../support/proxy.ts';
import { openReplicated, type Replicated, startServer } from '../support/replicated.ts';
import { waitForReplay } from './standbys.ts';

const BIN = POSTGRES_BIN ?? '';
if (POSTGRES_BIN === undefined) process.stdout.write('Skipped without pg_basebackup (Debian: postgresql-15).\n');

const CREATE = `mutation ($name: String!) { createInstitution(input: { name: $name, regions: [US] }) {
  ... on CreateInstitutionPayload { institution { id name } } ... on UserError { code } } }`;
const READ = 'query ($id: ID!) { institution(id: $id) { name } }';
const LIST = '{ institutions(first: 5) { totalCount nodes { name apiKeys(first: 2) { nodes { label } } } } }';
interface Listed {
  readonly totalCount: number;
  readonly nodes: readonly unknown[];
}
const ANY = { 'escrowgrid-min-lsn': '0' };

const run = (server: PostgresServer, text: string): Promise<unknown> =>
  asAdmin(server.url, (admin) => admin.query(text));
const pause = (standby: PostgresServer) => run(standby, 'select pg_wal_replay_pause()');
const resume = (standby: PostgresServer) => run(standby, 'select pg_wal_replay_resume()');

/** Creates an institution, and returns its id with the LSN of the response. */
async function create(on: Replicated, name = 'Harbor Bank'): Promise<{ readonly id: string; readonly lsn: string }> {
  const { data, lsn } = await on.post(CREATE, { name });
  const made = data?.['createInstitution'] as { readonly institution: { readonly id: string } };
  return { id: made.institution.id, lsn: lsn ?? 'none' };
}

describe.skipIf(POSTGRES_BIN === undefined)('reads of a streaming replica', () => {
  let primary: PostgresServer;
  let standby: PostgresServer;
  let proxy: Proxy;
  let world: Replicated;
  beforeAll(async () => {
    primary = await startServer(BIN);
    await migrate(primary.url);
    standby = await startServer(BIN, primary);
    proxy = await startProxy(standby.url);
    atFileEnd(() => proxy.away());
    world = await openReplicated(primary.url, proxy.url);
    await world.waitUntil(true);
  });
  /** Sends a request, and returns its response with what it added to the counts. */
  const counted = async (...sent: Parameters<Replicated['post']>) => {
    const before = world.counts();
    const reply = await world.post(...sent);
    const { replica, behind, unusable } = world.counts();
    const counts = [replica - before.replica, behind - before.behind, unusable - before.unusable];
    return { ...reply, counts };
  };

  it('a read with the LSN of a write is served by the replica once it has replayed the write', async () => {
    const { id, lsn } = await create(world);
    expect(lsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    await waitForReplay(primary, standby);
    // The third and later requests of a document are compiled.
    for (let sent = 0; sent < 5; sent += 1) {
      const reply = await counted(READ, { id }, { 'escrowgrid-min-lsn': lsn });
      expect(reply).toMatchObject({ status: 200, data: { institution: { name: 'Harbor Bank' } }, counts: [1, 0, 0] });
      expect(reply.lsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    }
    expect((await counted(LIST, {}, ANY)).counts[0]).toBeGreaterThan(0);
  });

  it('a replica that is behind returns the earlier state for 0, and the primary returns what the LSN requires', async () => {
    await waitForReplay(primary, standby);
    await pause(standby);
    const { id, lsn } = await create(world);
    const old = await counted(READ, { id }, ANY);
    expect(old).toMatchObject({ status: 200, data: { institution: null }, counts: [1, 0, 0] });
    const current = await counted(READ, { id }, { 'escrowgrid-min-lsn': lsn });
    expect(current).toMatchObject({ data: { institution: { name: 'Harbor Bank' } }, counts: [0, 1, 0] });
    // All reads of a request that the replica could not serve are of the primary: the list and its count.
    const list = await counted(LIST, {}, { 'escrowgrid-min-lsn': lsn });
    const { totalCount, nodes } = (list.data ?? {})['institutions'] as Listed;
    expect(nodes).toHaveLength(totalCount);
    expect(list.counts[0]).toBe(0);
    // What the primary returned is the minimum of a later read.
    const later = await counted(READ, { id }, { 'escrowgrid-min-lsn': current.lsn ?? '' });
    expect(later).toMatchObject({ data: { institution: { name: 'Harbor Bank' } }, counts: [0, 1, 0] });
    await resume(standby);
    await waitForReplay(primary, standby);
    await delay(50);
    expect(await counted(READ, { id }, { 'escrowgrid-min-lsn': later.lsn ?? '' })).toMatchObject({ counts: [1, 0, 0] });
  });

  it('requests without the header are served by the primary, and their responses have no LSN', async () => {
    await waitForReplay(primary, standby);
    await pause(standby);
    const { id } = await create(world);
    for (let sent = 0; sent < 5; sent += 1) {
      const reply = await counted(READ, { id });
      expect(reply).toMatchObject({ lsn: null, data: { institution: { name: 'Harbor Bank' } }, counts: [0, 0, 0] });
    }
    await resume(standby);
  });

  it('the LSN of a write is read in the round trip of its COMMIT, and that of a read in the one of the read', async () => {
    const toPrimary = await startProxy(primary.url);
    atFileEnd(() => toPrimary.away());
    const other = await openReplicated(toPrimary.url, standby.url, { connections: 1 });
    await other.waitUntil(true);
    const { id } = await create(other);
    await delay(200);
    /** What the client has sent, with the number of the round trip. */
    const messages: (readonly [what: string, trip: number])[] = [];
    toPrimary.tap = {
      fromClient: ({ type, text }, { flights }) => {
        const [, what] = /(commit\0|primary_lsn|open_reading|open_writing)/.exec(text) ?? [];
        if (what !== undefined && type !== 'P') messages.push([what.replace('\0', ''), flights]);
      },
    };
    await create(other);
    // The change feed has transactions of its own, which note no LSN.
    const noted = messages.findIndex(([what]) => what === 'primary_lsn');
    expect(messages[noted - 1]).toEqual(['commit', messages[noted]?.[1]]);
    await delay(200);
    messages.length = 0;
    const { lsn } = await other.post(READ, { id }, { 'escrowgrid-min-lsn': 'FFFFFFFF/0' });
    expect(lsn).not.toBeNull();
    const trip = messages[0]?.[1];
    expect(messages).toEqual([
      ['open_reading', trip],
      ['primary_lsn', trip],
    ]);
    messages.length = 0;
    await other.post(READ, { id });
    expect(messages.map(([what]) => what)).toEqual(['open_reading']);
    toPrimary.tap = {};
  });

  it('API keys and mutations with their results are read from the primary, whatever the header', async () => {
    await waitForReplay(primary, standby);
    await pause(standby);
    const { id } = await create(world);
    const { token } = await newKey(world.server, id);
    const own = { authorization: `Bearer ${token}`, ...ANY };
    const viewer = await world.post('{ viewer { role } }', {}, own);
    expect(viewer.data).toEqual({ viewer: { role: 'ADMIN' } });
    const input = { name: 'Pier Bank', idempotencyKey: 'once' };
    const UPDATE = `mutation ($input: UpdateInstitutionInput!) { updateInstitution(input: $input) {
      ... on UpdateInstitutionPayload { replayed institution { name apiKeys(first: 1) { nodes { label } } } } } }`;
    for (const replayed of [false, true]) {
      const updated = await counted(UPDATE, { input: { ...input, institutionId: id } }, { ...own });
      expect(updated.data).toEqual({
        updateInstitution: { replayed, institution: { name: 'Pier Bank', apiKeys: { nodes: [{ label: 'Key' }] } } },
      });
      expect(updated.counts).toEqual([0, 0, 0]);
      expect(updated.lsn).not.toBeNull();
    }
    await resume(standby);
  });

  it('a malformed header is rejected, for queries and for mutations', async () => {
    const malformed = ['', ' ', '1', '0/', '/1', '0/G', '0/123456789', '-1', 'latest', '0, 0', '0/1 0/2', '0x0/0x1'];
    for (const [query, name] of [[LIST], [READ, 'id'], [CREATE, 'name']] as const) {
      for (const value of malformed) {
        const variables = name === undefined ? {} : { [name]: 'x' };
        const { status, codes } = await world.post(query, variables, { 'escrowgrid-min-lsn': value });
        expect([value, status, codes]).toEqual([value, 400, ['BAD_REQUEST']]);
      }
    }
    const address = new URL(world.url);
    address.searchParams.set('query', '{ viewer { role } }');
    const headers = { authorization: `Bearer ${ROOT_TOKEN}`, 'x-graphql-yoga-csrf': '1' };
    const statuses = ['x', '0'].map(async (value) => {
      const response = await fetch(address, { headers: { ...headers, 'escrowgrid-min-lsn': value } });
      return response.status;
    });
    expect(await Promise.all(statuses)).toEqual([400, 200]);
  });

  it('an LSN that no server has reached is served by the primary', async () => {
    for (const lsn of ['FFFFFFFF/FFFFFFFF', 'ffffffff/0']) {
      expect(await counted(LIST, {}, { 'escrowgrid-min-lsn': lsn })).toMatchObject({ status: 200, codes: [] });
    }
  });

  /** Reads with concurrent readers during the work. Returns the failed requests, and the number of the others. */
  const readDuring = async (work: () => Promise<void>) => {
    const { id, lsn } = await create(world);
    const failed: unknown[] = [];
    let served = 0;
    const over = new AbortController();
    const reading = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const reply = await world.post(READ, { id }, { 'escrowgrid-min-lsn': lsn });
        const { name } = (reply.data?.['institution'] ?? {}) as { readonly name?: string };
        if (reply.status === 200 && name === 'Harbor Bank') served += 1;
        else failed.push(reply);
      }
    };
    const readers = Promise.all(Array.from({ length: 8 }, reading));
    await work();
    over.abort();
    await readers;
    expect(world.server.faults).toEqual([]);
    return { failed, served };
  };
  const isUsedAgain = async (): Promise<void> => {
    const before = world.counts().replica;
    while (world.counts().replica < before + 10) await delay(20);
  };

  it('no request fails if the statements and connections of the replica are ended while they run', async () => {
    const { failed, served } = await readDuring(async () => {
      await asAdmin(standby.url, async (admin) => {
        for (let round = 0; round < 40; round += 1) {
          const end = round % 10 === 9 ? 'pg_terminate_backend' : 'pg_cancel_backend';
          await admin.query(`select ${end}(pid) from pg_stat_activity
            where backend_type = 'client backend' and pid <> pg_backend_pid()`);
          await delay(20);
        }
      });
      await isUsedAgain();
    });
    expect(failed).toEqual([]);
    expect(served).toBeGreaterThan(0);
  });

  it('no request fails if the replica stops responding', async () => {
    const { failed } = await readDuring(async () => {
      await isUsedAgain();
      proxy.stall();
      await world.waitUntil(false);
      await delay(1_500);
      proxy.resume();
      await world.waitUntil(true);
      await isUsedAgain();
    });
    expect(failed).toEqual([]);
  });

  it('a replica with the schema of another version is not used, and is used again once it has that of this one', async () => {
    await run(primary, "insert into schema_migrations (name, run_on) values ('9999_later', now())");
    await world.waitUntil(false);
    expect(world.changes.at(-1)?.message).toBe('The replica has the schema of another version.');
    expect(await counted(LIST, {}, ANY)).toMatchObject({ status: 200 });
    await run(primary, "delete from schema_migrations where name = '9999_later'");
    await world.waitUntil(true);
  });

  it('a replica that was promoted is not used', async () => {
    const own = await startServer(BIN, primary);
    const other = await openReplicated(primary.url, own.url);
    await other.waitUntil(true);
    await run(own, 'select pg_promote()');
    await other.post(LIST, {}, ANY);
    await other.waitUntil(false);
    const { id } = await create(other);
    expect((await other.post(READ, { id }, ANY)).data).toEqual({ institution: { name: 'Harbor Bank' } });
    expect(other.changes.at(-1)?.message).toMatch(/not in recovery/);
  });

  it('a replica of the former primary is not used after a failover', async () => {
    const next = await startServer(BIN, primary);
    const toPrimary = await startProxy(primary.url);
    atFileEnd(() => toPrimary.away());
    const other = await openReplicated(toPrimary.url, standby.url);
    await other.waitUntil(true);
    await waitForReplay(primary, next);
    await run(next, 'select pg_promote()');
    // The former primary continues, and its replica with it: its LSNs are of another history.
    const { id } = await create(world, 'Lost Bank');
    await toPrimary.away();
    toPrimary.target = next.url;
    await toPrimary.back();
    await other.post(LIST);
    await other.waitUntil(false);
    await delay(2_500);
    expect(other.changes.at(-1)).toBeDefined();
    expect(await other.post(READ, { id }, ANY)).toMatchObject({ data: { institution: null }, codes: [] });
    expect((await world.post(READ, { id }, ANY)).codes).toEqual([]);
  });

  it('a server of another cluster, and one that lacks the schema, are not used', async () => {
    const stranger = await startServer(BIN);
    const itsReplica = await startServer(BIN, stranger);
    const other = await openReplicated(primary.url, itsReplica.url);
    await other.waitUntil(false);
    await migrate(stranger.url);
    await waitForReplay(stranger, itsReplica);
    await delay(3_500);
    expect(other.changes.map((reason) => reason?.message)).toHaveLength(1);
    expect(await other.post(LIST, {}, ANY)).toMatchObject({ status: 200, codes: [] });
    expect(other.counts()).toMatchObject({ replica: 0 });
  });
});
