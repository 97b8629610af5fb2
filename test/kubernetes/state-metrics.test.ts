import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PLAIN_HTTP_CLIENT } from '../../collector/http-transport.ts';
import { createKubeClient } from '../../collector/kubernetes/http-kube-client.ts';
import type { KubeCluster } from '../../collector/kubernetes/kube-cluster.ts';
import { createStateMetrics, type StateMetrics } from '../../collector/kubernetes/state/state-metrics.ts';
import { openKubeCluster } from '../../collector/kubernetes/watching-cluster.ts';
import { Secret } from '../../collector/secret.ts';
import { createEngine } from '../../query/engine.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { Labels } from '../../storage/labels.ts';
import { createMemoryStorage } from '../../storage/memory.ts';

/** The dashboards and rules that most clusters have, beside the sources. */
const CORPUS = path.resolve('../shared/corpus/kube-prometheus');

/** Names there that nothing of this is stored under, and why. */
const ABSENT: Readonly<Record<string, string>> = {
  kube_pod_windows_container_resource_cpu_cores_limit:
    'recorded by rules for Windows nodes, which are not in the corpus',
  kube_pod_windows_container_resource_cpu_cores_request: 'as above',
  kube_pod_windows_container_resource_memory_limit: 'as above',
  kube_pod_windows_container_resource_memory_request: 'as above',
};

const INTERVAL = 400;
const signal = new AbortController().signal;
const storage = createMemoryStorage();
const engine = createEngine({ querier: storage.querier });

let simulator: Simulator;
let cluster: KubeCluster;
let metrics: StateMetrics;

beforeAll(async () => {
  simulator = await startSimulator({ nodes: 12, pods: 150, running: false });
  const { world } = simulator;
  const [deployment] = world.store.list('deployments.apps');
  const { namespace, name } = deployment!.metadata;
  world.scenarios.crashLoop(`${namespace}/Deployment/${name}`);
  world.advance(120_000);
  world.store.create('jobs.batch', {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'lost', namespace: namespace! },
    spec: { template: { spec: { containers: [] } }, suspend: true },
    status: { failed: 1, conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }] },
  });
  const logger = pino({ level: 'silent' });
  const registry = new Registry();
  const authorization = { type: 'Bearer', credentials: new Secret(simulator.token), credentialsFile: undefined };
  const client = createKubeClient({ server: simulator.url, http: { ...PLAIN_HTTP_CLIENT, authorization } });
  cluster = openKubeCluster({ name: 'sim', client, logger, registry });
  metrics = createStateMetrics({
    cluster,
    appender: storage.appender,
    logger,
    registry,
    labels: Labels.from({ job: 'kube-state-metrics', instance: 'pharos', cluster: 'sim' }),
    interval: INTERVAL,
  });
  metrics.start();
  await until(async () => (await ask('count(kube_secret_info) and count(kube_pod_info)')).length === 1);
}, 60_000);

afterAll(async () => {
  await metrics.close({ markStale: false });
  await cluster.close();
  await simulator.close();
});

async function until(condition: () => Promise<boolean>, milliseconds = 20_000): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`what was waited for did not happen within ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The values of an expression by their labels, sorted. */
async function ask(expression: string): Promise<(readonly [labels: string, value: number])[]> {
  const { value } = await engine.instant({ expr: expression, time: Date.now() }, signal);
  if (value.type !== 'vector') throw new Error(`a vector was expected of ${expression}, got ${value.type}`);
  return value.samples.map(({ labels, value }) => [labels.toString(), value] as const).sort();
}

/** What is looked at of the simulated cluster's objects. */
interface Seen {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly nodeName?: string; readonly replicas?: number; readonly maxReplicas?: number };
  readonly status: { readonly phase?: string };
}

function objects(resource: string): readonly Seen[] {
  return simulator.world.store.list(resource) as unknown as readonly Seen[];
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return [...counts].sort();
}

describe('the state of a simulated cluster', () => {
  it('is told as it is', async () => {
    expect(await ask('sum by (phase) (kube_pod_status_phase) > 0')).toEqual(
      countBy(objects('pods'), ({ status }) => `{phase="${status.phase}"}`),
    );
    expect(await ask('sum by (node) (kube_pod_info{node!=""})')).toEqual(
      countBy(
        objects('pods').filter(({ spec }) => spec.nodeName !== undefined),
        ({ spec }) => `{node="${spec.nodeName}"}`,
      ),
    );
    expect(await ask('sum by (namespace, deployment) (kube_deployment_spec_replicas)')).toEqual(
      objects('deployments.apps')
        .map(({ metadata, spec }) => [
          `{deployment="${metadata.name}", namespace="${metadata.namespace}"}`,
          spec.replicas,
        ])
        .sort(),
    );
    expect(
      await ask('max by (horizontalpodautoscaler, namespace) (kube_horizontalpodautoscaler_spec_max_replicas)'),
    ).toEqual(
      objects('horizontalpodautoscalers.autoscaling')
        .map(({ metadata, spec }) => [
          `{horizontalpodautoscaler="${metadata.name}", namespace="${metadata.namespace}"}`,
          spec.maxReplicas,
        ])
        .sort(),
    );
    expect(await ask('sum(kube_node_status_condition{condition="Ready", status="true"})')).toEqual([
      ['{}', objects('nodes').length],
    ]);
  });

  it('tells about the telling', async () => {
    expect(await ask('up')).toEqual([['up{cluster="sim", instance="pharos", job="kube-state-metrics"}', 1]]);
    expect(await ask('sum(kube_state_metrics_list_total{result="success"}) > 10')).toHaveLength(1);
    expect(await ask('kube_state_metrics_list_total{result="error"} > 0')).toEqual([]);
  });

  it('ends what belongs to a pod that is gone', async () => {
    const { metadata } = objects('pods')[0]!;
    const of = `{namespace="${metadata.namespace}", pod="${metadata.name}"}`;
    expect((await ask(`count(${of})`))[0]![1]).toBeGreaterThan(15);
    simulator.world.store.delete('pods', metadata.namespace, metadata.name);
    await until(async () => (await ask(of)).length === 0);
  });
});

describe("kube-prometheus' dashboards and rules", () => {
  if (!existsSync(CORPUS)) {
    it.skip('are not here: ../shared/corpus/kube-prometheus is absent', () => {});
    return;
  }
  const texts = ['rules', 'dashboards'].flatMap((folder) =>
    readdirSync(path.join(CORPUS, folder)).map((file) => readFileSync(path.join(CORPUS, folder, file), 'utf8')),
  );

  it('find every kube_* metric that they use, or it is listed why not', async () => {
    const used = new Set(texts.flatMap((text) => text.match(/\bkube_[a-z0-9_]+/g) ?? []));
    expect(used.size).toBeGreaterThan(50);
    const filter = { matcherSets: [], start: 0, end: Date.now(), limit: 0 };
    const stored = new Set(await storage.querier.labelValues('__name__', filter, signal));
    const missing = [...used].filter((name) => !stored.has(name)).sort();
    expect(missing).toEqual(Object.keys(ABSENT).sort());
  });

  it('find out which workload a pod belongs to', async () => {
    const rules = texts
      .filter((text) => text.includes('kind: PrometheusRule'))
      .flatMap((text) => (parse(text) as { spec: { groups: readonly Group[] } }).spec.groups)
      .filter(({ name }) => name === 'k8s.rules.pod_owner')
      .flatMap(({ rules }) => rules);
    expect(rules.length).toBeGreaterThan(5);
    const workloads = new Set<string>();
    for (const { expr, labels } of rules) {
      for (const [, value] of await ask(expr)) if (value === 1) workloads.add(labels?.workload_type ?? '');
    }
    expect([...workloads]).toEqual(expect.arrayContaining(['deployment', 'daemonset', 'statefulset', 'job']));
  });
});

interface Group {
  readonly name: string;
  readonly rules: readonly { readonly expr: string; readonly labels?: Readonly<Record<string, string>> }[];
}
