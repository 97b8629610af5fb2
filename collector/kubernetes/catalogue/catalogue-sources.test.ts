import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CatalogueBed, containerRows } from './catalogue-bed.case.ts';
import { isPublicAddress } from './public-address.ts';

const MI = 2 ** 20;
let bed: CatalogueBed;
beforeEach(() => {
  bed = new CatalogueBed();
});
afterEach(() => bed.close());

const seconds = (): number => bed.clock.now() / 1000;
const rows = (pod: string): string => containerRows(pod, 'app', { cpu: seconds(), memory: 1000 });

describe('a GPU', () => {
  const GPU = { 'nvidia.com/gpu': '2' };
  const LABELS = { 'nvidia.com/gpu.memory': '40960' };

  it('has its use from the DCGM exporter, its divisors from requests and the node', async () => {
    bed.node('w1', { capacity: { 'nvidia.com/gpu': '4' }, labels: LABELS });
    bed.pod('train', { containers: { app: { requests: GPU, limits: GPU }, log: {} } });
    bed.start();
    bed.scrape({ job: 'dcgm-exporter', instance: 'x:9400' }, () =>
      [0, 1]
        .map(
          (gpu) =>
            `DCGM_FI_DEV_GPU_UTIL{gpu="${gpu}",namespace="shop",pod="train",container="app"} ${60 + gpu * 20}\n` +
            `DCGM_FI_DEV_FB_USED{gpu="${gpu}",exported_namespace="shop",exported_pod="train",exported_container="app",pod="dcgm"} 10240\n`,
        )
        .join(''),
    );
    bed.kubelet('w1', () => rows('train'));
    await bed.rounds(3);
    const expected = {
      k8s_container_gpu_used: 140,
      k8s_container_rate_gpu_used_node: 35,
      k8s_container_rate_gpu_used_request: 70,
      k8s_container_gpu_memory_used_bytes: 20480 * MI,
      k8s_container_rate_gpu_memory_used_node: 12.5,
      k8s_container_rate_gpu_memory_used_request: 25,
      k8s_pod_gpu_used: 140,
      k8s_pod_gpu_request: 200,
      k8s_pod_gpu_memory_used_bytes: 20480 * MI,
      k8s_pod_gpu_memory_request_bytes: 81920 * MI,
      k8s_pod_rate_gpu_used_node: 35,
      k8s_pod_rate_gpu_used_request: 70,
      k8s_pod_rate_gpu_memory_used_node: 12.5,
      k8s_pod_rate_gpu_memory_used_request: 25,
      k8s_node_gpu_used: 140,
      k8s_node_rate_gpu_used: 35,
      k8s_node_gpu_memory_used_bytes: 20480 * MI,
      k8s_node_rate_gpu_memory_used: 12.5,
      k8s_workload_gpu_used: 140,
      k8s_workload_gpu_memory_used_bytes: 20480 * MI,
      k8s_workload_rate_gpu_used_cluster: 35,
      k8s_workload_rate_gpu_memory_used_cluster: 12.5,
      k8s_cluster_gpu_total: 400,
      k8s_cluster_gpu_used: 140,
      k8s_cluster_gpu_memory_total_bytes: 4 * 40960 * MI,
      k8s_cluster_gpu_memory_used_bytes: 20480 * MI,
      k8s_cluster_rate_gpu_used_cluster: 35,
      k8s_cluster_rate_gpu_request_cluster: 50,
      k8s_cluster_rate_gpu_memory_used_cluster: 12.5,
      k8s_cluster_rate_gpu_memory_request_cluster: 50,
    };
    const found: Record<string, unknown> = {};
    for (const metric of Object.keys(expected)) {
      found[metric] = await bed.value(metric, metric.startsWith('k8s_container') ? { container: 'app' } : {});
    }
    expect(found).toEqual(expected);
    expect(await bed.newest('k8s_container_gpu_used', ['container'])).toEqual({ app: 140 });
  });

  it('has the memory that its exporter says is used and free where the node has no label', async () => {
    bed.node('w1', { capacity: { 'nvidia.com/gpu': '2' } });
    bed.pod('train', { containers: { app: { requests: { 'nvidia.com/gpu': '1' } } } });
    bed.start();
    let used = 1000;
    bed.scrape(
      { job: 'dcgm-exporter', instance: 'x:9400' },
      () =>
        `DCGM_FI_DEV_FB_USED{gpu="0",UUID="a",Hostname="w1",namespace="shop",pod="train",container="app"} ${used}\n` +
        `DCGM_FI_DEV_FB_FREE{gpu="0",UUID="a",Hostname="w1",namespace="shop",pod="train",container="app"} ${4000 - used}\n` +
        'DCGM_FI_DEV_FB_USED{gpu="1",UUID="b",Hostname="w1"} 0\nDCGM_FI_DEV_FB_FREE{gpu="1",UUID="b",Hostname="w1"} 4000\n',
    );
    bed.kubelet('w1', () => rows('train'));
    await bed.rounds(3);
    expect(await bed.value('k8s_cluster_gpu_memory_total_bytes')).toBe(8000 * MI);
    expect(await bed.value('k8s_pod_gpu_memory_request_bytes')).toBe(4000 * MI);
    expect(await bed.value('k8s_pod_rate_gpu_memory_used_request')).toBe(25);
    expect(await bed.value('k8s_node_rate_gpu_memory_used')).toBe(12.5);
    used = 2000;
    await bed.rounds(2);
    expect(await bed.value('k8s_pod_rate_gpu_memory_used_request')).toBe(50);
    // Nothing was ended on the way.
    const [series] = await bed.samples('k8s_pod_mem_usage_bytes');
    expect(series!.samples.some(({ stale }) => stale)).toBe(false);
  });

  it('may be shared in hundredths and pieces of memory', async () => {
    const share = { 'tencent.com/vcuda-core': '30', 'tencent.com/vcuda-memory': '4' };
    bed.node('w1', { capacity: { 'tencent.com/vcuda-core': '200', 'tencent.com/vcuda-memory': '64' } });
    bed.pod('infer', { containers: { app: { requests: share } } });
    bed.start();
    bed.kubelet('w1', () => rows('infer'));
    await bed.rounds(2);
    expect(await bed.value('k8s_pod_gpu_request')).toBe(30);
    expect(await bed.value('k8s_pod_gpu_memory_request_bytes')).toBe(1024 * MI);
    expect(await bed.value('k8s_cluster_gpu_total')).toBe(200);
    expect(await bed.value('k8s_cluster_rate_gpu_memory_request_cluster')).toBe(6.25);
    // Nobody says what is used.
    expect(await bed.value('k8s_pod_gpu_used')).toBeUndefined();
  });
});

describe('a node exporter', () => {
  it('tells of connections and of the way to the Internet', async () => {
    bed.node('w1');
    bed.start();
    const exporter = bed.scrape(
      { job: 'node-exporter', instance: 'w1' },
      () =>
        'node_netstat_Tcp_CurrEstab 321\n' +
        'node_network_route_info{device="eth1",dest="default",src="8.8.4.4",gw="8.8.0.1"} 1\n' +
        'node_network_route_info{device="eth0",dest="10.0.0.0/8",src="10.0.0.1"} 1\n',
    );
    const kubelet = (): string =>
      ['eth0', 'eth1']
        .map(
          (device, i) =>
            `container_network_receive_bytes_total{id="/",interface="${device}"} ${seconds() * (i + 1)}\n` +
            `container_network_transmit_bytes_total{id="/",interface="${device}"} ${seconds() * (i + 3)}\n`,
        )
        .join('');
    bed.kubelet('w1', kubelet);
    await bed.rounds(3);
    const all = async (): Promise<unknown[]> =>
      Promise.all(
        ['tcp_curr_estab', 'lan_intraffic', 'lan_outtraffic', 'wan_intraffic', 'wan_outtraffic'].map((name) =>
          bed.value(`k8s_node_${name}`),
        ),
      );
    expect(await all()).toEqual([321, 1, 3, 2, 4]);
    exporter.scraper.page = () => 'node_netstat_Tcp_CurrEstab 5\n';
    await bed.rounds(2);
    expect(await all()).toEqual([5, 3, 7, 'stale', 'stale']);
    await exporter.loop.stop({ markStale: true });
    expect(await bed.value('k8s_node_tcp_curr_estab')).toBe('stale');
    expect(await bed.value('k8s_node_lan_intraffic')).toBe(3);
  });

  it.each([
    ['10.1.2.3', false],
    ['172.31.0.1', false],
    ['192.168.0.1', false],
    ['100.64.1.1', false],
    ['169.254.169.254', false],
    ['172.32.0.1', true],
    ['8.8.8.8', true],
    ['2001:db8::1', true],
    ['fd00::1', false],
    ['fe80::1', false],
    ['default', false],
  ])('has the address %s, public: %s', (address, expected) => {
    expect(isPublicAddress(address)).toBe(expected);
  });
});

describe('virtual nodes', () => {
  it('have their pods summed by themselves, and are not missed', async () => {
    bed.node('w1');
    bed.node('v1', { labels: { 'node.kubernetes.io/instance-type': 'eklet' } });
    bed.node('v2', { labels: { type: 'virtual-kubelet' } });
    bed.pod('a');
    bed.pod('b', { node: 'v1' });
    bed.pod('c', { node: 'v2' });
    bed.start();
    bed.kubelet('w1', () => rows('a'));
    bed.kubelet('v1', () => containerRows('b', 'app', { cpu: seconds() * 2, memory: 50, cache: 20 }));
    await bed.rounds(3);
    expect(await bed.value('k8s_cluster_eks_cpu_core_used')).toBeCloseTo(2, 9);
    expect(await bed.value('k8s_cluster_eks_mem_usage_bytes')).toBe(50);
    expect(await bed.value('k8s_cluster_eks_mem_no_cache_bytes')).toBe(30);
    expect(await bed.value('k8s_cluster_mem_usage_bytes')).toBe(1050);
  });
});

describe('the control plane', () => {
  it('is healthy as far as it is scraped and answers; etcd by its majority', async () => {
    bed.node('w1');
    bed.cluster.cache('pods');
    bed.start();
    const etcd = [0, 1, 2].map((i) =>
      bed.scrape({ job: 'etcd', instance: `e${i}` }, () => `etcd_mvcc_db_total_size_in_bytes ${1000 + i}\n`),
    );
    const apiservers = [0, 1].map((i) =>
      bed.scrape(
        { job: 'apiserver', instance: `a${i}` },
        () => `apiserver_storage_size_bytes{storage_cluster_id="e"} 900\n`,
      ),
    );
    const scheduler = bed.scrape({ job: 'kube-scheduler', instance: 's' }, () => 'a 1\n');
    const health = async (): Promise<unknown[]> =>
      Promise.all(
        ['apiserver', 'etcd', 'scheduler', 'controller_manager'].map((name) =>
          bed.value(`k8s_cluster_${name}_healthy`),
        ),
      );
    await bed.rounds(2);
    expect(await health()).toEqual([1, 1, 1, undefined]);
    expect(await bed.value('k8s_cluster_etcd_db_total_size_bytes')).toBe(1002);
    const down = new Error('connection refused');
    etcd[0]!.scraper.error = down;
    apiservers[0]!.scraper.error = down;
    scheduler.scraper.error = down;
    await bed.rounds(2);
    expect(await health()).toEqual([1, 1, 0, undefined]);
    etcd[2]!.scraper.error = down;
    apiservers[1]!.scraper.error = down;
    await bed.rounds(2);
    expect(await health()).toEqual([0, 0, 0, undefined]);
    expect(await bed.value('k8s_cluster_etcd_db_total_size_bytes')).toBe(1001);
    await scheduler.loop.stop({ markStale: true });
    await bed.rounds(1);
    expect(await health()).toEqual([0, 0, 'stale', undefined]);
  });
});
