import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CatalogueBed, containerRows, INTERVAL, idOf, sandboxRows } from './catalogue-bed.case.ts';

let bed: CatalogueBed;
beforeEach(() => {
  bed = new CatalogueBed();
});
afterEach(() => bed.close());

const seconds = (): number => bed.clock.now() / 1000;
const rows = (pod: string, container = 'app', id = idOf(pod, container)): string =>
  containerRows(pod, container, { cpu: seconds(), memory: 1000, cache: 10 }, { id });

describe('a container', () => {
  it('that has ended and is still on the page has no series any more', async () => {
    bed.node('w1');
    bed.pod('a');
    bed.pod('b');
    bed.start();
    bed.kubelet('w1', () => rows('a') + rows('b'));
    await bed.rounds(3);
    bed.remove('pods', 'shop', 'a');
    await bed.rounds(1);
    for (const metric of ['k8s_container_mem_usage_bytes', 'k8s_pod_mem_usage_bytes', 'k8s_pod_status_ready']) {
      expect(await bed.newest(metric, ['pod'])).toEqual({ a: 'stale', b: metric.endsWith('ready') ? 1 : 1000 });
    }
    expect(await bed.value('container_memory_usage_bytes', { pod: 'a' })).toBe(1000);
    expect(await bed.value('k8s_namespace_mem_usage_bytes')).toBe(1000);
    await bed.rounds(3);
    expect(await bed.value('k8s_pod_mem_usage_bytes', { pod: 'a' })).toBe('stale');
    expect(bed.catalogue.stats).toMatchObject({ pods: 1, containers: 1 });
  });

  it('that was restarted goes on under its new id; the pod counts the restart once', async () => {
    bed.node('w1');
    bed.pod('a', { containers: { app: { id: 'aaaaaaaaaaaa' } } });
    bed.start();
    bed.kubelet('w1', () => rows('a', 'app', 'aaaaaaaaaaaa') + rows('a', 'app', 'bbbbbbbbbbbb'));
    await bed.rounds(3);
    bed.pod('a', { containers: { app: { id: 'bbbbbbbbbbbb', restarts: 1 } } });
    await bed.rounds(1);
    expect(await bed.newest('k8s_container_mem_usage_bytes', ['container_id'])).toEqual({
      aaaaaaaaaaaa: 'stale',
      bbbbbbbbbbbb: 1000,
    });
    expect(await bed.value('k8s_pod_mem_usage_bytes')).toBe(1000);
    const levels = ['k8s_pod_restart_total', 'k8s_node_pod_restart_total', 'k8s_workload_pod_restart_total'];
    await bed.rounds(2);
    for (const metric of levels) {
      const [series] = await bed.samples(metric);
      expect(series!.samples.map(({ value }) => value).reduce((a, b) => a + b)).toBe(1);
      expect(await bed.value(metric)).toBe(0);
    }
  });

  it('that waits to be restarted has no series', async () => {
    bed.node('w1');
    bed.pod('a');
    bed.start();
    bed.kubelet('w1', () => rows('a'));
    await bed.rounds(3);
    bed.pod('a', { containers: { app: { state: { waiting: { reason: 'CrashLoopBackOff' } } } }, ready: 'False' });
    await bed.rounds(1);
    expect(await bed.value('k8s_container_mem_usage_bytes')).toBe('stale');
    expect(await bed.value('k8s_pod_mem_usage_bytes')).toBe('stale');
    expect(await bed.value('k8s_pod_status_ready')).toBe(0);
  });
});

describe('a pod', () => {
  it('that moved to another node is counted there only', async () => {
    bed.node('w1');
    bed.node('w2');
    bed.pod('a', { uid: '1', node: 'w1' });
    bed.start();
    bed.kubelet('w1', () => rows('a'));
    bed.kubelet('w2', () => rows('a', 'app', 'cccccccccccc'));
    await bed.rounds(3);
    bed.pod('a', { uid: '2', node: 'w2', containers: { app: { id: 'cccccccccccc' } } });
    await bed.rounds(2);
    expect(await bed.newest('k8s_pod_mem_usage_bytes', ['node'])).toEqual({ w1: 'stale', w2: 1000 });
    expect(await bed.value('k8s_namespace_mem_usage_bytes')).toBe(1000);
  });

  it('that is made anew in its place goes on in its series', async () => {
    bed.node('w1');
    bed.pod('a', { uid: '1' });
    bed.start();
    bed.kubelet('w1', () => rows('a') + rows('a', 'app', 'cccccccccccc'));
    await bed.rounds(3);
    bed.pod('a', { uid: '2', containers: { app: { id: 'cccccccccccc' } } });
    await bed.rounds(2);
    const [series, ...others] = await bed.samples('k8s_pod_mem_usage_bytes');
    expect(others).toEqual([]);
    expect(series!.samples.some(({ stale }) => stale)).toBe(false);
  });

  it('belongs to the Deployment even before its ReplicaSet is known, and to the CronJob once its Job is', async () => {
    bed.node('w1');
    bed.pod('web-77-a', { owner: { kind: 'ReplicaSet', name: 'web-77' }, labels: { 'pod-template-hash': '77' } });
    bed.pod('night-1-a', { owner: { kind: 'Job', name: 'night-1' } });
    bed.pod('kube-proxy-w1', { owner: { kind: 'Node', name: 'w1' } });
    bed.pod('alone');
    bed.start();
    bed.kubelet('w1', () => ['web-77-a', 'night-1-a', 'kube-proxy-w1', 'alone'].map((pod) => rows(pod)).join(''));
    await bed.rounds(2);
    const by = ['workload_kind', 'workload_name'];
    expect(await bed.newest('k8s_pod_mem_usage_bytes', by)).toEqual({
      'Deployment web': 1000,
      'Job night-1': 1000,
      'StaticPod kube-proxy': 1000,
      'Pod alone': 1000,
    });
    bed.put('jobs', {
      metadata: {
        name: 'night-1',
        namespace: 'shop',
        ownerReferences: [{ kind: 'CronJob', name: 'night', controller: true }],
      },
    });
    await bed.rounds(2);
    expect(await bed.newest('k8s_pod_mem_usage_bytes', by)).toMatchObject({
      'Job night-1': 'stale',
      'CronJob night': 1000,
    });
    expect(await bed.newest('k8s_workload_mem_usage_bytes', by)).toMatchObject({
      'Job night-1': 'stale',
      'CronJob night': 1000,
    });
  });

  it('on the network of its node has no traffic of its own', async () => {
    bed.node('w1');
    bed.pod('a', { hostNetwork: true });
    bed.pod('b');
    bed.start();
    bed.kubelet('w1', () => rows('a') + sandboxRows('a', seconds() * 9) + rows('b') + sandboxRows('b', seconds()));
    await bed.rounds(4);
    expect(await bed.newest('k8s_pod_network_receive_bytes_bw', ['pod'])).toEqual({ b: 2 });
    // Alone in its pod, a container has the pod's traffic.
    expect(await bed.newest('k8s_container_network_receive_packets', ['pod'])).toEqual({ b: 6 });
    expect(await bed.value('k8s_cluster_network_receive_bytes_bw')).toBe(2);
  });

  it('whose sandbox was replaced has the traffic of the new one', async () => {
    bed.node('w1');
    bed.pod('a');
    bed.start();
    let page = (): string => sandboxRows('a', seconds(), { container: 'POD', id: 'd'.repeat(64) });
    bed.kubelet('w1', () => rows('a') + page());
    await bed.rounds(3);
    const old = page;
    page = () => old() + sandboxRows('a', seconds() * 5, { id: 'e'.repeat(64) });
    await bed.rounds(3);
    expect(await bed.value('k8s_pod_network_receive_bytes_bw')).toBe(10);
  });

  it('that has no node yet is not ready; one that has ended has no series', async () => {
    bed.node('w1');
    bed.pod('waiting', { node: '', phase: 'Pending', ready: 'False', containers: {} });
    bed.pod('done');
    bed.start();
    bed.kubelet('w1', () => rows('done'));
    await bed.rounds(2);
    expect(await bed.newest('k8s_pod_status_ready', ['pod'])).toEqual({ waiting: 0, done: 1 });
    bed.pod('done', { phase: 'Succeeded', ready: 'False' });
    bed.pod('waiting', { ready: 'True' });
    await bed.rounds(2);
    expect(await bed.newest('k8s_pod_status_ready', ['pod', 'node'])).toEqual({
      'waiting ': 'stale',
      'waiting w1': 1,
      'done w1': 'stale',
    });
    expect(await bed.value('k8s_cluster_pods_used_total')).toBe(1);
  });
});

describe('a kubelet', () => {
  it('that misses one scrape loses nothing; at the second its pods end, but for what the watch knows', async () => {
    bed.node('w1');
    bed.pod('a');
    bed.start();
    const { scraper } = bed.kubelet('w1', () => rows('a'));
    await bed.rounds(3);
    scraper.error = new Error('connection refused');
    bed.node('w1', { ready: 'Unknown' });
    bed.pod('a', { ready: 'False' });
    await bed.rounds(1);
    expect(await bed.value('container_memory_usage_bytes')).toBe('stale');
    expect(await bed.value('k8s_pod_mem_usage_bytes')).toBe(1000);
    expect(await bed.value('k8s_pod_status_ready')).toBe(0);
    await bed.rounds(1);
    expect(await bed.value('k8s_container_mem_usage_bytes')).toBe('stale');
    expect(await bed.value('k8s_pod_mem_usage_bytes')).toBe('stale');
    expect(await bed.value('k8s_node_mem_usage')).toBeUndefined();
    expect(await bed.value('k8s_pod_status_ready')).toBe(0);
    expect(await bed.value('k8s_node_status_ready')).toBe(0);
    scraper.error = undefined;
    await bed.rounds(2);
    expect(await bed.value('k8s_pod_mem_usage_bytes')).toBe(1000);
  });

  it('that writes garbage is one that misses a scrape', async () => {
    bed.node('w1');
    bed.pod('a');
    bed.start();
    const { scraper } = bed.kubelet('w1', () => rows('a'));
    await bed.rounds(2);
    scraper.page = () => `${rows('a')}<html>`;
    await bed.rounds(2);
    expect(await bed.value('k8s_pod_mem_usage_bytes')).toBe('stale');
  });

  it('of a node that is gone leaves nothing alive', async () => {
    bed.node('w1');
    bed.node('w2');
    bed.pod('a');
    bed.start();
    const { loop } = bed.kubelet('w1', () => rows('a') + `container_memory_usage_bytes{id="/"} 5\n`);
    await bed.rounds(3);
    bed.remove('nodes', '', 'w1');
    bed.remove('pods', 'shop', 'a');
    await loop.stop({ markStale: true });
    await bed.rounds(4);
    for (const metric of ['k8s_container_mem_usage_bytes', 'k8s_pod_mem_usage_bytes', 'k8s_pod_status_ready']) {
      expect(await bed.value(metric)).toBe('stale');
    }
    expect(await bed.newest('k8s_node_status_ready', ['node'])).toEqual({ w1: 'stale', w2: 1 });
    expect(await bed.value('k8s_cluster_node_total')).toBe(1);
    expect(await bed.value('k8s_namespace_mem_usage_bytes')).toBe('stale');
    expect(bed.catalogue.stats).toMatchObject({ pods: 0, containers: 0, nodes: 1 });
  });

  it('that is not scraped any more leaves what the watch knows to the sums', async () => {
    bed.node('w1');
    bed.pod('a');
    bed.start();
    const { loop } = bed.kubelet('w1', () => rows('a'));
    await bed.rounds(3);
    await loop.stop({ markStale: true });
    expect(await bed.value('k8s_pod_status_ready')).toBe('stale');
    bed.pod('a', { ready: 'False' });
    await bed.rounds(4);
    expect(await bed.value('k8s_pod_status_ready')).toBe(0);
    expect(await bed.value('k8s_node_status_ready')).toBe(1);
    expect(await bed.value('k8s_pod_mem_usage_bytes')).toBe('stale');
  });
});

describe('sums', () => {
  it('are left out, rather than too low, when many pods are missing although their nodes are ready', async () => {
    for (const node of ['w1', 'w2', 'w3']) {
      bed.node(node);
      bed.pod(`on-${node}`, { node, namespace: node === 'w3' ? 'other' : 'shop' });
    }
    bed.start();
    const kubelets = ['w1', 'w2', 'w3'].map((node) => bed.kubelet(node, () => podRows(node)));
    await bed.rounds(3);
    expect(await bed.value('k8s_cluster_mem_usage_bytes')).toBe(3000);
    kubelets[2]!.scraper.error = new Error('no route to host');
    await bed.rounds(4);
    expect(await bed.value('k8s_cluster_mem_usage_bytes')).toBe('stale');
    expect(await bed.value('k8s_cluster_pods_used_total')).toBe(3);
    expect(await bed.newest('k8s_namespace_mem_usage_bytes', ['namespace'])).toEqual({ shop: 2000, other: 'stale' });
    // A node that is not ready has nothing that works.
    bed.node('w3', { ready: 'Unknown' });
    await bed.rounds(1);
    expect(await bed.value('k8s_cluster_mem_usage_bytes')).toBe(2000);
  });

  const podRows = (node: string): string =>
    containerRows(
      `on-${node}`,
      'app',
      { cpu: seconds(), memory: 1000 },
      { namespace: node === 'w3' ? 'other' : 'shop' },
    );

  it('wait for kubelets that are scraped more rarely', async () => {
    bed.node('w1');
    bed.pod('a');
    bed.start();
    const target = { job: 'kubelet', metrics_path: '/metrics/cadvisor', node: 'w1' };
    bed.scrape(target, () => rows('a'), 4 * INTERVAL);
    await bed.rounds(14);
    const [series] = await bed.samples('k8s_cluster_mem_usage_bytes');
    expect(series!.samples.length).toBeGreaterThan(6);
    expect(series!.samples.some(({ stale }) => stale)).toBe(false);
  });

  it('take nothing from the control plane into the cluster', async () => {
    bed.node('w1');
    bed.node('m1', { labels: { 'node-role.kubernetes.io/master': '' } });
    bed.pod('on-w1', { containers: { app: { requests: { cpu: '1' } } } });
    bed.pod('on-m1', { node: 'm1', containers: { app: { requests: { cpu: '1' } } } });
    bed.start();
    bed.kubelet('w1', () => rows('on-w1'));
    bed.kubelet('m1', () => rows('on-m1'));
    await bed.rounds(3);
    expect(await bed.value('k8s_cluster_mem_usage_bytes')).toBe(1000);
    expect(await bed.value('k8s_namespace_mem_usage_bytes')).toBe(2000);
    expect(await bed.value('k8s_cluster_rate_cpu_core_request_cluster')).toBe(25);
    expect(await bed.newest('k8s_node_status_ready', ['node', 'node_role'])).toEqual({ 'w1 Node': 1, 'm1 Master': 1 });
  });

  it('over a service go over the pods of its endpoints, each once', async () => {
    bed.node('w1');
    for (const pod of ['a', 'b', 'c']) bed.pod(pod);
    const ref = (name: string) => ({ kind: 'Pod', name, namespace: 'shop' });
    const slice = (name: string, endpoints: object[]): void =>
      bed.put('endpointslices', {
        metadata: { name, namespace: 'shop', labels: { 'kubernetes.io/service-name': 'front' } },
        endpoints: endpoints as never,
      });
    slice('front-1', [
      { addresses: ['10.1.0.1'], targetRef: ref('a'), conditions: { ready: true } },
      { addresses: ['10.1.0.2'], targetRef: ref('b'), conditions: { ready: false } },
    ]);
    slice('front-2', [{ addresses: ['fd00::1'], targetRef: ref('a') }]);
    bed.start();
    bed.kubelet('w1', () => rows('a') + rows('b') + rows('c'));
    await bed.rounds(3);
    expect(await bed.newest('k8s_service_mem_usage_bytes', ['namespace', 'service'])).toEqual({ 'shop front': 2000 });
    expect(await bed.value('k8s_service_abnormal')).toBe(1);
    slice('front-1', []);
    await bed.rounds(1);
    expect(await bed.value('k8s_service_mem_usage_bytes')).toBe(1000);
    bed.remove('endpointslices', 'shop', 'front-1');
    bed.remove('endpointslices', 'shop', 'front-2');
    await bed.rounds(1);
    expect(await bed.value('k8s_service_mem_usage_bytes')).toBe('stale');
  });

  it('say how abnormal each kind of workload is, with pods or without', async () => {
    const at = (name: string) => ({ metadata: { name, namespace: 'shop' } });
    bed.put('deployments', { ...at('dep'), status: { unavailableReplicas: 3 } });
    bed.put('daemonsets', { ...at('dae'), status: { numberUnavailable: 2 } });
    bed.put('statefulsets', { ...at('sta'), spec: { replicas: 5 }, status: { readyReplicas: 1 } });
    bed.put('jobs', { ...at('job'), status: { failed: 6 } });
    bed.put('cronjobs', at('cro'));
    bed.node('w1');
    bed.cluster.cache('pods');
    bed.start();
    await bed.rounds(2);
    expect(await bed.newest('k8s_workload_abnormal', ['workload_kind', 'workload_name'])).toEqual({
      'Deployment dep': 3,
      'DaemonSet dae': 2,
      'StatefulSet sta': 4,
      'Job job': 6,
      'CronJob cro': 0,
    });
    expect(await bed.value('k8s_namespace_abnormal')).toBe(15);
    bed.remove('deployments', 'shop', 'dep');
    await bed.rounds(1);
    expect(await bed.value('k8s_workload_abnormal', { workload_name: 'dep' })).toBe('stale');
  });
});

describe('the storage', () => {
  it('that refuses a scrape hears of its ends and restarts with the next one', async () => {
    bed.node('w1');
    bed.pod('a');
    bed.pod('b');
    bed.start();
    bed.kubelet('w1', () => rows('a') + rows('b'));
    await bed.rounds(3);
    bed.refuses = () => true;
    bed.remove('pods', 'shop', 'a');
    bed.pod('b', { containers: { app: { restarts: 3 } } });
    await bed.rounds(1);
    expect(await bed.value('k8s_pod_mem_usage_bytes', { pod: 'a' })).toBe(1000);
    bed.refuses = () => false;
    await bed.rounds(1);
    expect(await bed.value('k8s_pod_mem_usage_bytes', { pod: 'a' })).toBe('stale');
    expect(await bed.value('k8s_pod_restart_total', { pod: 'b' })).toBe(3);
  });

  it('gets every ref back', async () => {
    bed.node('w1');
    bed.pod('a');
    bed.start();
    const { loop } = bed.kubelet('w1', () => rows('a'));
    await bed.rounds(3);
    await loop.stop({ markStale: true });
    await bed.catalogue.close({ markStale: true });
    expect(bed.held).toBe(0);
    expect(await bed.value('k8s_cluster_mem_usage_bytes')).toBe('stale');
  });
});

describe('a cluster whose pods are replaced all the time', () => {
  it('takes no more memory, refs and series than one that stays as it is', async () => {
    bed.node('w1');
    let generation = 0;
    const name = (i: number): string => `web-${generation}-${i}`;
    const replace = (): void => {
      for (let i = 0; i < 20; i++) bed.remove('pods', 'shop', name(i));
      generation++;
      for (let i = 0; i < 20; i++) {
        bed.pod(name(i), {
          owner: { kind: 'StatefulSet', name: 'web' },
          containers: { app: { limits: { cpu: '1' } } },
        });
      }
    };
    replace();
    bed.start();
    // The pods before are still on the page.
    bed.kubelet('w1', () =>
      [generation - 1, generation]
        .flatMap((of) =>
          Array.from({ length: 20 }, (_, i) => rows(`web-${of}-${i}`) + sandboxRows(`web-${of}-${i}`, 1)),
        )
        .join(''),
    );
    const sizes: { held: number; series: number; bytes: number }[] = [];
    for (let round = 0; round < 12; round++) {
      await bed.rounds(2);
      sizes.push({ held: bed.held, series: bed.catalogue.stats.series, bytes: bed.catalogue.stats.bytes });
      expect(await bed.value('k8s_workload_mem_usage_bytes')).toBe(20_000);
      replace();
    }
    expect(new Set(sizes.slice(2).map((size) => JSON.stringify(size)))).toHaveProperty('size', 1);
    expect(bed.catalogue.stats.pods).toBe(20);
  });
});

describe('the sums of a collector that does not lead', () => {
  it('are left to the one that does', async () => {
    let leads = false;
    const other = new CatalogueBed({ isLeader: () => leads });
    other.node('w1');
    other.pod('a');
    other.start();
    other.kubelet('w1', () => containerRows('a', 'app', { cpu: other.clock.now(), memory: 7 }));
    await other.rounds(3);
    expect(await other.value('k8s_cluster_mem_usage_bytes')).toBeUndefined();
    expect(await other.value('k8s_pod_mem_usage_bytes')).toBe(7);
    leads = true;
    await other.rounds(1);
    expect(await other.value('k8s_cluster_mem_usage_bytes')).toBe(7);
    leads = false;
    await other.rounds(2);
    const [series] = await other.samples('k8s_cluster_mem_usage_bytes');
    expect(series!.samples).toHaveLength(1);
    await other.close();
  });
});

describe('a node whose object is deleted', () => {
  it('has its pods told from the watch in the next round, as long as they are there', async () => {
    bed.node('w1');
    bed.pod('a');
    bed.start();
    const { loop } = bed.kubelet('w1', () => rows('a'));
    await bed.rounds(3);
    bed.remove('nodes', '', 'w1');
    await loop.stop({ markStale: true });
    await bed.rounds(1);
    expect(await bed.newest('k8s_pod_status_ready', ['pod'])).toEqual({ a: 1 });
    expect(await bed.value('k8s_pod_mem_usage_bytes')).toBe('stale');
    bed.remove('pods', 'shop', 'a');
    await bed.rounds(1);
    expect(await bed.newest('k8s_pod_status_ready', ['pod'])).toEqual({ a: 'stale' });
  });
});

describe('restarts of a workload', () => {
  it('go on when its only pod is replaced', async () => {
    bed.node('w1');
    const owner = { kind: 'StatefulSet', name: 'web' };
    bed.pod('web-a', { owner });
    bed.start();
    bed.kubelet('w1', () => rows('web-a'));
    await bed.rounds(3);
    bed.remove('pods', 'shop', 'web-a');
    bed.pod('web-b', { owner, containers: { app: { restarts: 2 } } });
    await bed.rounds(3);
    const [series] = await bed.samples('k8s_workload_pod_restart_total');
    expect(series!.samples.map(({ value }) => value)).toEqual([0, 0, 2, 0, 0]);
  });
});

describe('the sums of several clusters', () => {
  it('are each of its own pods, however their rounds fall together', async () => {
    const beds = [new CatalogueBed({ clusterLabel: 'east' }), new CatalogueBed({ clusterLabel: 'west' })];
    for (const [i, one] of beds.entries()) {
      one.node('w1');
      one.pod('a');
      one.start();
      one.kubelet('w1', () => containerRows('a', 'app', { cpu: one.clock.now(), memory: 7 + i }));
    }
    for (let round = 0; round < 3; round++) for (const one of beds) await one.rounds(1);
    expect(await Promise.all(beds.map((one) => one.value('k8s_cluster_mem_usage_bytes')))).toEqual([7, 8]);
    for (const one of beds) await one.close();
  });
});

describe('an API server that does not answer', () => {
  it('holds no round of the sums up', async () => {
    let answers = true;
    bed.cluster.client.get = () => (answers ? Promise.resolve({}) : new Promise(() => {}));
    bed.node('w1');
    bed.pod('a');
    bed.start();
    bed.kubelet('w1', () => rows('a'));
    await bed.rounds(3);
    expect(await bed.value('k8s_cluster_apiserver_healthy')).toBe(1);
    answers = false;
    await bed.rounds(4);
    const [sum] = await bed.samples('k8s_cluster_mem_usage_bytes');
    const times = sum!.samples.map(({ timestamp }) => timestamp);
    expect(times.slice(1).every((time, i) => time - times[i]! === INTERVAL)).toBe(true);
    // The last round waits for the answer yet.
    expect(times.at(-1)! + INTERVAL).toBeGreaterThan(bed.clock.now() - INTERVAL);
  });
});

describe('before the caches are complete', () => {
  it('nothing is said', async () => {
    bed.node('w1');
    bed.pod('a');
    bed.catalogue.start();
    bed.kubelet('w1', () => rows('a'));
    await bed.clock.advance(4 * INTERVAL);
    expect(await bed.samples('k8s_pod_mem_usage_bytes')).toEqual([]);
    expect(await bed.samples('k8s_cluster_node_total')).toEqual([]);
  });
});
