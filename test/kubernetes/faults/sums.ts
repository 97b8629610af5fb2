import type { TrueSums } from './cluster-history.ts';
import type { Check } from './fault.ts';
import { CLUSTERS, type ClusterName, type FaultBed, sleep } from './fault-bed.ts';
import { rangeQuery } from './presence.ts';
import { sumBounds } from './sum-bounds.ts';

export interface SumsOptions {
  readonly from: number;
  readonly until: number;
  readonly clusters?: readonly ClusterName[];
  /** The node that does not answer, when, and whether the sum must be left out then, because it has too many of the pods. */
  readonly missing?: {
    readonly node: string;
    readonly from: number;
    readonly until: number;
    readonly leavesOut: boolean;
  };
  /** There may be no sum at times. */
  readonly mayBeAbsent?: boolean;
}

/** Of the truth, which is looked at once a second while the load changes. */
const TOLERANCE = 0.03;
const STEP = 1_000;

/** Whether a cluster's sum of memory was that of its containers, at every second. */
export async function clusterSums(bed: FaultBed, options: SumsOptions): Promise<Check[]> {
  const { interval, slack } = bed.options;
  const { from, until, clusters = CLUSTERS, missing, mayBeAbsent = false } = options;
  const lag = 3 * interval + slack;
  await sleep(until + lag - Date.now());
  const checks: Check[] = [];
  for (const cluster of clusters) {
    const range = { start: from, end: until, step: STEP };
    const [series] = await rangeQuery(bed.url, `k8s_cluster_mem_usage_bytes{cluster="${cluster}"}`, range);
    const values = new Map(series?.values.map(([time, value]) => [Math.round(time * 1000), Number(value)]));
    let [compared, absent, worst] = [0, 0, 0];
    const problems: string[] = [];
    for (let at = from; at <= until; at += STEP) {
      const isMissing = missing !== undefined && at >= missing.from && at < missing.until + lag;
      const isSteady = missing !== undefined && at >= missing.from + lag && at < missing.until;
      const value = values.get(at);
      const after = `${((at - from) / 1000).toFixed(0)} s`;
      if (value === undefined) {
        absent++;
        if (!mayBeAbsent && !(isMissing && missing.leavesOut)) problems.push(`none after ${after}`);
        continue;
      }
      if (isSteady && missing.leavesOut) problems.push(`one after ${after}, though too much is missing`);
      const truths = bed.history.sums.filter((truth) => truth.at >= at - lag && truth.at <= at + STEP);
      const whole = truths.map((truth) => sumOf(truth));
      const least = isMissing ? truths.map((truth) => sumOf(truth, missing.node)) : whole;
      const [low, high] = [Math.min(...least), Math.max(...whole)];
      compared++;
      const off = Math.max(0, 1 - value / low, value / high - 1);
      worst = Math.max(worst, off);
      if (off > TOLERANCE) problems.push(`off by ${(off * 100).toFixed(1)} % after ${after}`);
    }
    const counts = `${compared} values, ${absent} left out, off by ${(worst * 100).toFixed(1)} % at most`;
    checks.push({
      what: `${cluster}: the cluster's sum is true or left out`,
      good: problems.length === 0,
      found: problems.length === 0 ? counts : `${counts}; ${problems.length} wrong: ${problems.slice(0, 3).join('; ')}`,
    });
  }
  return checks;
}

/** Whether the sums of Deployments were those of their containers, also while pods are replaced. */
export async function workloadSums(
  bed: FaultBed,
  { from, until }: { readonly from: number; readonly until: number },
): Promise<Check[]> {
  const { interval, slack } = bed.options;
  const lag = 3 * interval + slack;
  await sleep(until + lag - Date.now());
  const checks: Check[] = [];
  for (const cluster of CLUSTERS) {
    const query = `k8s_workload_mem_usage_bytes{cluster="${cluster}",workload_kind="Deployment"}`;
    const all = await rangeQuery(bed.url, query, { start: from, end: until, step: interval });
    const problems: string[] = [];
    let compared = 0;
    for (const { metric, values } of all) {
      const key = `${metric.namespace}/${metric.workload_kind}/${metric.workload_name}`;
      for (const [time, text] of values) {
        const at = time * 1000;
        const moments = bed.history.sums
          .filter((truth) => truth.at >= at - lag && truth.at <= at + STEP)
          .map(({ workloads }) => workloads.get(key) ?? []);
        const { low, high } = sumBounds(moments);
        compared++;
        if (Number(text) > high * (1 + TOLERANCE)) problems.push(`${key}: ${text}, at most ${high}`);
        if (Number(text) < low * (1 - TOLERANCE)) problems.push(`${key}: ${text}, at least ${low}`);
      }
    }
    checks.push({
      what: `${cluster}: sums of Deployments count each container once`,
      good: problems.length === 0 && compared > 0,
      found: `${compared} values, ${problems.length} wrong${problems.length > 0 ? `: ${problems.slice(0, 3).join('; ')}` : ''}`,
    });
  }
  return checks;
}

function sumOf({ nodes }: TrueSums, without?: string): number {
  let sum = 0;
  for (const [node, bytes] of nodes) if (node !== without) sum += bytes;
  return sum;
}
