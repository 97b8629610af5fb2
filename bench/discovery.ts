import pino from 'pino';
import { Registry } from 'prom-client';
import { startDiscovery } from '../collector/discovery/discovery.ts';
import { annotationJobs } from '../collector/kubernetes/annotation-jobs.ts';
import type { KubeCluster } from '../collector/kubernetes/kube-cluster.ts';
import { MutableObjectCache } from '../collector/kubernetes/object-cache.ts';
import type { Pod } from '../collector/kubernetes/objects.ts';
import { BodyBuffers } from '../collector/scrape/body-buffers.ts';
import { createScrapeMetrics } from '../collector/scrape/scrape-metrics.ts';
import { ScrapePool } from '../collector/scrape/scrape-pool.ts';
import { IngestScratch } from '../collector/scrape/series-cache.ts';
import { createMemoryStorage } from '../storage/memory.ts';

export interface DiscoveryBenchOptions {
  readonly pods: number;
  /** One pod in so many is annotated, and so scraped. */
  readonly every: number;
}

/**
 * What changes of a cluster's pods cost from the watch cache to the scrape loops: rendering, collecting, relabelling and
 * comparing; nothing is scraped. CPU of this process, so other work on the machine counts little.
 */
export async function runDiscoveryBench(options: DiscoveryBenchOptions, print: (line: string) => void): Promise<void> {
  const { pods: count, every } = options;
  const pods = new MutableObjectCache<Pod>();
  pods.replace(
    Array.from({ length: count }, (_, i) => pod(i, { every, phase: 'Running' })),
    1,
  );
  const heapBefore = heap();
  const [config] = annotationJobs(
    { kind: 'in-cluster' },
    { cluster: '', scrapeInterval: 30_000, scrapeTimeout: 10_000 },
  );
  const { appender } = createMemoryStorage();
  const closing = new AbortController();
  const pool = new ScrapePool(config!, {
    appender,
    scratch: new IngestScratch(),
    clock: { now: Date.now, elapsed: () => performance.now(), schedule: () => () => undefined },
    logger: pino({ level: 'silent' }),
    metrics: createScrapeMetrics(new Registry(), { cache: () => ({ rows: 0, bytes: 0 }), bodies: () => 0 }),
    closing: closing.signal,
    buffers: new BodyBuffers(),
    version: 'bench',
    shard: undefined,
  });
  let synced: () => void = () => undefined;
  const nextSync = () => new Promise<void>((resolve) => (synced = resolve));
  const cluster = { name: '', watch: () => ({ cache: pods, close: () => undefined }) } as unknown as KubeCluster;

  let done = nextSync();
  let before = cpu();
  const running = startDiscovery(config!.discovery, {
    emit: (groups) => {
      pool.sync(groups);
      synced();
    },
    signal: closing.signal,
    logger: pino({ level: 'silent' }),
    clusters: { open: async () => ({ cluster, close: () => undefined }) },
    debounce: 10,
  });
  await done;
  const memory = globalThis.gc === undefined ? '' : `, ${((heap() - heapBefore) / 2 ** 20).toFixed(0)} MiB`;
  print(
    `${count} pods, ${pool.status().length} targets: ${(cpu() - before).toFixed(0)} ms of CPU until they are known${memory}`,
  );

  let change = 0;
  for (const changes of [1, 100, 1_000]) {
    const rounds: number[] = [];
    for (let round = 0; round < 9; round++) {
      done = nextSync();
      before = cpu();
      for (let k = 0; k < changes; k++) {
        pods.put(pod((round * 7_919 + k * every) % count, { every, phase: `Phase${change++}` }));
      }
      await done;
      rounds.push(cpu() - before);
    }
    rounds.sort((a, b) => a - b);
    print(
      `${changes} changed: median ${rounds[4]!.toFixed(1)} ms, ${rounds[0]!.toFixed(1)} to ${rounds[8]!.toFixed(1)}`,
    );
  }
  closing.abort();
  await running;
  await pool.stop({ markStale: false });
}

/** As pods of a Deployment look; about 30 labels before relabelling. */
function pod(i: number, { every, phase }: { readonly every: number; readonly phase: string }): Pod {
  const ip = `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
  const app = `web-${i % 3_000}`;
  return {
    metadata: {
      name: `${app}-7f9c${i}`,
      namespace: `namespace-${i % 100}`,
      uid: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
      resourceVersion: '',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: {
        app,
        'app.kubernetes.io/name': app,
        tier: 'x',
        version: `v${i % 7}`,
        'pod-template-hash': `h${i % 3_000}`,
      },
      annotations: {
        'cni/ip': ip,
        ...(i % every === 0 && { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '8080' }),
      },
      ownerReferences: [{ kind: 'ReplicaSet', name: app, controller: true }],
    },
    spec: {
      nodeName: `node-${i % 1_000}`,
      containers: [
        { name: 'app', image: 'registry/app:1', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] },
        { name: 'side', image: 'registry/side:1' },
      ],
    },
    status: {
      phase,
      podIP: ip,
      podIPs: [{ ip }],
      hostIP: `192.168.${(i % 1_000) >> 8}.${i % 250}`,
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: 'app', containerID: `containerd://${i}` }],
    },
  };
}

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
