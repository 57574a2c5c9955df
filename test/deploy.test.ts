import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { type Config, readConfig, variableNames } from '../src/config.ts';
import { HEALTH_PATH, READY_PATH } from '../src/server/readiness.ts';
import { parametersOf } from '../src/store/postgres/databaseUrl.ts';
import { PROGRAM_FOLDERS } from './support/debianPostgres.ts';
import { ROOT_FOLDER } from './support/documents.ts';

const textOf = (path: string): string => readFileSync(join(ROOT_FOLDER, path), 'utf8');

/** A server stops within 8 s of a signal. */
const MIN_STOP_S = 9;
const PORT = readConfig({}).port;

/** The contents of the secrets, by the last part of the path of their file. */
const SECRETS: Readonly<Record<string, string>> = {
  root_api_key: 'root-Hb6TqXw3RnKz8PvMd2JyFc9LsGu5Ve7W',
  database_url: 'postgres://escrowgrid@/escrowgrid?host=/run/postgresql',
  database_password: 'pa55-word',
};

/** Reads the configuration of a manifest. Every variable must exist, and every file that it names is a secret. */
function configurationOf(env: Readonly<Record<string, string>>, folderOfSecrets: string): Config {
  expect(Object.keys(env).filter((name) => !variableNames().has(name))).toEqual([]);
  const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-deploy-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(SECRETS)) writeFileSync(join(folder, name), `${text}\n`);
  const files = Object.keys(env).filter((name) => name.endsWith('_FILE'));
  expect(files.length).toBeGreaterThan(1);
  const local = files.map((name) => {
    expect(env[name]).toMatch(new RegExp(`^${folderOfSecrets}/[a-z_]+$`));
    return [name, (env[name] ?? '').replace(folderOfSecrets, folder)];
  });
  return readConfig({ ...env, ...Object.fromEntries(local) } as Readonly<Record<string, string>>);
}

/** The names of the files of secrets that the variables name. */
const secretsIn = (env: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(env)
    .filter(([name]) => name.endsWith('_FILE'))
    .map(([, path]) => path.split('/').at(-1) ?? '')
    .toSorted();

const DOCKERFILE = textOf('deploy/Dockerfile').replaceAll('\\\n', ' ');
/** The instructions of a name, such as COPY, in all stages or in the last one. */
const instructions = (name: string, text = DOCKERFILE): readonly string[] =>
  [...text.matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].map(([, value]) => (value ?? '').trim());
const LAST_STAGE = DOCKERFILE.slice(DOCKERFILE.lastIndexOf('\nFROM '));
const IMAGE_ENV = Object.fromEntries(
  instructions('ENV', LAST_STAGE).flatMap((line) => line.split(/\s+/).map((pair) => pair.split('='))),
) as Readonly<Record<string, string>>;

describe('deploy/Dockerfile', () => {
  const stages = instructions('FROM');
  const isCopied = (path: string): boolean => textOf('.dockerignore').split('\n').includes(`!${path}`);

  it('every file that is copied exists, and is what .dockerignore leaves', () => {
    const ignored = textOf('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    const sources = instructions('COPY')
      .filter((line) => !line.startsWith('--from='))
      .flatMap((line) => line.split(/\s+/).slice(0, -1));
    expect(sources.filter((path) => !existsSync(join(ROOT_FOLDER, path)) || !isCopied(path))).toEqual([]);
    expect(ignored[0]).toBe('*');
    expect(ignored.slice(1).toSorted()).toEqual(sources.map((path) => `!${path}`).toSorted());
  });

  it('the build has what the compiler needs, and the image only what it has built', () => {
    expect(instructions('RUN')).toEqual([
      'npm ci --ignore-scripts',
      'npm run build && npm prune --omit=dev --omit=optional --ignore-scripts',
    ]);
    expect(stages).toHaveLength(2);
    const fromBuild = instructions('COPY', LAST_STAGE);
    expect(fromBuild.every((line) => line.startsWith('--from=build /app/'))).toBe(true);
    expect(fromBuild.map((line) => line.split(/\s+/)[1])).toEqual([
      '/app/package.json',
      '/app/node_modules',
      '/app/dist',
    ]);
  });

  it('the images are of a Node version that the project supports', () => {
    const { engines } = JSON.parse(textOf('package.json')) as { readonly engines: { readonly node: string } };
    const [min = Number.NaN] = (/\d+/.exec(engines.node) ?? []).map(Number);
    for (const stage of stages) {
      const [, major = '', slim] = /^node:(\d+)-\w+-(slim)/.exec(stage) ?? [];
      expect([Number(major) >= min, Number(major) % 2, slim]).toEqual([true, 0, 'slim']);
    }
  });

  it('the server is not root, and listens in production on the port of the image', () => {
    const [user = '', ...others] = instructions('USER', LAST_STAGE);
    expect(others).toEqual([]);
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(Object.keys(IMAGE_ENV).filter((name) => !variableNames().has(name))).toEqual([]);
    expect(IMAGE_ENV).toEqual({ NODE_ENV: 'production', HOST: '0.0.0.0', PORT: String(PORT) });
    expect(instructions('EXPOSE')).toEqual([String(PORT)]);
    expect(instructions('CMD', LAST_STAGE)).toEqual(['["node", "dist/main.js"]']);
  });

  it('the health check is a program that requests the path of the health check', () => {
    const [check = ''] = instructions('HEALTHCHECK');
    const [node, option, program = ''] = JSON.parse(check.slice(check.indexOf('['))) as readonly string[];
    expect([node, option]).toEqual(['node', '-e']);
    expect(program).toContain(`:\${process.env.PORT}${HEALTH_PATH}`);
    const { status } = spawnSync(process.execPath, ['-e', program], { env: { PORT: '1' } });
    expect(status).toBe(1);
  });
});

describe('deploy/compose.yaml', () => {
  interface Service {
    readonly [key: string]: unknown;
    readonly environment: Readonly<Record<string, string>>;
    readonly secrets: readonly string[];
  }
  const compose = parse(textOf('deploy/compose.yaml')) as {
    readonly services: { readonly server: Service; readonly database: Service };
    readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  };
  const { server, database } = compose.services;

  it('the server starts with its variables and its secrets, on the database of the file', () => {
    const { store, environment, host } = configurationOf({ ...IMAGE_ENV, ...server.environment }, '/run/secrets');
    expect([environment, host]).toEqual(['production', '0.0.0.0']);
    const parameters = store.backend === 'postgres' ? parametersOf(store.databaseUrl) : undefined;
    expect(Object.fromEntries(parameters ?? [])).toEqual({
      host: 'database',
      user: database.environment['POSTGRES_USER'],
      dbname: database.environment['POSTGRES_DB'],
      password: SECRETS['database_password'],
    });
    expect(server.secrets.toSorted()).toEqual(secretsIn(server.environment));
    expect(database.secrets).toEqual(secretsIn(database.environment));
  });

  it('every secret is a file that is neither committed nor copied into the image', () => {
    expect(Object.keys(compose.secrets).toSorted()).toEqual(server.secrets.toSorted());
    for (const { file } of Object.values(compose.secrets)) expect(file).toMatch(/^\.\/secrets\/\w+$/);
    expect(textOf('.gitignore').split('\n')).toContain('deploy/secrets/');
  });

  it('the server is reached only from its machine, waits for its database, and has time to stop', () => {
    expect(server['ports']).toEqual([`127.0.0.1:${PORT}:${PORT}`]);
    expect(server['depends_on']).toEqual({ database: { condition: 'service_healthy' } });
    expect(database['healthcheck']).toMatchObject({ test: expect.arrayContaining(['pg_isready']) as unknown });
    expect(Number.parseInt(String(server['stop_grace_period']), 10)).toBeGreaterThanOrEqual(MIN_STOP_S);
    expect(server).toMatchObject({ read_only: true, cap_drop: ['ALL'], build: { dockerfile: 'deploy/Dockerfile' } });
  });
});

describe('deploy/escrowgrid.service', () => {
  const unit = textOf('deploy/escrowgrid.service');
  const valuesOf = (key: string): readonly string[] =>
    [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');
  const environment = Object.fromEntries(
    valuesOf('Environment').flatMap((line) => line.split(' ').map((pair) => pair.split('='))),
  ) as Readonly<Record<string, string>>;

  it('the server starts with its variables and its credentials', () => {
    const { store, port, environment: name } = configurationOf(environment, '%d');
    expect([store.backend, port, name]).toEqual(['postgres', PORT, 'production']);
    const credentials = valuesOf('LoadCredential').map((line) => line.split(':')[0] ?? '');
    expect(credentials.toSorted()).toEqual(secretsIn(environment));
  });

  it('the server is not root, has no privileges, and has time to stop', () => {
    expect(valuesOf('ExecStart')).toEqual(['/usr/bin/node /opt/escrowgrid/dist/main.js']);
    expect([valuesOf('User'), valuesOf('DynamicUser')]).toEqual([['escrowgrid'], ['yes']]);
    expect(valuesOf('CapabilityBoundingSet')).toEqual(['']);
    for (const key of ['NoNewPrivileges', 'ProtectHome', 'PrivateTmp']) expect(valuesOf(key)).toEqual(['yes']);
    expect(valuesOf('ProtectSystem')).toEqual(['strict']);
    // V8 compiles at run time.
    expect(valuesOf('MemoryDenyWriteExecute')).toEqual([]);
    expect(Number(valuesOf('TimeoutStopSec')[0])).toBeGreaterThanOrEqual(MIN_STOP_S);
  });

  const hasSystemd = PROGRAM_FOLDERS.some((folder) => existsSync(join(folder, 'systemd-analyze')));
  if (!hasSystemd) process.stdout.write('Skipped without systemd-analyze (Debian: systemd).\n');
  it.skipIf(!hasSystemd)('systemd finds no mistake in the unit', () => {
    const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-unit-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'escrowgrid.service');
    // The program must exist.
    writeFileSync(file, unit.replace('/usr/bin/node', process.execPath));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    const ofUnit = stderr.split('\n').filter((line) => line.includes('escrowgrid'));
    expect({ status, ofUnit }).toEqual({ status: 0, ofUnit: [] });
  });
});

describe('deploy/kubernetes.yaml', () => {
  interface Container {
    readonly [key: string]: unknown;
    readonly env: readonly { readonly name: string; readonly value: string }[];
  }
  interface Manifest {
    readonly kind: string;
    readonly metadata: { readonly name: string };
    readonly spec: Readonly<Record<string, unknown>>;
  }
  const manifests = parseAllDocuments(textOf('deploy/kubernetes.yaml')).map((each) => each.toJS() as Manifest);
  const specOf = (kind: string): Readonly<Record<string, unknown>> =>
    manifests.find((each) => each.kind === kind)?.spec ?? {};
  const { selector, template } = specOf('Deployment') as {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: Readonly<Record<string, unknown>> & { readonly containers: readonly [Container] };
    };
  };
  const pod = template.spec;
  const [container] = pod.containers;
  const environment = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));

  it('the server starts with its variables and its secret', () => {
    const [mount] = container['volumeMounts'] as readonly [{ readonly name: string; readonly mountPath: string }];
    const { store, environment: name } = configurationOf({ ...IMAGE_ENV, ...environment }, mount.mountPath);
    expect([store.backend, name]).toEqual(['postgres', 'production']);
    expect(pod['volumes']).toMatchObject([{ name: mount.name, secret: { secretName: 'escrowgrid' } }]);
    expect(mount).toMatchObject({ readOnly: true });
  });

  it('the probes request the paths of the server on its port', () => {
    expect(container['ports']).toEqual([{ name: 'http', containerPort: PORT }]);
    for (const [probe, path] of [
      ['startupProbe', HEALTH_PATH],
      ['livenessProbe', HEALTH_PATH],
      ['readinessProbe', READY_PATH],
    ] as const) {
      expect(container[probe]).toMatchObject({ httpGet: { path, port: 'http' } });
    }
  });

  it('the server is the user of the image, without privileges, and has time to stop', () => {
    const [user, group] = (instructions('USER', LAST_STAGE)[0] ?? '').split(':').map(Number);
    expect(pod['securityContext']).toMatchObject({ runAsNonRoot: true, runAsUser: user, runAsGroup: group });
    expect(container['securityContext']).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod['terminationGracePeriodSeconds']).toBeGreaterThanOrEqual(MIN_STOP_S);
    expect(pod['automountServiceAccountToken']).toBe(false);
  });

  it('the service and the disruption budget select the servers', () => {
    expect(manifests.map(({ kind }) => kind)).toEqual(['Deployment', 'Service', 'PodDisruptionBudget']);
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    expect(specOf('Service')['selector']).toEqual(selector.matchLabels);
    expect(specOf('Service')['ports']).toMatchObject([{ targetPort: 'http' }]);
    expect(specOf('PodDisruptionBudget')).toEqual({ maxUnavailable: 1, selector });
  });
});
