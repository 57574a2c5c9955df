import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Metrics } from '../../src/metrics/metrics.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { DOCUMENTS, ROOT_FOLDER } from '../support/documents.ts';

const ALERTS = join(ROOT_FOLDER, 'deploy/alerts.yml');
const DASHBOARD = join(ROOT_FOLDER, 'deploy/grafana-dashboard.json');
/** The metrics that Prometheus itself adds. */
const OF_PROMETHEUS = ['up'];

/** All metrics of both stores. */
function allMetrics(): Metrics {
  const metrics = new Metrics();
  const connectionCounts = () => ({ inUse: 0, idle: 0, waiting: 0 });
  const replicaCounts = () => ({ replica: 0, behind: 0, unusable: 0 });
  const store = { ...createMemoryStore(), connectionCounts, replicaCounts };
  metrics.watch({ store, clock: Date.now, liveSubscriptions: () => 0 });
  metrics.watchLog(() => 0);
  return metrics;
}
const NAMES: ReadonlySet<string> = new Set(allMetrics().names);

/** Returns the names of the metrics in an expression. */
const namesIn = (expression: string): readonly string[] =>
  [...expression.matchAll(/\b(?:escrowgrid|nodejs|process)_\w+|\bup\b/g)].map(([name]) =>
    name.replace(/_(bucket|count|sum)$/, ''),
  );
const isKnown = (name: string): boolean => NAMES.has(name) || OF_PROMETHEUS.includes(name);

/** Returns all expressions of the dashboard. */
function dashboardExpressions(): readonly string[] {
  const { panels, templating } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as {
    readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
    readonly templating: { readonly list: readonly { readonly query: string }[] };
  };
  return [
    ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...templating.list.map(({ query }) => query),
  ];
}

describe('the monitoring files', () => {
  it('the alerts name only metrics that exist', () => {
    const expressions = readFileSync(ALERTS, 'utf8').replaceAll(/^\s*(#|summary:|- alert:).*$/gm, '');
    const names = namesIn(expressions);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !isKnown(name))).toEqual([]);
  });

  it('the dashboard names only metrics that exist, and all of the server', () => {
    const names = dashboardExpressions().flatMap(namesIn);
    expect(names.filter((name) => !isKnown(name))).toEqual([]);
    expect([...NAMES].filter((name) => name.startsWith('escrowgrid_') && !names.includes(name))).toEqual([]);
  });

  it('the documentation describes each metric of the server, and no other', () => {
    const text = DOCUMENTS.get('docs/operations.md') ?? '';
    const section = text.split('\n## Metrics\n')[1]?.split('\n## ')[0] ?? '';
    const described = new Set(
      section
        .split('\n')
        .flatMap((line) =>
          line.startsWith('| `') ? [...line.matchAll(/`(escrowgrid_\w+)`/g)].map(([, name]) => name) : [],
        ),
    );
    expect(described).toEqual(new Set([...NAMES].filter((name) => name.startsWith('escrowgrid_'))));
  });
});

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
if (!hasPromtool) process.stdout.write("The tests with promtool need Debian's package prometheus.\n");

describe.skipIf(!hasPromtool)('promtool', () => {
  it('promtool accepts the alert rules', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', ALERTS], { encoding: 'utf8' });
    expect([status, stdout, stderr]).toEqual([0, expect.any(String), '']);
  });

  it('promtool accepts the metrics', async () => {
    const input = await allMetrics().text();
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
    // It also reports the names of prom-client's own metrics, which are not ours to change.
    const ours = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('escrowgrid_'));
    expect(ours).toEqual([]);
    expect([0, 3]).toContain(status);
  });
});
