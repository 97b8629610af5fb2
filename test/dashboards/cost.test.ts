import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { createEngine } from '../../query/engine.ts';
import type { QueryEngine } from '../../query/query-result.ts';
import type { ContainerTruth } from '../../simulator/world/truth.ts';
import { World } from '../../simulator/world/world.ts';
import { Labels } from '../../storage/labels.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import type { Storage } from '../../storage/storage.ts';
import { askedRange, builtInVariables } from './asked-range.ts';
import { readDashboard } from './dashboard-panels.ts';
import { interpolate, type VariableValue } from './template-variables.ts';

const START = Date.parse('2026-03-04T10:00:00Z');
const NEVER = new AbortController().signal;
const GIB = 2 ** 30;
/** For an hour of a core, of a GB. */
const PRICE = { cpu: 0.05, memory: 0.006 };
const HOURS = 730;

/** What a workload requests, and what it used on average; cores and bytes. */
interface Account {
  requested: { cpu: number; memory: number };
  used: { cpu: number; memory: number };
}

/** By `namespace/kind/name`, as the simulated cluster says it itself. */
const accounts = new Map<string, Account>();
let engine: QueryEngine;

async function store(storage: Storage, labels: Record<string, string>, samples: readonly [number, number][]) {
  await storage.appender.append({
    length: samples.length,
    refs: new Uint32Array(samples.length).fill(storage.appender.acquire(Labels.from(labels))),
    timestamps: Float64Array.from(samples, ([timestamp]) => timestamp),
    values: Float64Array.from(samples, ([, value]) => value),
    stale: new Uint8Array(samples.length),
  });
}

beforeAll(async () => {
  const world = new World({ nodes: 4, pods: 60, seed: 3, start: START });
  const storage = createMemoryStorage();
  /** By workload: cores and bytes at two moments. */
  const moments = [START - 30_000, START];
  const used = moments.map((moment) => {
    if (moment > world.clock.now()) world.advance(moment - world.clock.now());
    const sums = new Map<string, { cpu: number; memory: number }>();
    for (const { workload, cpuCores, memoryUsage, memoryCache } of world.truth.containers()) {
      const sum = sums.get(workload) ?? { cpu: 0, memory: 0 };
      sums.set(workload, { cpu: sum.cpu + cpuCores(), memory: sum.memory + memoryUsage() - memoryCache() });
    }
    return sums;
  });
  const containers = world.truth.containers();
  // One that requests CPU alone, as kube-proxy often does.
  const frugal = containers.find(
    ({ requested: { cpu, memory } }) => cpu !== undefined && memory !== undefined,
  )!.workload;
  const requestOf = ({ workload, requested: { cpu, memory } }: ContainerTruth) =>
    workload === frugal ? { cpu, memory: undefined } : { cpu, memory };
  for (const container of containers) {
    const { workload } = container;
    const requested = requestOf(container);
    const average = (resource: 'cpu' | 'memory') => {
      const values = used.flatMap((sums) => sums.get(workload)?.[resource] ?? []);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const account = accounts.get(workload) ?? {
      requested: { cpu: 0, memory: 0 },
      used: { cpu: average('cpu'), memory: average('memory') },
    };
    account.requested.cpu += requested.cpu ?? 0;
    account.requested.memory += requested.memory ?? 0;
    accounts.set(workload, account);
  }
  // Beside it another cluster with the same objects, which must not count.
  for (const cluster of ['east', 'west']) {
    const request = (pod: Record<string, string>, resource: string, value: number) =>
      store(storage, { __name__: 'kube_pod_container_resource_requests', cluster, ...pod, resource }, [[START, value]]);
    const ready = new Set<string>();
    for (const truth of containers) {
      const { namespace, pod, container, workload } = truth;
      const requested = requestOf(truth);
      const [, workload_kind, workload_name] = workload.split('/') as [string, string, string];
      for (const resource of ['cpu', 'memory'] as const) {
        const value = requested[resource];
        if (value !== undefined) await request({ namespace, pod, container }, resource, value);
      }
      if (ready.has(pod)) continue;
      ready.add(pod);
      const labels = { cluster, namespace, pod, workload_kind, workload_name };
      await store(storage, { __name__: 'k8s_pod_status_ready', ...labels }, [[START, 1]]);
    }
    // A pod that has ended is not ready or unready any more, and holds nothing.
    await request({ namespace: 'shop', pod: 'ended', container: 'main' }, 'cpu', 1000);
    for (const [workload, of] of accounts) {
      const [namespace, workload_kind, workload_name] = workload.split('/') as [string, string, string];
      const labels = { cluster, namespace, workload_kind, workload_name };
      for (const [metric, resource] of [
        ['k8s_workload_cpu_core_used', 'cpu'],
        ['k8s_workload_mem_no_cache_bytes', 'memory'],
      ] as const) {
        const samples = moments.map((moment, at): [number, number] => [
          moment,
          used[at]!.get(workload)?.[resource] ?? of.used[resource],
        ]);
        await store(storage, { __name__: metric, ...labels }, samples);
      }
    }
    for (const [metric, value] of [
      ['cpu_core_total', 100],
      ['memory_total', 200 * GIB],
      ['rate_cpu_core_request_cluster', 40],
      ['rate_mem_request_bytes_cluster', 25],
      ['cpu_core_used', 10],
      ['mem_no_cache_bytes', 30 * GIB],
    ] as const)
      await store(storage, { __name__: `k8s_cluster_${metric}`, cluster }, [[START, value]]);
  }
  engine = createEngine({ querier: storage.querier });
});

/** The answer of a panel's query: values by their labels, joined by `/`. */
async function ask(title: string, query = 0): Promise<Map<string, number>> {
  const dashboard = readDashboard(readFileSync('dashboards/json/cost.json', 'utf8'));
  const panel = dashboard.panels.find((one) => one.title === title)!;
  const values = new Map<string, VariableValue>([
    ...builtInVariables(askedRange(dashboard.from)),
    ['cluster', { values: ['east'], isPattern: false }],
    ['namespace', { values: [], isPattern: true, all: '.*' }],
    ['cpu_price', { values: [String(PRICE.cpu)], isPattern: false }],
    ['memory_price', { values: [String(PRICE.memory)], isPattern: false }],
  ]);
  const { value } = await engine.instant({ expr: interpolate(panel.targets[query]!.expr, values), time: START }, NEVER);
  if (value.type !== 'vector') throw new Error(`${title}: a vector was wanted, got a ${value.type}`);
  const names = panel.rowLabels ?? [];
  return new Map(value.samples.map(({ labels, value }) => [names.map((name) => labels.get(name)).join('/'), value]));
}

const price = ({ cpu, memory }: { cpu: number; memory: number }): number =>
  HOURS * (cpu * PRICE.cpu + (memory / GIB) * PRICE.memory);
const unused = ({ requested, used }: Account) => ({
  cpu: Math.max(0, requested.cpu - used.cpu),
  memory: Math.max(0, requested.memory - used.memory),
});

it('has workloads that request only one of the two, or nothing', () => {
  const kinds = [...accounts.values()].map(({ requested: { cpu, memory } }) => `${cpu > 0} ${memory > 0}`);
  expect(kinds).toEqual(expect.arrayContaining(['true true', 'true false', 'false false']));
});

it('prices what each workload requests, and what it does not use of that, as the cluster itself has it', async () => {
  const [costs, waste] = [await ask('Workloads by waste', 4), await ask('Workloads by waste', 5)];
  const priced = [...accounts].filter(
    ([
      ,
      {
        requested: { cpu, memory },
      },
    ]) => cpu + memory > 0,
  );
  expect([...costs.keys()].sort()).toEqual(priced.map(([workload]) => workload).sort());
  for (const [workload, account] of priced) {
    expect(costs.get(workload), workload).toBeCloseTo(price(account.requested), 8);
    expect(waste.get(workload), workload).toBeCloseTo(price(unused(account)), 8);
  }
});

it('has in namespaces the sums of their workloads, and in the figure above the sum of all', async () => {
  const [costs, waste] = [await ask('Namespaces', 4), await ask('Namespaces', 5)];
  for (const namespace of new Set([...accounts.keys()].map((workload) => workload.split('/')[0]!))) {
    const its = [...accounts]
      .filter(([workload]) => workload.startsWith(`${namespace}/`))
      .map(([, account]) => account);
    const requested = its.reduce((sum, account) => sum + price(account.requested), 0);
    if (requested === 0) continue;
    expect(costs.get(namespace), namespace).toBeCloseTo(requested, 8);
    expect(waste.get(namespace), namespace).toBeCloseTo(
      its.reduce((sum, account) => sum + price(unused(account)), 0),
      8,
    );
  }
  const all = [...accounts.values()].reduce((sum, account) => sum + price(unused(account)), 0);
  expect([...(await ask('Waste a month')).values()]).toEqual([expect.closeTo(all, 8)]);
});

it('prices the capacity of the cluster, what is requested of it and used, and what nobody requests', async () => {
  const figure = async (title: string) => [...(await ask(title)).values()];
  const [capacity, requested, used] = [
    price({ cpu: 100, memory: 200 * GIB }),
    price({ cpu: 40, memory: 50 * GIB }),
    price({ cpu: 10, memory: 30 * GIB }),
  ];
  expect(await figure('Capacity a month')).toEqual([expect.closeTo(capacity, 8)]);
  expect(await figure('Requested a month')).toEqual([expect.closeTo(requested, 8)]);
  expect(await figure('Used a month')).toEqual([expect.closeTo(used, 8)]);
  expect(await figure('Idle capacity a month')).toEqual([expect.closeTo(capacity - requested, 8)]);
  expect(await figure('Used, of the requests')).toEqual([expect.closeTo((100 * used) / requested, 8)]);
});
