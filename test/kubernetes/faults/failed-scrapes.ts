import type { ClusterName, FaultBed } from './fault-bed.ts';
import type { Outage } from './judge.ts';
import { rangeQuery } from './presence.ts';

const STEP = 1_000;

/**
 * Kubelets whose cAdvisor page was not had at some time although nobody kept it back: on a busy machine a scrape may take
 * longer than its time. What is to be of their series then is what it is of a kubelet that does not answer.
 */
export async function failedScrapes(
  bed: FaultBed,
  { cluster, from, until }: { readonly cluster: ClusterName; readonly from: number; readonly until: number },
): Promise<(Outage & { readonly node: string })[]> {
  const query = `up{cluster="${cluster}",metrics_path="/metrics/cadvisor"} == 0`;
  const { interval, slack } = bed.options;
  const outages: (Outage & { readonly node: string })[] = [];
  for (const { metric, values } of await rangeQuery(bed.url, query, {
    start: from - interval,
    end: until,
    step: STEP,
  })) {
    const { node = '' } = metric;
    const of = (life: { readonly node: string }): boolean => life.node === node;
    let [begin, last] = [0, 0];
    const add = (): void => {
      if (begin > 0) outages.push({ node, from: begin, until: last + STEP, of, end: 4 * interval + slack });
    };
    for (const [seconds] of values) {
      const at = seconds * 1000;
      if (at > last + STEP) {
        add();
        begin = at;
      }
      last = at;
    }
    add();
  }
  return outages;
}
