import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVERYTHING } from '../../alerting/autoscaling/label-selector.ts';
import { ResourceUsage } from '../../alerting/autoscaling/resource-usage.ts';
import { createQuerierReader } from '../../alerting/querier-reader.ts';
import { objectDirectory } from '../../cli/object-directory.ts';
import type { Usage } from '../../simulator/world/truth.ts';
import { INTERVAL, NODES, SteppedCluster } from '../kubernetes/stepped-cluster.case.ts';

/** Kubelets look at their containers so often, each at its own moment: two scrapes see values that are 7 or 14 s apart. */
const HOUSEKEEPING = 7_000;
const NONE = new AbortController().signal;

let bed: SteppedCluster;
let usage: ResourceUsage;

beforeAll(async () => {
  bed = await SteppedCluster.start('direct', { housekeeping: HOUSEKEEPING });
  const { storage, cluster, clock } = bed;
  const directory = objectDirectory(cluster);
  const read = createQuerierReader(storage.querier);
  const logger = pino({ level: 'silent' });
  usage = new ResourceUsage({ directory, read, clock, cluster: cluster.name, logger });
  // What is watched only now is listed.
  await bed.pass(INTERVAL);
});
afterAll(async () => {
  usage.close();
  await bed.close();
});

/** What was really used in the time that a value is said to be about. */
function really(truth: Usage, { timestamp, window }: { readonly timestamp: number; readonly window: number }) {
  const seconds = truth.cpuSeconds(timestamp) - truth.cpuSeconds(timestamp - window);
  return { cpu: (seconds * 1000) / window, memory: truth.memoryWorkingSet(timestamp) };
}

describe('use of CPU and memory is what was really used', () => {
  it('by containers', async () => {
    const pods = await usage.pods('', EVERYTHING, NONE);
    const running = bed.simulator.world.truth.pods().filter(({ startedAt }) => bed.now - startedAt > 3 * INTERVAL);
    const served = new Map(pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]));
    expect(served.size).toBeGreaterThan(25);
    const distances = new Set<number>();
    for (const { namespace, pod, containers } of running) {
      const found = served.get(`${namespace}/${pod}`);
      expect(found?.containers.map(({ name }) => name).sort(), pod).toEqual(containers.map((c) => c.container).sort());
      distances.add(found!.window);
      for (const truth of containers) {
        const { cpu, memory } = found!.containers.find(({ name }) => name === truth.container)!;
        // Of several containers each has a time of its own, and the pod that of the oldest.
        const isAlone = containers.length === 1;
        const expected = really(truth, found!);
        const part = isAlone ? 1e-4 : 0.2;
        expect(Math.abs(cpu - expected.cpu), `${pod} ${cpu} ${expected.cpu}`).toBeLessThan(part * expected.cpu + 1e-6);
        expect(Math.abs(memory - expected.memory), pod).toBeLessThan(part * expected.memory + 1);
      }
    }
    // Timestamps are those at which kubelet looked, or all this would be wrong by half.
    expect([...distances].sort((a, b) => a - b)).toEqual([HOUSEKEEPING, 2 * HOUSEKEEPING]);
  });

  it('by nodes', async () => {
    const nodes = await usage.nodes(EVERYTHING, NONE);
    expect(nodes).toHaveLength(NODES);
    for (const node of nodes) {
      const expected = really(bed.simulator.world.truth.node(node.name)!, node);
      expect(node.cpu).toBeCloseTo(expected.cpu, 4);
      expect(node.memory).toBeCloseTo(expected.memory, -1);
    }
  });
});
