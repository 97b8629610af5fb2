import type { Check } from './fault.ts';
import type { FaultBed } from './fault-bed.ts';
import { rangeQuery } from './presence.ts';

interface Resumed {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
}

const SHOWN = 5;

export interface ResumedOptions {
  readonly from: number;
  readonly until: number;
  /** Pods were replaced: a workload that has one only is without any for a while. */
  readonly isReplacing?: boolean;
  /** Of which it is no mistake. */
  readonly isExpected?: (series: Resumed) => boolean;
}

/**
 * Series of any metric that were marked as ended and went on within a span: flicker, which a query at whole seconds may pass
 * over. Not meant are those of things that were gone for a while themselves: containers that were restarted, states that a thing
 * left and came back to.
 */
export async function nothingResumed(bed: FaultBed, options: ResumedOptions): Promise<Check> {
  const { from, until, isReplacing = false, isExpected = () => false } = options;
  const span = `ts >= fromUnixTimestamp64Milli(${from}) AND ts <= fromUnixTimestamp64Milli(${until})`;
  const rows = await bed.sql<Resumed>(`
    SELECT metric, any(labels) AS labels FROM series WHERE (metric, id) IN (
      SELECT metric, id FROM samples WHERE ${span} AND metric NOT LIKE 'ALERTS%'
      GROUP BY metric, id
      HAVING minIf(ts, stale) > toDateTime64(0, 3) AND maxIf(ts, NOT stale) > minIf(ts, stale)
    ) GROUP BY metric, id`);
  const restarted = restartedPods(bed, from, until);
  const unscraped = await unscrapedNodes(bed, from, until);
  const hadNoneOnVirtual = bed.history.sums.some(
    ({ at, settledOnVirtual }) => at > from - BEFORE && at < until && settledOnVirtual === 0,
  );
  const wrong = rows.filter((row) => {
    const { metric, labels } = row;
    // What runs on virtual nodes is nothing for a while when the few pods there are replaced.
    if (isReplacing && hadNoneOnVirtual && metric.startsWith('k8s_cluster_eks_')) return false;
    if (isOfState(row) || isExpected(row) || isOfRecreated(bed, row, from)) return false;
    if (unscraped.has(`${labels.cluster} ${labels.node}`)) return false;
    if (restarted.has(`${labels.namespace}/${labels.pod}`)) return false;
    return !(isReplacing || restarted.size > 0) || !/^k8s_(workload|service|namespace)_/.test(metric);
  });
  const byMetric = new Map<string, Resumed[]>();
  for (const row of wrong) byMetric.set(row.metric, [...(byMetric.get(row.metric) ?? []), row]);
  const shown = [...byMetric]
    .slice(0, SHOWN)
    .map(([metric, all]) => `${all.length} ${metric} such as ${JSON.stringify(all[0]!.labels)}`);
  return {
    what: 'no series of any metric ended and went on by mistake',
    good: wrong.length === 0,
    found: `${wrong.length}${shown.length > 0 ? `: ${shown.join('; ')}` : ''}`,
  };
}

/** Series that stand for a state: their labels say why a thing is in it. */
function isOfState({ labels }: Resumed): boolean {
  return labels.reason !== undefined;
}

/** Whether an object that the labels name was deleted: one of the same name may have come after it. */
function isOfRecreated(bed: FaultBed, { labels }: Resumed, from: number): boolean {
  const { namespace = '' } = labels;
  return Object.values(labels).some((name) => (bed.history.deleted.get(`${namespace}/${name}`) ?? 0) >= from - BEFORE);
}

/** Clusters and nodes of which a page was not had in time. */
async function unscrapedNodes(bed: FaultBed, from: number, until: number): Promise<ReadonlySet<string>> {
  const range = { start: from, end: until, step: 1_000 };
  const found = await rangeQuery(bed.url, 'max by (cluster, node) (up{job="kubelet"} == bool 0) > 0', range);
  return new Set(found.map(({ metric }) => `${metric.cluster} ${metric.node}`));
}

/** Pods, as `namespace/name`, of which a container ended in the span or shortly before, and the pod did not. */
function restartedPods(bed: FaultBed, from: number, until: number): ReadonlySet<string> {
  const { containers, activePods } = bed.history;
  const found = new Set<string>();
  for (const [key, lives] of containers.within(from - BEFORE, until)) {
    const pod = key.split('/').slice(0, 2).join('/');
    const isEnd = lives.some((life) => life.until > from - BEFORE && life.until < until);
    const end = Math.max(...lives.map((life) => Math.min(life.until, until)));
    const isThere = (activePods.within(end, until).get(pod) ?? []).some((life) => life.from <= end && life.until > end);
    if (isEnd && isThere) found.add(pod);
  }
  return found;
}

/** Milliseconds in which a restart is a matter of series. */
const BEFORE = 10_000;
