import { RECONNECT } from './api-server-restart.ts';
import { followed } from './families.ts';
import { type Fault, inTime } from './fault.ts';
import { sleep } from './fault-bed.ts';
import { nothingResumed } from './resumed-series.ts';

const ROUNDS = 6;
const PAUSE = 5_000;

/** Watches are cut and answered 410, again and again, and lists are answered 410 as well, while pods are replaced. */
export const expiredHistory: Fault = {
  name: 'expired-history',
  about: `watches cut and answered 410 ${ROUNDS} times in ${(ROUNDS * PAUSE) / 1000} s, and lists too`,
  async run(bed) {
    const { simulator, options } = bed;
    const from = Date.now();
    await sleep(3 * options.interval);
    const expiredBefore = await bed.ownMetric('pharos_kubernetes_errors_total');
    const begunAt = Date.now();
    simulator.world.scenarios.churn(0.1, { duration: ROUNDS * PAUSE });
    for (let round = 0; round < ROUNDS; round++) {
      simulator.api.compact();
      if (round % 2 === 1) simulator.api.failLists('pods', 410, 2);
      simulator.api.breakWatches();
      // What they would go on from is forgotten before they ask again.
      await sleep(300);
      simulator.api.compact();
      await sleep(PAUSE - 300);
    }
    simulator.api.clearFaults();
    const took = await bed.until(() => bed.isCurrent(), RECONNECT);
    const currentAt = Date.now();
    const expired = (await bed.ownMetric('pharos_kubernetes_errors_total')) - expiredBefore;
    await sleep(3 * options.interval);
    return [
      { what: 'requests were answered 410', good: expired > ROUNDS, found: String(expired) },
      inTime('the caches are complete', took, RECONNECT),
      // A change may be seen only when the watch has begun anew; what was there all the time must not flicker.
      ...(await followed(bed, { from, blind: () => ({ from: begunAt, until: currentAt }) })),
      await nothingResumed(bed, { from, until: Date.now(), isReplacing: true }),
    ];
  },
};
