import { followed } from './families.ts';
import { type Check, type Fault, inTime } from './fault.ts';
import { CLUSTERS, sleep } from './fault-bed.ts';
import type { Lifetime } from './lifetime-log.ts';
import { clusterSums } from './sums.ts';

/** The node's object is deleted after a minute, its pods 20 s later. */
const DELETED = 60_000;
const CLEANED = 20_000;
/** After this the API server says that it is not ready, and nobody misses its pods any more. */
const NOT_READY = 45_000;

/** A node goes off and never comes back; after a minute its object is deleted, then its pods. */
export const lostNode: Fault = {
  name: 'lost-node',
  about: 'a node goes off for ever and is deleted after a minute',
  async run(bed) {
    const { simulator, options, history } = bed;
    const { interval, slack } = options;
    const node = bed.aWorker();
    const from = Date.now();
    await sleep(3 * interval);
    simulator.world.scenarios.nodeGone(node);
    const goneAt = Date.now();
    await sleep(DELETED + CLEANED + 4 * interval);
    const cleaned = await bed.until(
      async () => ![...history.pods.open.values()].some((pod) => pod.node === node),
      CLEANED,
    );
    const checks: Check[] = [inTime('the API server has none of its pods any more', cleaned, CLEANED)];
    const left = await bed.until(async () => (await leftOf()).length === 0, 2 * interval + slack);
    const names = (await leftOf()).map(({ labels }) => labels.__name__ ?? '');
    checks.push({
      what: 'no series of any metric has its name',
      good: left !== undefined,
      found: names.length === 0 ? '0' : `${names.length}: ${names.slice(0, 5).join(' ')}`,
      ...(left !== undefined && { worst: left }),
    });
    for (const cluster of CLUSTERS) {
      const total = await bed.value(`k8s_cluster_node_total{cluster="${cluster}"}`);
      checks.push({
        what: `${cluster}: the nodes are counted`,
        good: total === history.nodes.open.size,
        found: `${total} of ${history.nodes.open.size}`,
      });
    }
    const until = Date.now();
    checks.push(
      ...(await followed(bed, {
        from,
        until,
        outages: (_, { log }) => {
          const of = (life: Lifetime): boolean => life.node === node;
          if (log === 'containers')
            return [{ from: goneAt, until: Number.POSITIVE_INFINITY, of, end: 4 * interval + slack }];
          // With its target the node's pods lose who tells of them, and the next sums go on.
          const handover = 2 * interval + slack;
          const deletedAt = history.nodes.within(from, until).get(node)?.at(-1)?.until ?? until;
          return log === 'activePods' ? [{ from: deletedAt, until: deletedAt + handover, of, end: handover }] : [];
        },
      })),
      // Until the node counts as lost its pods are missing, and there may be too many of them for a sum.
      ...(await clusterSums(bed, { from: goneAt - 2 * interval, until: goneAt + NOT_READY, mayBeAbsent: true })),
      ...(await clusterSums(bed, { from: goneAt + NOT_READY + 2 * interval + slack, until })),
    );
    return checks;

    function leftOf() {
      return bed.query(`count by (__name__) ({node="${node}"} or {instance="${node}"})`);
    }
  },
};
