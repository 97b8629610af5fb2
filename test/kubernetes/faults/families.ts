import type { ClusterHistory } from './cluster-history.ts';
import { failedScrapes } from './failed-scrapes.ts';
import type { Check } from './fault.ts';
import { CLUSTERS, type ClusterName, type FaultBed, sleep } from './fault-bed.ts';
import { type Blindness, judge, type Outage } from './judge.ts';
import { presenceOf } from './presence.ts';

/** Series that there must be one of for each thing of a kind, and the things. */
export interface Family {
  readonly name: string;
  readonly query: (cluster: ClusterName) => string;
  readonly labels: readonly string[];
  readonly log: keyof Pick<ClusterHistory, 'pods' | 'activePods' | 'containers' | 'shown' | 'nodes'>;
  /** What it is told from. */
  readonly source: 'watch' | 'page';
}

export const FAMILIES: readonly Family[] = [
  family('kube_pod_info', ['uid'], { log: 'pods', source: 'watch' }),
  family('kube_node_info', ['node'], { log: 'nodes', source: 'watch' }),
  family('k8s_pod_status_ready', ['namespace', 'pod'], { log: 'activePods', source: 'watch' }),
  family('k8s_container_mem_usage_bytes', ['namespace', 'pod', 'container', 'container_id'], {
    log: 'containers',
    source: 'page',
  }),
  family('container_memory_usage_bytes', ['namespace', 'pod', 'container', 'name'], {
    log: 'shown',
    source: 'page',
    matchers: ',container!="",container!="POD"',
  }),
];

function family(
  name: string,
  labels: readonly string[],
  { log, source, matchers = '' }: Pick<Family, 'log' | 'source'> & { readonly matchers?: string },
): Family {
  return {
    name,
    labels,
    log,
    source,
    query: (cluster) => `group by (${labels.join(', ')}) (${name}{cluster="${cluster}"${matchers}})`,
  };
}

export interface FollowOptions {
  readonly from: number;
  /** Default: now, and then it is waited until it can be asked for. */
  readonly until?: number;
  readonly families?: readonly Family[];
  readonly clusters?: readonly ClusterName[];
  /** What must be missing when. Default: nothing. */
  readonly outages?: (cluster: ClusterName, family: Family) => readonly Outage[];
  /** When what is told from the watch cannot follow. Default: never. */
  readonly blind?: (cluster: ClusterName) => Blindness | undefined;
  /** Milliseconds that a series may be late. Default: two scrapes. */
  readonly allowed?: number;
}

const STEP = 1_000;
const SHOWN = 3;

/** Whether all series of a time followed what they are of, a check for each cluster. */
export async function followed(bed: FaultBed, options: FollowOptions): Promise<Check[]> {
  const { interval, slack } = bed.options;
  const { families = FAMILIES, clusters = CLUSTERS, outages = () => [], blind = () => undefined } = options;
  const { allowed = 2 * interval + slack } = options;
  const until = options.until ?? Date.now();
  await sleep(until + 2 * interval + slack - Date.now());
  const start = Math.ceil(options.from / STEP) * STEP;
  const checks: Check[] = [];
  for (const cluster of clusters) {
    let [things, begun, ended, worst] = [0, 0, 0, 0];
    const problems: string[] = [];
    const failed = await failedScrapes(bed, { cluster, from: start, until });
    const unexpected = new Set<string>();
    for (const one of families) {
      const range = { start, end: until, step: STEP, labels: one.labels };
      const presence = await presenceOf(bed.url, one.query(cluster), range);
      const lifetimes = bed.history[one.log].within(start, until);
      const expected = outages(cluster, one);
      if (one.source === 'page') {
        for (const { node, from } of failed) {
          const life = { key: '', node, from: 0, until: Number.POSITIVE_INFINITY };
          if (
            !expected.some((outage) => outage.of(life) && from >= outage.from - STEP && from <= outage.until + allowed)
          )
            unexpected.add(`${node} ${from}`);
        }
      }
      const verdict = judge(presence, lifetimes, {
        allowed: { begin: allowed, end: allowed },
        outages: [...(one.source === 'page' ? failed : []), ...expected],
        // A container's page may be there, but whose it is the watch tells.
        blind: one.log === 'shown' ? undefined : blind(cluster),
      });
      things += verdict.things;
      begun += verdict.begun;
      ended += verdict.ended;
      worst = Math.max(worst, verdict.worstBegin, verdict.worstEnd, verdict.worstBack);
      problems.push(...verdict.problems.map((problem) => `${one.name}: ${problem}`));
    }
    if (unexpected.size > bed.history.nodes.open.size) problems.push('too many kubelets were not scraped in time');
    const shown = problems.slice(0, SHOWN).join('; ');
    const missed = unexpected.size > 0 ? `; besides, ${unexpected.size} kubelets were not scraped in time` : '';
    const counts = `${things} in ${families.length} families, ${begun} begun, ${ended} ended${missed}`;
    checks.push({
      what: `${cluster}: series follow what they are of`,
      good: problems.length === 0,
      found: problems.length === 0 ? counts : `${counts}; ${problems.length} wrong: ${shown}`,
      worst,
    });
  }
  return checks;
}
