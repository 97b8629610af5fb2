import { RECONNECT } from './api-server-restart.ts';
import { followed } from './families.ts';
import { type Check, type Fault, inTime } from './fault.ts';
import { CLUSTERS, type ClusterName, sleep } from './fault-bed.ts';

const WITHOUT = 15_000;

/** The token of each access is refused, and later there is another one where the access finds it. */
export const expiredToken: Fault = {
  name: 'expired-token',
  about: `tokens expire and are renewed after ${WITHOUT / 1000} s, in the file of tokenFile and in the kubeconfig itself`,
  async run(bed) {
    const { simulator, options } = bed;
    const from = Date.now();
    await sleep(3 * options.interval);
    const refused = new Map<ClusterName, { readonly from: number; until: number; back: number }>();
    const checks: Check[] = [];
    for (const cluster of CLUSTERS) {
      bed.expireToken(cluster);
      // A server that looks at the token only when a watch begins must be made to look.
      simulator.api.breakWatches();
      const times = { from: Date.now(), until: 0, back: 0 };
      refused.set(cluster, times);
      simulator.world.scenarios.churn(0.03, { duration: 5_000 });
      await sleep(WITHOUT);
      bed.renewToken(cluster);
      times.until = Date.now();
      const took = await bed.until(() => bed.isCurrent(), RECONNECT);
      times.back = Date.now();
      const where = cluster === 'direct' ? 'in the file of tokenFile' : 'in the kubeconfig';
      checks.push(inTime(`${cluster}: current again with the new token ${where}`, took, RECONNECT));
      await sleep(3 * options.interval);
    }
    checks.push(
      ...(await followed(bed, {
        from,
        // The watches of both are cut, and how soon they begin anew depends on how often they failed before.
        blind: () => ({ from: refused.get('direct')!.from, until: refused.get('proxy')!.back }),
        outages: (cluster, { source }) => {
          const times = refused.get(cluster)!;
          const end = 3 * options.interval + options.slack;
          const back = times.back - times.until + 2 * options.interval;
          return source === 'page' ? [{ ...times, of: () => true, end, back }] : [];
        },
      })),
    );
    return checks;
  },
};
