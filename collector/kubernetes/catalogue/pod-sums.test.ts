import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Pod } from '../objects.ts';
import { CatalogueBed, type ContainerOptions, containerRows, INTERVAL, idOf } from './catalogue-bed.case.ts';

/** What the page has of a container of the pod `web`: one that has none is not on it. */
interface Use {
  readonly cpu?: number;
  readonly memory?: number;
  readonly io?: number;
  readonly id?: string;
}

let bed: CatalogueBed;
let uses: Record<string, Use>;
beforeEach(() => {
  bed = new CatalogueBed();
  bed.node('w1');
  // So that the kubelet always has something to say.
  bed.pod('other', { namespace: 'other' });
});
afterEach(() => bed.close());

const ago = (intervals: number): ContainerOptions => ({
  state: { running: { startedAt: new Date(bed.clock.now() - intervals * INTERVAL).toISOString() } },
});

function web(containers: Record<string, ContainerOptions>): void {
  bed.pod('web', { containers });
}

/** Two cores and 200 bytes for `app`, one and 100 for `side`. */
function start(): void {
  uses = { app: { cpu: 2, memory: 200 }, side: { cpu: 1, memory: 100 } };
  bed.start();
  bed.kubelet('w1', () => {
    const seconds = bed.clock.now() / 1000;
    const rows = Object.entries(uses).map(([name, { cpu, io, memory, id }]) => {
      const values = {
        ...(cpu !== undefined && { cpu: cpu * seconds }),
        ...(memory !== undefined && { memory, cache: memory / 2 }),
        ...(io !== undefined && { io: io * seconds }),
      };
      return containerRows('web', name, values, { id: id ?? idOf('web', name) });
    });
    return rows.join('') + containerRows('other', 'app', { cpu: seconds, memory: 1 }, { namespace: 'other' });
  });
}

/** Values that follow each other, equal ones once; null is a stale marker. */
async function runs(metric: string, where: Record<string, string> = { namespace: 'shop' }): Promise<(number | null)[]> {
  const [series] = await bed.samples(metric, where);
  const values = (series?.samples ?? []).map(({ value, stale }) => (stale ? null : Math.round(value * 1000) / 1000));
  return values.filter((value, i) => value !== values[i - 1]);
}

describe('a pod of which one container restarts', () => {
  it('has no CPU until that one has a rate; what is known is told, and no sum above falls', async () => {
    web({ app: ago(100), side: ago(100) });
    start();
    await bed.rounds(5);
    const id = 'ab'.repeat(32);
    web({ app: ago(100), side: { ...ago(0.5), id, restarts: 1 } });
    uses.side = { cpu: 1, memory: 100, id };
    await bed.rounds(5);
    expect(await runs('k8s_pod_cpu_core_used')).toEqual([3, null, 3]);
    expect(await runs('k8s_pod_rate_cpu_core_used_node')).toEqual([75, null, 75]);
    expect(await runs('k8s_pod_mem_usage_bytes')).toEqual([300]);
    for (const level of ['workload', 'namespace']) expect(await runs(`k8s_${level}_cpu_core_used`), level).toEqual([3]);
    expect(await runs('k8s_cluster_cpu_core_used', {})).toEqual([4]);
  });

  it('and comes late on the page: the pod is without it, the sums go on', async () => {
    web({ app: ago(100), side: ago(100) });
    start();
    await bed.rounds(5);
    const id = 'ab'.repeat(32);
    web({ app: ago(100), side: { ...ago(0.5), id } });
    delete uses.side;
    await bed.rounds(1);
    uses.side = { cpu: 1, memory: 100, id };
    await bed.rounds(5);
    expect(await runs('k8s_pod_cpu_core_used')).toEqual([3, null, 3]);
    expect(await runs('k8s_pod_mem_usage_bytes')).toEqual([300, null, 300]);
    for (const metric of ['cpu_core_used', 'mem_usage_bytes']) {
      expect((await runs(`k8s_workload_${metric}`)).length, metric).toBe(1);
    }
  });

  it('again and again uses what the others do while that one waits', async () => {
    web({ app: ago(100), side: ago(100) });
    start();
    await bed.rounds(5);
    delete uses.side;
    web({ app: ago(100), side: { state: { waiting: { reason: 'CrashLoopBackOff' } } } });
    await bed.rounds(3);
    expect(await runs('k8s_pod_cpu_core_used')).toEqual([3, 2]);
    expect(await runs('k8s_workload_cpu_core_used')).toEqual([3, 2]);
    web({ app: ago(100), side: { ...ago(0), id: 'cd'.repeat(32) } });
    await bed.rounds(1);
    web({ app: ago(100), side: { state: { waiting: { reason: 'CrashLoopBackOff' } } } });
    await bed.rounds(3);
    expect(await runs('k8s_pod_cpu_core_used')).toEqual([3, 2, null, 2]);
    expect(await runs('k8s_workload_cpu_core_used')).toEqual([3, 2]);
  });
});

describe('a pod of whose containers the kubelet leaves one out', () => {
  it('has no sums; those above have its last values, then end', async () => {
    web({ app: ago(100), side: ago(100) });
    start();
    await bed.rounds(5);
    const { side } = uses;
    delete uses.side;
    await bed.rounds(8);
    for (const metric of ['cpu_core_used', 'mem_usage_bytes', 'mem_no_cache_bytes']) {
      expect((await runs(`k8s_pod_${metric}`)).at(-1), metric).toBe(null);
    }
    uses.side = side!;
    await bed.rounds(4);
    expect(await runs('k8s_pod_cpu_core_used')).toEqual([3, null, 3]);
    expect(await runs('k8s_workload_cpu_core_used')).toEqual([3, null, 3]);
    expect(await runs('k8s_namespace_mem_usage_bytes')).toEqual([300, null, 300]);
    expect(await runs('k8s_cluster_cpu_core_used', {})).toEqual([4, null, 4]);
  });

  it('from the start has none, and takes nothing from the sums above', async () => {
    web({ app: ago(100), side: ago(100) });
    start();
    delete uses.side;
    await bed.rounds(10);
    expect(await runs('k8s_pod_cpu_core_used')).toEqual([]);
    expect(await runs('k8s_container_cpu_core_used')).toEqual([2]);
    expect(await runs('k8s_workload_cpu_core_used')).toEqual([2]);
  });

  it('has the percentages that this one is no part of', async () => {
    const requests = { cpu: '4', memory: '400' };
    web({ app: { ...ago(100), requests, limits: requests }, side: { ...ago(100), requests: { cpu: '1' } } });
    start();
    await bed.rounds(5);
    delete uses.side;
    await bed.rounds(3);
    expect(await runs('k8s_pod_rate_cpu_core_used_request')).toEqual([60, null]);
    expect(await runs('k8s_pod_rate_cpu_core_used_limit')).toEqual([50]);
    expect(await runs('k8s_pod_rate_mem_usage_request')).toEqual([50]);
    expect(await runs('k8s_pod_rate_mem_no_cache_limit')).toEqual([25]);
    expect(await runs('k8s_pod_rate_mem_usage_node')).toContain(null);
    delete uses.app;
    await bed.rounds(1);
    expect(await runs('k8s_pod_rate_cpu_core_used_limit')).toEqual([50, null]);
    expect(await runs('k8s_pod_rate_mem_usage_request')).toEqual([50, null]);
  });

  it('lacks memory alone when memory alone is not told', async () => {
    web({ app: ago(100), side: ago(100) });
    start();
    await bed.rounds(5);
    uses.side = { cpu: 1 };
    await bed.rounds(3);
    expect(await runs('k8s_pod_cpu_core_used')).toEqual([3]);
    expect(await runs('k8s_pod_mem_usage_bytes')).toEqual([300, null]);
  });
});

describe('containers that need not have everything', () => {
  it('do no input and output, or did none for 2 minutes', async () => {
    web({ app: ago(100), side: ago(100) });
    start();
    uses.app = { cpu: 2, memory: 200, io: 1 };
    await bed.rounds(5);
    uses.side = { cpu: 1, memory: 100, io: 2 };
    await bed.rounds(5);
    uses.side = { cpu: 1, memory: 100 };
    await bed.rounds(6);
    expect(await runs('k8s_pod_fs_read_bytes')).toEqual([3, 9, null, 3]);
    expect(await runs('k8s_pod_cpu_core_used')).toEqual([3]);
  });

  it('have no card, but those that request one are missed', async () => {
    const limits = { 'nvidia.com/gpu': '1' };
    web({ app: { ...ago(100), requests: limits, limits }, side: ago(100) });
    bed.pod('pair', {
      containers: { a: { ...ago(100), requests: limits, limits }, b: { ...ago(100), requests: limits, limits } },
    });
    start();
    const util = (pod: string, container: string): string =>
      `DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="${pod}-${container}",container="${container}",namespace="shop",pod="${pod}"} 40\n`;
    bed.scrape({ job: 'dcgm', node: 'w1' }, () => util('web', 'app') + util('pair', 'a'));
    await bed.rounds(5);
    expect(await bed.newest('k8s_pod_gpu_used', ['pod'])).toEqual({ web: 40 });
    expect(await bed.newest('k8s_container_gpu_used', ['pod', 'container'])).toEqual({ 'web app': 40, 'pair a': 40 });
  });

  it('have ended as init containers do, or run as sidecars', async () => {
    web({ app: ago(100), side: ago(100) });
    const pod = bed.cluster.cache('pods').get('shop', 'web') as Pod;
    const [app, side] = pod.status.containerStatuses!;
    bed.cluster.cache('pods').put({
      ...pod,
      spec: {
        ...pod.spec,
        containers: [{ name: 'app' }],
        initContainers: [{ name: 'setup' }, { name: 'side', restartPolicy: 'Always' }],
      },
      status: {
        ...pod.status,
        containerStatuses: [app!],
        initContainerStatuses: [
          { ...side!, name: 'setup', containerID: `containerd://${'ee'.repeat(32)}`, state: { terminated: {} } },
          side!,
        ],
      },
    } as never);
    start();
    await bed.rounds(5);
    delete uses.side;
    await bed.rounds(2);
    expect(await runs('k8s_pod_cpu_core_used')).toEqual([3, null]);
  });
});
