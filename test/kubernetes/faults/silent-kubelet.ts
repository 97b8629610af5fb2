import { followed } from './families.ts';
import { type Check, type Fault, inTime } from './fault.ts';
import { CLUSTERS, type FaultBed, sleep } from './fault-bed.ts';
import { nothingResumed } from './resumed-series.ts';
import { clusterSums } from './sums.ts';

const SILENT = 40_000;
/** A sum is left out when more of the running pods are missing. */
const MAX_MISSING = 0.1;
/** Connections beside one to each request under way. */
const MORE_SOCKETS = 24;

/** One kubelet accepts requests and never answers. */
export const hangingKubelet: Fault = {
  name: 'hanging-kubelet',
  about: `one kubelet hangs for ${SILENT / 1000} s`,
  run: (bed) => silence(bed, (node) => bed.simulator.hang(node)),
};

/** One kubelet's pages turn into garbage in the middle. */
export const garbagePage: Fault = {
  name: 'garbage-page',
  about: `one kubelet's pages are garbage from the middle on for ${SILENT / 1000} s`,
  run: (bed) => silence(bed, (node) => bed.simulator.garbage(node)),
};

async function silence(bed: FaultBed, begin: (node: string) => void): Promise<Check[]> {
  const { simulator, options } = bed;
  const { interval, slack } = options;
  const node = bed.aWorker();
  const from = Date.now();
  await sleep(3 * interval);
  const [socketsBefore, memoryBefore] = [bed.sockets(), bed.memory().anonymous];
  begin(node);
  const begunAt = Date.now();
  await sleep(SILENT - 2_000);
  const at = Date.now();
  const sockets = bed.sockets();
  const checks: Check[] = [];
  for (const cluster of CLUSTERS) {
    const mine = `cluster="${cluster}",node="${node}"`;
    const page = `${mine},metrics_path="/metrics/cadvisor"`;
    const up = await bed.value(`up{${page}}`, at - 2_000);
    const down = await bed.value(`count(up{cluster="${cluster}",metrics_path="/metrics/cadvisor"} == 0)`, at - 2_000);
    checks.push({ what: `${cluster}: up is 0, of this kubelet alone`, good: up === 0 && down === 1, found: `${down}` });
    // All but the first scrape, which may have come before.
    const window = Math.floor((at - begunAt - 2 * interval - slack) / 1000);
    const stored = await bed.value(`sum(count_over_time({__name__=~"container_.+",${mine}}[${window}s]))`, at - slack);
    const kept = await bed.value(
      `max_over_time(scrape_samples_post_metric_relabeling{${page}}[${window}s])`,
      at - slack,
    );
    checks.push({
      what: `${cluster}: nothing of its pages is stored`,
      good: stored === undefined && kept === 0,
      found: `${stored ?? 0} samples`,
    });
  }
  const share = runningShare(bed, node);
  await sleep(2_000);
  simulator.heal(node);
  const healedAt = Date.now();
  const took = await bed.until(() => bed.isCurrent(), 3 * interval + slack);
  checks.push(inTime('the kubelet is up again', took, 3 * interval + slack));
  checks.push({
    what: 'connections do not pile up',
    good: sockets <= socketsBefore + MORE_SOCKETS,
    found: `${socketsBefore} before, ${sockets} at the end of it`,
  });
  const memory = bed.memory().anonymous;
  checks.push({
    what: 'memory',
    good: memory < memoryBefore * 1.25 + 64e6,
    found: `${(memoryBefore / 1e6).toFixed(0)} MB before, ${(memory / 1e6).toFixed(0)} MB after`,
  });
  await sleep(4 * interval);
  const until = Date.now();
  checks.push(
    ...(await followed(bed, {
      from,
      until,
      // A scrape that hangs takes the whole interval, and the second one that fails ends what is computed.
      outages: (_, { source }) =>
        source === 'page'
          ? [{ from: begunAt, until: healedAt, of: (life) => life.node === node, end: 4 * interval + slack }]
          : [],
    })),
    await nothingResumed(bed, {
      from,
      until,
      isExpected: ({ metric, labels }) =>
        labels.node === node || /^k8s_(cluster|namespace|service|workload)_/.test(metric),
    }),
    ...(await clusterSums(bed, {
      from: begunAt - 2 * interval,
      until: healedAt + 8 * interval,
      missing: { node, from: begunAt, until: healedAt, leavesOut: share > MAX_MISSING },
    })),
  );
  return checks.map((check) =>
    /sum is true/.test(check.what)
      ? { ...check, found: `${check.found}; ${(share * 100).toFixed(1)} % of the running pods are on the node` }
      : check,
  );
}

/** The part of the cluster's running pods that are on a node, without those of the control plane. */
function runningShare({ simulator }: FaultBed, node: string): number {
  const pods = simulator.world.truth.pods().filter((pod) => !pod.node.startsWith('control-plane'));
  return pods.filter((pod) => pod.node === node).length / pods.length;
}
