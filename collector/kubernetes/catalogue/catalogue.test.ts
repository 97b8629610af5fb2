import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CatalogueBed, containerRows, idOf, sandboxRows } from './catalogue-bed.case.ts';

const GI = 2 ** 30;
const MI = 2 ** 20;

let bed: CatalogueBed;
beforeEach(() => {
  bed = new CatalogueBed();
});
afterEach(() => bed.close());

/** Seconds since the first page; pages are half a minute apart. */
const seconds = (): number => bed.clock.now() / 1000;

/** One Deployment with one pod of two containers on one node, of which one declares nothing but a little. */
function oneShop(): void {
  bed.node('w1', { cpu: '4', memory: '16Gi', capacity: {} });
  bed.node('m1', { cpu: '2', memory: '8Gi', labels: { 'node-role.kubernetes.io/control-plane': '' } });
  bed.put('deployments', { metadata: { name: 'web', namespace: 'shop' }, status: { unavailableReplicas: 2 } });
  bed.put('replicasets', {
    metadata: {
      name: 'web-5d4f',
      namespace: 'shop',
      ownerReferences: [{ kind: 'Deployment', name: 'web', controller: true }],
    },
  });
  bed.pod('web-5d4f-a', {
    owner: { kind: 'ReplicaSet', name: 'web-5d4f' },
    containers: {
      app: { requests: { cpu: '500m', memory: '256Mi' }, limits: { cpu: '1', memory: '512Mi' }, restarts: 1 },
      side: { requests: { cpu: '100m' } },
    },
  });
}

/** app: 0.4 cores, 300 MiB of which 100 are cache; side: 0.1 cores, 50 MiB of which 20 are. */
const shopPage = (): string =>
  containerRows('web-5d4f-a', 'app', { cpu: seconds() * 0.4, memory: 300 * MI, cache: 100 * MI, io: seconds() * 5 }) +
  containerRows('web-5d4f-a', 'side', { cpu: seconds() * 0.1, memory: 50 * MI, cache: 20 * MI, io: seconds() }) +
  sandboxRows('web-5d4f-a', Math.round(seconds() * 1000)) +
  `container_cpu_usage_seconds_total{id="/",cpu="total"} ${seconds() * 1.5}\n` +
  `container_memory_usage_bytes{id="/"} ${4 * GI}\n` +
  ['eth0', 'bond1', 'lo', 'veth1234', 'docker0', 'cni0', 'flannel.1', 'cali9', 'tunl0']
    .map(
      (device, i) =>
        `container_network_receive_bytes_total{id="/",interface="${device}"} ${seconds() * 10 ** i}\n` +
        `container_network_transmit_bytes_total{id="/",interface="${device}"} ${seconds() * 2 * 10 ** i}\n`,
    )
    .join('');

describe('the definitions, by hand', () => {
  beforeEach(async () => {
    oneShop();
    bed.start();
    bed.kubelet('w1', shopPage);
    await bed.rounds(7);
  });

  it.each<[name: string, expected: number | undefined]>([
    ['cpu_core_used', 0.4],
    ['rate_cpu_core_used_node', 10],
    ['rate_cpu_core_used_request', 80],
    ['rate_cpu_core_used_limit', 40],
    ['mem_usage_bytes', 300 * MI],
    ['mem_no_cache_bytes', 200 * MI],
    ['rate_mem_usage_node', (300 * MI * 100) / (16 * GI)],
    ['rate_mem_usage_request', (300 * 100) / 256],
    ['rate_mem_usage_limit', (300 * 100) / 512],
    ['rate_mem_no_cache_node', (200 * MI * 100) / (16 * GI)],
    ['rate_mem_no_cache_request', (200 * 100) / 256],
    ['rate_mem_no_cache_limit', (200 * 100) / 512],
    ['fs_read_bytes', 15],
    ['fs_write_bytes', 150],
    ['fs_read_times', 1500],
    ['fs_write_times', 15000],
    // The network belongs to the pod: there are two containers.
    ['network_transmit_bytes', undefined],
    ['network_receive_packets', undefined],
    ['gpu_used', undefined],
  ])('of a container: %s', async (name, expected) => {
    const value = await bed.value(`k8s_container_${name}`, { container: 'app' });
    if (expected === undefined) expect(value).toBeUndefined();
    else expect(value).toBeCloseTo(expected, 6);
  });

  it.each([
    ['rate_cpu_core_used_limit', undefined],
    ['rate_mem_usage_limit', undefined],
    ['rate_mem_usage_request', undefined],
    ['rate_mem_no_cache_limit', undefined],
    ['rate_cpu_core_used_request', 100],
  ])('of a container without limits: %s', async (name, expected) => {
    const value = await bed.value(`k8s_container_${name}`, { container: 'side' });
    if (expected === undefined) expect(value).toBeUndefined();
    else expect(value).toBeCloseTo(expected, 6);
  });

  it.each<[name: string, expected: number]>([
    ['status_ready', 1],
    ['restart_total', 0],
    ['cpu_core_used', 0.5],
    ['rate_cpu_core_used_node', 12.5],
    ['rate_cpu_core_used_request', 50 / 0.6],
    // Of the container that has one.
    ['rate_cpu_core_used_limit', 40],
    // Not every container has a limit, but every one has a request.
    ['rate_cpu_core_used_resource', 50 / 0.6],
    ['mem_usage_bytes', 350 * MI],
    ['mem_no_cache_bytes', 230 * MI],
    ['rate_mem_usage_node', (350 * MI * 100) / (16 * GI)],
    ['rate_mem_usage_request', (300 * 100) / 256],
    ['rate_mem_usage_limit', (300 * 100) / 512],
    // One container declares no memory at all.
    ['rate_mem_usage_resource', (350 * MI * 100) / (16 * GI)],
    ['rate_mem_no_cache_node', (230 * MI * 100) / (16 * GI)],
    ['rate_mem_no_cache_request', (200 * 100) / 256],
    ['rate_mem_no_cache_limit', (200 * 100) / 512],
    ['rate_mem_no_cache_resource', (230 * MI * 100) / (16 * GI)],
    ['network_receive_bytes', 60_000],
    ['network_receive_bytes_bw', 2000],
    ['network_transmit_bytes', 120_000],
    ['network_transmit_bytes_bw', 4000],
    ['network_receive_packets', 6000],
    ['network_transmit_packets', 8000],
    ['fs_read_bytes', 18],
    ['fs_write_bytes', 180],
    ['fs_read_times', 1800],
    ['fs_write_times', 18000],
  ])('of a pod: %s', async (name, expected) => {
    expect(await bed.value(`k8s_pod_${name}`)).toBeCloseTo(expected, 6);
  });

  it.each<[name: string, expected: number]>([
    ['cpu_usage', 37.5],
    ['mem_usage', 25],
    ['status_ready', 1],
    ['pod_restart_total', 0],
    ['lan_intraffic', 11],
    ['lan_outtraffic', 22],
    ['cpu_core_request_total', 0.6],
    ['memory_request_bytes_total', 256 * MI],
  ])('of a node: %s', async (name, expected) => {
    expect(await bed.value(`k8s_node_${name}`, { node: 'w1' })).toBeCloseTo(expected, 6);
  });

  it.each<[name: string, expected: number]>([
    ['abnormal', 2],
    ['pod_restart_total', 0],
    ['cpu_core_used', 0.5],
    // Of the nodes that are not control plane.
    ['rate_cpu_core_used_cluster', 12.5],
    ['rate_cpu_core_used_resource', 50 / 0.6],
    ['mem_usage_bytes', 350 * MI],
    ['mem_no_cache_bytes', 230 * MI],
    ['rate_mem_usage_bytes_cluster', (350 * MI * 100) / (16 * GI)],
    ['rate_mem_no_cache_cluster', (230 * MI * 100) / (16 * GI)],
    ['rate_mem_usage_bytes_resource', (350 * MI * 100) / (16 * GI)],
    ['rate_mem_no_cache_bytes_resource', (230 * MI * 100) / (16 * GI)],
    ['network_receive_bytes', 60_000],
    ['network_receive_bytes_bw', 2000],
    ['network_transmit_bytes', 120_000],
    ['network_transmit_bytes_bw', 4000],
    ['network_receive_packets', 6000],
    ['network_transmit_packets', 8000],
    ['fs_read_bytes', 18],
    ['fs_write_bytes', 180],
    ['fs_read_times', 1800],
    ['fs_write_times', 18000],
  ])('of a workload, and of its namespace: %s', async (name, expected) => {
    const workload = { workload_kind: 'Deployment', workload_name: 'web' };
    expect(await bed.value(`k8s_workload_${name}`, workload)).toBeCloseTo(expected, 6);
    expect(await bed.value(`k8s_namespace_${name}`, { namespace: 'shop' })).toBeCloseTo(expected, 6);
  });

  it.each<[name: string, expected: number]>([
    ['cpu_core_total', 4],
    ['cpu_core_used', 0.5],
    ['rate_cpu_core_used_cluster', 12.5],
    ['rate_cpu_core_request_cluster', 15],
    ['memory_total', 16 * GI],
    ['mem_usage_bytes', 350 * MI],
    ['mem_no_cache_bytes', 230 * MI],
    ['rate_mem_usage_bytes_cluster', (350 * MI * 100) / (16 * GI)],
    ['rate_mem_no_cache_bytes_cluster', (230 * MI * 100) / (16 * GI)],
    ['rate_mem_request_bytes_cluster', (256 * MI * 100) / (16 * GI)],
    ['network_receive_bytes', 60_000],
    ['network_transmit_packets', 8000],
    ['fs_read_times', 1800],
    ['allocatable_pods_total', 200],
    ['pods_used_total', 1],
    ['node_total', 2],
    ['apiserver_healthy', 1],
  ])('of the cluster: %s', async (name, expected) => {
    expect(await bed.value(`k8s_cluster_${name}`)).toBeCloseTo(expected, 6);
  });

  it('have the labels of their level', async () => {
    const labelsOf = async (metric: string, where = {}) => (await bed.samples(metric, where))[0]!.labels.toObject();
    const workload = { cluster: 'east', namespace: 'shop', workload_kind: 'Deployment', workload_name: 'web' };
    const pod = { ...workload, pod: 'web-5d4f-a', node: 'w1', node_role: 'Node' };
    const container = { ...pod, container: 'app', container_id: idOf('web-5d4f-a', 'app') };
    expect(await labelsOf('k8s_cluster_cpu_core_used')).toEqual({
      __name__: 'k8s_cluster_cpu_core_used',
      cluster: 'east',
    });
    expect(await labelsOf('k8s_node_cpu_usage')).toMatchObject({ cluster: 'east', node: 'w1', node_role: 'Node' });
    expect(await labelsOf('k8s_workload_cpu_core_used')).toEqual({
      __name__: 'k8s_workload_cpu_core_used',
      ...workload,
    });
    expect(await labelsOf('k8s_pod_cpu_core_used')).toEqual({ __name__: 'k8s_pod_cpu_core_used', ...pod });
    expect(await labelsOf('k8s_container_cpu_core_used', { container: 'app' })).toEqual({
      __name__: 'k8s_container_cpu_core_used',
      ...container,
    });
  });

  it('of pods and containers are of the moment of their page', async () => {
    const page = await bed.samples('container_memory_usage_bytes', { container: 'app' });
    const derived = await bed.samples('k8s_container_mem_usage_bytes', { container: 'app' });
    expect(derived[0]!.samples.map(({ timestamp }) => timestamp)).toEqual(
      page[0]!.samples.map(({ timestamp }) => timestamp),
    );
    const rates = await bed.samples('k8s_container_cpu_core_used', { container: 'app' });
    // A rate needs two points.
    expect(rates[0]!.samples).toHaveLength(page[0]!.samples.length - 1);
  });
});

describe('rates', () => {
  const cpuOf = (): Promise<number | 'stale' | undefined> => bed.value('k8s_pod_cpu_core_used');

  async function play(counter: () => number): Promise<void> {
    bed.node('w1');
    bed.pod('a');
    bed.start();
    bed.kubelet('w1', () => containerRows('a', 'app', { cpu: counter(), memory: 5 }));
    await bed.rounds(1);
  }

  it('go over two minutes', async () => {
    let total = 0;
    let step = 0;
    await play(() => (total += step));
    for (const next of [30, 30, 60, 0, 15]) {
      step = next;
      await bed.rounds(1);
    }
    // The first 30 are more than two minutes ago.
    expect(await cpuOf()).toBeCloseTo(105 / 120, 9);
  });

  it('take a counter that is smaller for one that began anew', async () => {
    const values = [100, 130, 160, 10, 40];
    await play(() => values.shift()!);
    await bed.rounds(4);
    expect(await cpuOf()).toBeCloseTo((30 + 30 + 10 + 30) / 120, 9);
  });

  it('begin anew when the clock is set back', async () => {
    let total = 0;
    await play(() => (total += 30));
    await bed.rounds(3);
    expect(await cpuOf()).toBeCloseTo(1, 9);
    bed.clock.jump(-3_600_000);
    await bed.rounds(4);
    const all = await bed.samples('k8s_pod_cpu_core_used');
    for (const { value, stale } of all[0]!.samples) if (!stale) expect(value).toBeCloseTo(1, 9);
  });

  it('need no timestamps of cAdvisor, however old', async () => {
    bed.node('w1');
    bed.pod('a');
    bed.start();
    const page = (): string =>
      containerRows('a', 'app', { cpu: seconds() * 2, memory: 5 }).replaceAll(
        '\n',
        ` ${bed.clock.now() - 3_000_000}\n`,
      );
    bed.kubelet('w1', page);
    await bed.rounds(4);
    expect(await cpuOf()).toBeCloseTo(2, 9);
  });
});
