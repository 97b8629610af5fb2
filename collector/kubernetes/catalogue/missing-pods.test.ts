import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CatalogueBed, containerRows, INTERVAL, type PageScraper } from './catalogue-bed.case.ts';

const LEVELS = ['workload', 'namespace', 'service', 'cluster'] as const;

let bed: CatalogueBed;
let scrapers: PageScraper[];
beforeEach(() => {
  bed = new CatalogueBed();
  scrapers = [];
});
afterEach(() => bed.close());

/** One pod of a StatefulSet on each node, which uses one core and 1000 bytes. */
function cluster(nodes: number): void {
  for (let i = 0; i < nodes; i++) {
    bed.node(`w${i}`);
    bed.pod(`web-${i}`, { node: `w${i}`, owner: { kind: 'StatefulSet', name: 'web' } });
  }
  bed.put('services', { metadata: { name: 'web', namespace: 'shop' }, spec: { selector: { app: 'web' } } });
  endpoints(nodes);
}

function endpoints(pods: number): void {
  bed.put('endpointslices', {
    metadata: { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    endpoints: Array.from({ length: pods }, (_, i) => ({
      targetRef: { kind: 'Pod', namespace: 'shop', name: `web-${i}` },
      conditions: { ready: true },
    })),
  } as never);
}

function scrape(node: number, hasCpu = () => true): void {
  const page = (): string =>
    containerRows(`web-${node}`, 'app', { ...(hasCpu() && { cpu: bed.clock.now() / 1000 }), memory: 1000 }) +
    // Something else on each node, so that its kubelet has something to say.
    containerRows(`other-${node}`, 'app', { cpu: bed.clock.now() / 1000, memory: 0 }, { namespace: 'other' });
  scrapers[node] = bed.kubelet(`w${node}`, page).scraper;
}

function silence(node: number): void {
  scrapers[node]!.error = new Error('no route to host');
}

/** All that was stored of a level's sum, rounded: null is a stale marker. */
async function history(level: string, metric = 'cpu_core_used'): Promise<(number | null)[]> {
  const [series] = await bed.samples(`k8s_${level}_${metric}`, level === 'workload' ? { workload_name: 'web' } : {});
  return series?.samples.map(({ value, stale }) => (stale ? null : Math.round(value * 1000) / 1000)) ?? [];
}

describe('a kubelet that does not answer', () => {
  it('once is not seen in any sum', async () => {
    cluster(3);
    bed.start();
    for (const node of [0, 1, 2]) scrape(node);
    await bed.rounds(4);
    silence(1);
    await bed.rounds(1);
    scrapers[1]!.error = undefined;
    await bed.rounds(4);
    for (const level of LEVELS) {
      const values = await history(level);
      expect(values.length, level).toBeGreaterThan(5);
      expect(new Set(values), level).toEqual(new Set([3]));
    }
  });

  it('for minutes takes the sums away when much is missing, and never makes them less', async () => {
    cluster(3);
    bed.start();
    for (const node of [0, 1, 2]) scrape(node);
    await bed.rounds(4);
    silence(1);
    await bed.rounds(10);
    for (const level of LEVELS) expect((await history(level)).at(-1), level).toBe(null);
    scrapers[1]!.error = undefined;
    await bed.rounds(4);
    for (const level of LEVELS) {
      const values = await history(level);
      expect(new Set(values), level).toEqual(new Set([3, null]));
      expect(values.at(-1), level).toBe(3);
    }
  });

  it('for long leaves the last values of its pods in the sums when little is missing', async () => {
    cluster(12);
    bed.start();
    for (let node = 0; node < 12; node++) scrape(node);
    await bed.rounds(4);
    silence(7);
    await bed.rounds(40);
    for (const level of LEVELS) {
      const values = await history(level);
      expect(new Set(values), level).toEqual(new Set([12]));
      expect(values.length, level).toBeGreaterThan(40);
      expect(new Set(await history(level, 'mem_usage_bytes')), level).toEqual(new Set([12_000]));
    }
    // The watch knows of what is gone, also there.
    bed.remove('pods', 'shop', 'web-7');
    await bed.rounds(2);
    expect((await history('workload')).at(-1)).toBe(11);
  });

  it('since the start is unknown: no sum but that of the cluster goes without it', async () => {
    cluster(12);
    bed.start();
    for (let node = 0; node < 12; node++) scrape(node);
    silence(7);
    await bed.rounds(8);
    for (const level of ['workload', 'namespace', 'service']) expect(await history(level), level).toEqual([]);
    expect((await history('cluster')).at(-1)).toBe(11);
    scrapers[7]!.error = undefined;
    await bed.rounds(3);
    for (const level of LEVELS) expect((await history(level)).at(-1), level).toBe(12);
  });
});

describe('a node that dies', () => {
  it('is in no sum of the cluster, and in those of its pods until others do their work', async () => {
    cluster(3);
    bed.start();
    for (const node of [0, 1, 2]) scrape(node);
    await bed.rounds(4);
    silence(1);
    await bed.rounds(3);
    bed.node('w1', { ready: 'Unknown' });
    await bed.rounds(1);
    expect((await history('cluster')).at(-1)).toBe(2);
    for (const level of ['workload', 'namespace', 'service']) expect((await history(level)).at(-1), level).toBe(null);
    await bed.rounds(5);
    for (const level of LEVELS) {
      expect((await history(level)).at(-1), level).toBe(2);
      // Not in between: at first it is there, then nobody knows, then it is gone.
      expect(runs(await history(level)), level).toEqual([3, null, 2]);
    }
  });

  it('with little on it leaves its last values for 2 minutes', async () => {
    cluster(12);
    bed.start();
    for (let node = 0; node < 12; node++) scrape(node);
    await bed.rounds(4);
    silence(7);
    await bed.rounds(3);
    bed.node('w7', { ready: 'Unknown' });
    await bed.rounds(3);
    for (const level of ['workload', 'namespace', 'service']) expect(runs(await history(level)), level).toEqual([12]);
    expect(runs(await history('cluster'))).toEqual([12, 11]);
    await bed.rounds(3);
    for (const level of LEVELS) expect(runs(await history(level)), level).toEqual([12, 11]);
  });

  it('and whose object is deleted is missed by nobody', async () => {
    cluster(3);
    bed.start();
    for (const node of [0, 1, 2]) scrape(node);
    await bed.rounds(4);
    silence(1);
    bed.remove('nodes', '', 'w1');
    await bed.rounds(4);
    for (const level of LEVELS) expect((await history(level)).at(-1), level).toBe(2);
  });
});

describe('a pod without a rate yet', () => {
  const add = (age: number): void => {
    bed.node('w3');
    const startedAt = new Date(bed.clock.now() - age).toISOString();
    bed.pod('web-3', {
      node: 'w3',
      owner: { kind: 'StatefulSet', name: 'web' },
      containers: { app: { state: { running: { startedAt } } } },
    });
    endpoints(4);
  };

  it('on a node that is new takes no sum away', async () => {
    cluster(3);
    bed.start();
    for (const node of [0, 1, 2]) scrape(node);
    await bed.rounds(4);
    add(1_000);
    scrape(3);
    await bed.rounds(4);
    for (const level of LEVELS) expect(runs(await history(level)), level).toEqual([3, 4]);
  });

  it('any more, although its containers run, is missing', async () => {
    const startedAt = new Date(bed.clock.now() - 3_600_000).toISOString();
    cluster(3);
    for (const node of [0, 1, 2]) {
      const containers = { app: { state: { running: { startedAt } } } };
      bed.pod(`web-${node}`, { node: `w${node}`, owner: { kind: 'StatefulSet', name: 'web' }, containers });
      bed.pod(`other-${node}`, { node: `w${node}`, namespace: 'other' });
    }
    bed.start();
    let hasCpu = true;
    for (const node of [0, 1, 2]) scrape(node, () => node !== 1 || hasCpu);
    await bed.rounds(4);
    hasCpu = false;
    await bed.rounds(12);
    hasCpu = true;
    await bed.rounds(4);
    for (const level of ['workload', 'service']) expect(runs(await history(level)), level).toEqual([3, null, 3]);
    const [shop] = await bed.samples('k8s_namespace_cpu_core_used', { namespace: 'shop' });
    expect(runs(shop!.samples.map(({ value, stale }) => (stale ? null : Math.round(value))))).toEqual([3, null, 3]);
  });

  it('although it has run for long is unknown', async () => {
    cluster(3);
    bed.start();
    for (const node of [0, 1, 2]) scrape(node);
    await bed.rounds(4);
    add(10 * INTERVAL);
    await bed.rounds(2);
    for (const level of LEVELS) expect(runs(await history(level)), level).toEqual([3, null]);
  });
});

/** Equal ones that follow each other, once. */
function runs(values: readonly (number | null)[]): (number | null)[] {
  return values.filter((value, i) => value !== values[i - 1]);
}
