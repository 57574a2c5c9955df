import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text as textOf } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { type DocumentNode, print } from 'graphql';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { COUNTS, FULL, HANG_MS } from '../counts.ts';
import { asAdmin } from '../support/admin.ts';
import { type Deal, fundedPosition, makeDeal } from '../support/deal.ts';
import { POSTGRES_BIN } from '../support/debianPostgres.ts';
import { ROOT_FOLDER } from '../support/documents.ts';
import { atFileEnd } from '../support/fileEnd.ts';
import { PGBOUNCER, startPooler } from '../support/pgbouncer.ts';
import type { PostgresServer } from '../support/postgresServer.ts';
import { AS_ROOT, buildProgram, type Program, startProgram } from '../support/program.ts';
import { postTo, type Reply, startServer } from '../support/replicated.ts';
import { serve, type TestServer } from '../support/server.ts';
import { waitForReplay } from './standbys.ts';

const BIN = POSTGRES_BIN ?? '';
const POOLED_CONNECTIONS = 8;
const AT_ONCE = 8;
const VITEST = 'node_modules/vitest/vitest.mjs';
/** The tests of the API that run through the pooler: by default those of each kind of operation. */
const API_TESTS = FULL
  ? ['test/api']
  : ['tutorial', 'positionChanges', 'viewersWrite'].map((name) => `test/api/${name}`);
const WITHIN_MS = 60_000;

if (POSTGRES_BIN === undefined) process.stdout.write('Skipped without pg_basebackup (Debian: postgresql-15).\n');
if (PGBOUNCER === undefined) process.stdout.write('Skipped without PgBouncer (Debian: pgbouncer).\n');

const UPDATE = `mutation ($input: UpdatePositionInput!) { updatePosition(input: $input) {
  ... on UpdatePositionPayload { position { version externalReference } } ... on UserError { code message } } }`;
const READ = 'query ($id: ID!) { position(id: $id) { version externalReference asset { label } } }';
const ANY = { 'escrowgrid-min-lsn': '0' };

describe.skipIf(POSTGRES_BIN === undefined || PGBOUNCER === undefined)(
  'two servers with a primary, a streaming replica and PgBouncer in transaction mode',
  () => {
    let primary: PostgresServer;
    let standby: PostgresServer;
    let programs: readonly [Program, Program];
    let addresses: readonly [string, string];
    let deal: Deal;
    let token: string;

    beforeAll(async () => {
      const [main, server] = await Promise.all([buildProgram(), startServer(BIN)]);
      primary = server;
      standby = await startServer(BIN, primary);
      const pooler = await startPooler(PGBOUNCER ?? '', primary.url, POOLED_CONNECTIONS);
      atFileEnd(() => pooler.stop());
      const env = {
        STORE_BACKEND: 'postgres',
        DATABASE_URL: pooler.url,
        DATABASE_DIRECT_URL: primary.url,
        DATABASE_POOLER: 'transaction',
        READ_DATABASE_URL: standby.url,
        READ_DATABASE_POOLER: 'none',
        DEMO_DATA: 'false',
        LOG_LEVEL: 'warn',
      };
      programs = [startProgram(main, env), startProgram(main, env)];
      addresses = [await programs[0].address, await programs[1].address];
      const pair = alternating(addresses);
      deal = await makeDeal(pair);
      token = await keyOf(pair, deal);
    });

    const post = (index: number, query: string, variables: object, headers = {}): Promise<Reply> =>
      postTo(addresses[index % 2] ?? '', query, variables, { authorization: `Bearer ${token}`, ...headers });
    /** Returns the number of reads that the replica has served for both servers. */
    const servedByReplica = async (): Promise<number> => {
      const served = addresses.map(async (address) => {
        const response = await fetch(new URL('/metrics', address), { headers: AS_ROOT });
        return Number(
          /replica_reads_total\{served_by="replica",reason="usable"\} (\d+)/.exec(await response.text())?.[1],
        );
      });
      return (await Promise.all(served)).reduce((sum, each) => sum + each, 0);
    };
    /** Sends reads to both servers until the replica has served some of each. */
    const waitUntilUsed = async (id: string): Promise<void> => {
      const before = await servedByReplica();
      await vi.waitUntil(
        async () => {
          await Promise.all([post(0, READ, { id }, ANY), post(1, READ, { id }, ANY)]);
          return (await servedByReplica()) > before + 20;
        },
        { timeout: WITHIN_MS, interval: 20 },
      );
    };
    const open = async (): Promise<string> => (await fundedPosition(alternating(addresses), deal)).id;
    /** Changes a position on one server. Returns the LSN of the response. */
    const write = async (index: number, positionId: string, reference: string): Promise<string> => {
      const { data, lsn } = await post(index, UPDATE, { input: { positionId, externalReference: reference } });
      expect(data).toMatchObject({ updatePosition: { position: { externalReference: reference } } });
      return lsn ?? 'none';
    };

    it('a read of one server with the LSN of a write on the other returns what was written', async () => {
      const ids = await Promise.all(Array.from({ length: AT_ONCE }, open));
      await waitUntilUsed(ids[0] ?? '');
      const before = await servedByReplica();
      let pairs = 0;
      const stale: unknown[] = [];
      const began = performance.now();
      const writing = async (id: string): Promise<void> => {
        while (pairs < COUNTS.readYourWrites) {
          pairs += 1;
          const pair = pairs;
          const lsn = await write(pair, id, `pair ${pair}`);
          // Some clients read at once, others a moment later.
          if (pair % 3 === 0) await delay(pair % 20);
          const { data, codes } = await post(pair + 1, READ, { id }, { 'escrowgrid-min-lsn': lsn });
          const { externalReference } = (data?.['position'] ?? {}) as { readonly externalReference?: string };
          if (externalReference !== `pair ${pair}`) stale.push({ pair, externalReference, codes });
        }
      };
      await Promise.all(ids.map(writing));
      const served = (await servedByReplica()) - before;
      process.stdout.write(
        `${pairs} pairs of a write and a read on another server in ${((performance.now() - began) / 1_000).toFixed(1)} s: ` +
          `${stale.length} stale, ${served} reads served by the replica\n`,
      );
      expect(stale).toEqual([]);
      expect(served).toBeGreaterThan(0);
    });

    it('while the replica is behind, the primary serves reads with an LSN, and the replica those with 0', async () => {
      const id = await open();
      await write(0, id, 'before');
      await waitForReplay(primary, standby);
      await waitUntilUsed(id);
      await asAdmin(standby.url, (admin) => admin.query('select pg_wal_replay_pause()'));
      for (let round = 0; round < 20; round += 1) {
        const lsn = await write(round, id, `after ${round}`);
        const current = await post(round + 1, READ, { id }, { 'escrowgrid-min-lsn': lsn });
        expect(current.data).toMatchObject({ position: { externalReference: `after ${round}` } });
        const old = await post(round + 1, READ, { id }, ANY);
        expect(old.data).toMatchObject({ position: { externalReference: 'before' } });
      }
      await asAdmin(standby.url, (admin) => admin.query('select pg_wal_replay_resume()'));
    });

    it('no request fails if the replica is stopped and started again while clients read and write', async () => {
      const id = await open();
      let lsn = await write(0, id, 'first');
      const over = new AbortController();
      const failed: unknown[] = [];
      let reads = 0;
      const reading = async (index: number): Promise<void> => {
        while (!over.signal.aborted) {
          const reply = await post(index, READ, { id }, { 'escrowgrid-min-lsn': index % 2 === 0 ? lsn : '0' });
          if (reply.status === 200 && reply.codes.length === 0 && reply.data?.['position']) reads += 1;
          else failed.push(reply);
        }
      };
      const writing = async (): Promise<void> => {
        for (let count = 0; !over.signal.aborted; count += 1) {
          lsn = await write(count, id, `write ${count}`);
          await delay(20);
        }
      };
      const clients = Promise.all([writing(), ...Array.from({ length: AT_ONCE }, (_each, index) => reading(index))]);
      const moreReads = (): Promise<unknown> => {
        const until = reads + COUNTS.readsOfStoppedReplica;
        return vi.waitUntil(() => reads >= until, { timeout: HANG_MS.test, interval: 5 });
      };
      const served: number[] = [];
      for (let stop = 0; stop < COUNTS.replicaStops; stop += 1) {
        await waitUntilUsed(id);
        served.push(await servedByReplica());
        await moreReads();
        await standby.halt('SIGQUIT');
        await moreReads();
        await standby.restart();
        await moreReads();
      }
      await waitUntilUsed(id);
      served.push(await servedByReplica());
      over.abort();
      await clients;
      process.stdout.write(
        `${reads} reads while the replica was stopped ${COUNTS.replicaStops} times: ${failed.length} failed, ` +
          `${served.at(-1)} served by the replica\n`,
      );
      expect(failed).toEqual([]);
      expect(served).toEqual(served.toSorted((one, other) => one - other));
    });

    it('the tests of the API pass on stores behind the pooler, with queries that the replica may serve', async () => {
      const pooler = await startPooler(PGBOUNCER ?? '', primary.url, 4, 'transaction', { isForAll: true });
      atFileEnd(() => pooler.stop());
      const { PATH = '', HOME = '' } = process.env;
      const urls = { TEST_DATABASE_URL: primary.url, TEST_POOLER_URL: pooler.url, TEST_REPLICA_URL: standby.url };
      const child = spawn(process.execPath, [VITEST, 'run', '--project=server', '--reporter=default', ...API_TESTS], {
        cwd: ROOT_FOLDER,
        env: { PATH, HOME, ...urls },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      atFileEnd(() => void child.kill('SIGKILL'));
      const output = Promise.all([textOf(child.stdout), textOf(child.stderr)]);
      const [code] = (await once(child, 'exit')) as [number | null];
      const printed = stripVTControlCharacters((await output).join(''));
      const served = [...printed.matchAll(/served by the replica: (\d+)/g)].reduce(
        (sum, [, each]) => sum + Number(each),
        0,
      );
      const [summary = ''] = /Tests .*/.exec(printed) ?? [];
      process.stdout.write(
        `the tests of the API through PgBouncer: ${summary}; ${served} reads served by the replica\n`,
      );
      expect([code, code === 0 ? '' : printed]).toEqual([0, '']);
      expect(served).toBeGreaterThan(0);
    });

    it('both servers end without an internal error', async () => {
      for (const program of programs) {
        const { code } = await program.stop();
        expect([code, program.stderr(), program.stdout()]).toEqual([
          0,
          '',
          expect.not.stringMatching(/internal error/),
        ]);
      }
    });
  },
);

/** A server whose requests go to two addresses in turn. Each query may be served by a replica that has all writes. */
function alternating(addresses: readonly [string, string]): TestServer {
  // Only its requests over HTTP are used.
  const server = serve({ isSynchronous: true, read: () => ({}) } as unknown as Store);
  let sent = 0;
  let lsn = '0';
  const ask = async (document: string | DocumentNode, variables: unknown = {}) => {
    sent += 1;
    const query = typeof document === 'string' ? document : print(document);
    const headers = { ...AS_ROOT, 'escrowgrid-min-lsn': lsn };
    const reply = await postTo(addresses[sent % 2] ?? '', query, variables as object, headers);
    lsn = reply.lsn ?? lsn;
    return { ...reply, text: JSON.stringify(reply) };
  };
  return {
    ...server,
    ask: ask as unknown as TestServer['ask'],
    run: async <T>(document: DocumentNode, variables: unknown) => {
      const { data, text } = await ask(document, variables);
      if (!data) throw new Error(`The request failed: ${text}`);
      return data as T;
    },
  };
}

async function keyOf(server: TestServer, { institution }: Deal): Promise<string> {
  const { data } = await server.ask<{ readonly createApiKey: { readonly token: string } }>(
    `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeyPayload { token } } }`,
    { input: { institutionId: institution.id, label: 'Servers', role: 'ADMIN' } },
  );
  return data?.createApiKey.token ?? '';
}
