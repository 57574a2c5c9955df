import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { AS_ROOT, buildProgram, type Program, startProgram } from '../support/program.ts';
import { newKey, newSecrets } from '../support/secretsRun.ts';
import { CANARIES, type Line, mixedRequests, sendAll } from './mixedRequests.ts';

let main: string;
beforeAll(async () => {
  main = await buildProgram();
});

type LogLine = Line & Readonly<Record<string, unknown>> & { readonly msg: string };

/** Returns the lines of the log. All of the output must be JSON. */
const linesOf = (program: Program): readonly LogLine[] =>
  program
    .stdout()
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as LogLine);
const requestsOf = (program: Program): readonly LogLine[] => linesOf(program).filter(({ msg }) => msg === 'request');

const shortOf = ({ operation, type, status, outcome, errors }: Line): Line => ({
  operation,
  type,
  status,
  outcome,
  errors,
});

/** Returns the samples of the metrics by their names with labels. */
async function metricsAt(address: string, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(address, { headers });
  const text = await response.text();
  expect(response.status).toBe(200);
  return new Map([...text.matchAll(/^(\w+(?:\{.*\})?) (\S+)$/gm)].map(([, name = '', value]) => [name, Number(value)]));
}

describe('a server in production', () => {
  it('20 mixed requests leave one line each without secrets, and are counted in the metrics', async () => {
    const secrets = newSecrets();
    const { rootKey } = secrets;
    const program = startProgram(main, { NODE_ENV: 'production', ROOT_API_KEY: rootKey, METRICS_PORT: '0' });
    const token = await newKey(program, secrets);
    const requests = mixedRequests(rootKey, token);
    expect(requests).toHaveLength(20);
    const setUp = 2;
    await sendAll(program, rootKey, requests);
    await expect.poll(() => requestsOf(program)).toHaveLength(setUp + requests.length);
    const lines = requestsOf(program).slice(setUp);
    expect(lines.map(shortOf)).toEqual(requests.map(({ line }) => line));
    for (const [index, { token: sentWith = rootKey, line }] of requests.entries()) {
      const { apiKey, institution } = lines[index] as LogLine;
      const ofKey = sentWith === token;
      expect(String(apiKey)).toMatch(line.status === 401 ? /^null$/ : ofKey ? /^key_/ : /^ROOT$/);
      expect(String(institution)).toMatch(ofKey ? /^inst_/ : /^null$/);
    }
    for (const each of lines) {
      expect(each).toMatchObject({
        transport: 'http',
        requestId: expect.stringMatching(/^[\da-f-]{36}$/),
        durationMs: expect.any(Number),
        statements: 0,
        address: '127.0.0.1',
      });
    }
    expect(lines.find(({ operation }) => operation === 'Count')).toMatchObject({ cost: expect.any(Number) });

    const ready = linesOf(program).find(({ msg }) => msg === 'ready');
    const metrics = await metricsAt(String(ready?.['metrics']));
    const counted = (type: string, outcome: string) =>
      metrics.get(`escrowgrid_requests_total{type="${type}",outcome="${outcome}"}`);
    const expected = (type: string | null, outcome: string) =>
      requests.filter(({ line }) => line.type === type && line.outcome === outcome).length;
    expect(counted('query', 'ok')).toBe(expected('query', 'ok'));
    expect(counted('query', 'rejected')).toBe(expected('query', 'rejected'));
    // Those of the set-up are mutations.
    expect(counted('mutation', 'ok')).toBe(expected('mutation', 'ok') + setUp);
    expect(counted('mutation', 'user_error')).toBe(1);
    expect(counted('mutation', 'rejected')).toBe(1);
    expect(counted('none', 'rejected')).toBe(expected(null, 'rejected'));
    expect(metrics.get('escrowgrid_request_duration_seconds_count{type="query",outcome="ok"}')).toBe(
      expected('query', 'ok'),
    );
    expect(metrics.get('escrowgrid_errors_total{code="UNAUTHENTICATED"}')).toBe(2);
    expect(metrics.get('escrowgrid_errors_total{code="BAD_REQUEST"}')).toBe(3);
    expect(metrics.get('escrowgrid_memory_store_rows{table="institutions"}')).toBe(2);

    const all = `${program.stdout()}${program.stderr()}${[...metrics.keys()].join('\n')}`;
    for (const secret of [rootKey, token, token.slice(16), ...Object.values(CANARIES)]) {
      expect(all.includes(secret)).toBe(false);
    }
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    expect(linesOf(program).at(-1)).toMatchObject({ msg: 'stopping' });
  });

  it('no line of an answered request is lost when the server stops', async () => {
    const { rootKey } = newSecrets();
    const program = startProgram(main, { NODE_ENV: 'production', ROOT_API_KEY: rootKey });
    await program.address;
    const count = 300;
    await Promise.all(Array.from({ length: count }, () => program.ask('{ viewer { role } }', {}, rootKey)));
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    expect(requestsOf(program)).toHaveLength(count);
  });

  it('LOG_LEVEL=debug logs statements with their times, and without values', async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const { rootKey } = newSecrets();
    const program = startProgram(main, {
      NODE_ENV: 'production',
      ROOT_API_KEY: rootKey,
      LOG_LEVEL: 'debug',
      STORE_BACKEND: 'postgres',
      DATABASE_URL: database.url,
    });
    const create =
      'mutation($name: String!) { createInstitution(input: { name: $name, regions: [US] }) { __typename } }';
    await program.ask(create, { name: CANARIES.variable }, rootKey);
    await program.stop();
    const statements = linesOf(program).filter(({ msg }) => msg === 'statement');
    const texts = statements.map(({ statement }) => String(statement));
    for (const part of ['insert into institutions', 'commit']) {
      expect(texts.filter((text) => text.includes(part))).not.toEqual([]);
    }
    expect(statements.every(({ durationMs }) => typeof durationMs === 'number')).toBe(true);
    expect(requestsOf(program)).toMatchObject([{ type: 'mutation', statements: expect.any(Number) }]);
    expect(requestsOf(program)[0]?.['statements']).toBeGreaterThan(0);
    expect(program.stdout()).not.toContain(CANARIES.variable);
  });

  it('a log pipe that breaks does not end the process', async () => {
    const { rootKey } = newSecrets();
    const child = spawn(process.execPath, [main], {
      env: { NODE_ENV: 'production', ROOT_API_KEY: rootKey, PORT: '0', DRAIN_GRACE_MS: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    child.stderr.on('data', (text) => (said += String(text)));
    let stdout = '';
    for await (const part of child.stdout) {
      stdout += String(part);
      // Leaving the loop closes the pipe.
      if (stdout.includes('"ready"')) break;
    }
    const [, address = ''] = /"address":"([^"]+)"/.exec(stdout) ?? [];
    for (let sent = 0; sent < 50; sent += 1) {
      const response = await fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${rootKey}` },
        body: JSON.stringify({ query: '{ viewer { role } }' }),
      });
      expect(await response.json()).toEqual({ data: { viewer: { role: 'ROOT' } } });
    }
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(said).toBe('');
  });
});

describe('the metrics on the port of the API', () => {
  it('the metrics require the root key', async () => {
    const program = startProgram(main, { FAILED_LOGINS_PER_ADDRESS_PER_MINUTE: '3' });
    const address = (await program.address).replace('/graphql', '/metrics');
    const metrics = await metricsAt(address, AS_ROOT);
    expect(metrics.get('escrowgrid_held_amount{currency="USD"}')).toBeGreaterThan(0);
    expect((await fetch(address)).status).toBe(401);
    const strange = { authorization: 'Bearer strange' };
    const statuses = [];
    for (let attempt = 0; attempt < 5; attempt += 1) statuses.push((await fetch(address, { headers: strange })).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    const after = await metricsAt(address, AS_ROOT);
    expect(after.get('escrowgrid_rate_limited_total{limit="failedLogin"}')).toBe(2);
    await program.stop();
  });
});
