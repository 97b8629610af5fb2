import { followed } from './families.ts';
import type { Check, Fault } from './fault.ts';
import { CLUSTERS, type ClusterName, type FaultBed, sleep } from './fault-bed.ts';
import { nothingResumed } from './resumed-series.ts';

const HOUR = 3_600_000;
const EACH = 40_000;
/** Containers that use less are compared in sum only. */
const SMALL = 0.02;

/** The timestamps of one kubelet's cAdvisor are an hour ahead, then an hour behind. */
export const skewedClock: Fault = {
  name: 'skewed-clock',
  about: `one kubelet's clock is an hour ahead, then an hour behind, ${EACH / 1000} s each`,
  async run(bed) {
    const { simulator, options } = bed;
    const node = bed.aWorker();
    const from = Date.now();
    await sleep(10_000);
    simulator.skewClock(node, HOUR);
    await sleep(EACH);
    simulator.skewClock(node, -HOUR);
    await sleep(EACH);
    const at = Date.now() - options.slack;
    const checks: Check[] = [];
    for (const cluster of CLUSTERS) {
      const age = `time() - min(timestamp(container_memory_usage_bytes{cluster="${cluster}",node="${node}"}))`;
      const oldest = (await bed.value(age, at)) ?? Number.POSITIVE_INFINITY;
      checks.push(
        {
          what: `${cluster}: samples have the time of their scrape`,
          good: oldest * 1000 <= options.interval + options.slack,
          found: `at most ${oldest.toFixed(1)} s old`,
        },
        await rates(bed, { cluster, node, from: from + options.interval, at }),
      );
    }
    simulator.heal(node);
    await sleep(3 * options.interval);
    const begun = Math.floor((from - HOUR / 2) / 1000);
    const [row] = await bed.sql<{ count: string }>(
      `SELECT count() AS count FROM samples WHERE ts > now64(3) + INTERVAL 1 MINUTE OR ts < fromUnixTimestamp64Milli(${begun * 1000})`,
    );
    checks.push({
      what: 'no sample lies in the future or an hour back',
      good: Number(row?.count) === 0,
      found: String(row?.count),
    });
    checks.push(...(await followed(bed, { from })), await nothingResumed(bed, { from, until: Date.now() }));
    return checks;
  },
};

/** Rates over all of it, across the leaps of the clock, beside what the containers really used. */
async function rates(
  bed: FaultBed,
  { cluster, node, from, at }: { cluster: ClusterName; node: string; from: number; at: number },
): Promise<Check> {
  const window = Math.floor((at - from) / 1000);
  const metric = `container_cpu_usage_seconds_total{cluster="${cluster}",node="${node}",container!="",container!="POD"}`;
  const found = new Map<string, number>();
  for (const { labels, value } of await bed.query(`rate(${metric}[${window}s])`, at))
    found.set(labels.name ?? '', value);
  let [sum, trueSum, worst, compared] = [0, 0, 0, 0];
  for (const container of bed.simulator.world.truth.containers()) {
    if (container.node !== node || container.startedAt > from) continue;
    const [begin, end] = [container.sampledAt(from), container.sampledAt(at)];
    const used = ((container.cpuSeconds(end) - container.cpuSeconds(begin)) / (end - begin)) * 1000;
    const rate = found.get(container.id) ?? Number.NaN;
    sum += rate;
    trueSum += used;
    compared++;
    if (used > SMALL) worst = Math.max(worst, Math.abs(rate / used - 1));
    if (Number.isNaN(rate)) worst = Number.POSITIVE_INFINITY;
  }
  const off = Math.abs(sum / trueSum - 1);
  return {
    what: `${cluster}: rates of CPU are those of the containers`,
    good: compared > 0 && off < 0.03 && worst < 0.1,
    found: `${compared} containers, in sum off by ${(off * 100).toFixed(2)} %, each by ${(worst * 100).toFixed(1)} % at most`,
  };
}
