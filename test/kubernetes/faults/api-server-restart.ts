import { followed } from './families.ts';
import { type Check, type Fault, inTime } from './fault.ts';
import { type FaultBed, sleep } from './fault-bed.ts';
import { nothingResumed } from './resumed-series.ts';

/** How long nobody answers. */
const AWAY = 30_000;
/** The longest pause between two attempts, with its jitter, and a list. */
export const RECONNECT = 45_000 + 5_000;

/** The API server ends, pods are replaced meanwhile, and it comes back without its history. */
export const apiServerRestart: Fault = {
  name: 'api-restart',
  about: `the API server is away for ${AWAY / 1000} s and comes back without its history`,
  async run(bed) {
    const { simulator, options } = bed;
    const from = Date.now();
    await sleep(3 * options.interval);
    const before = await targetCount(bed);
    const stoppedAt = Date.now();
    await simulator.api.stop();
    simulator.world.scenarios.churn(0.05, { duration: 10_000 });
    await sleep(AWAY - 5_000);
    const during = await targetCount(bed);
    await sleep(5_000);
    simulator.api.compact();
    await simulator.api.start();
    const startedAt = Date.now();
    const took = await bed.until(() => bed.isCurrent(), RECONNECT);
    const checks: Check[] = [
      { what: 'targets stay', good: before === during && before > 0, found: `${before} before, ${during} meanwhile` },
      inTime('everything is current again', took, RECONNECT),
    ];
    const backAt = Date.now();
    await sleep(3 * options.interval);
    checks.push(
      ...(await followed(bed, {
        from,
        blind: () => ({ from: stoppedAt, until: backAt }),
        outages: (cluster, { source }) =>
          cluster === 'proxy' && source === 'page'
            ? [{ from: stoppedAt, until: startedAt, of: () => true, end: 3 * options.interval + options.slack }]
            : [],
      })),
      // Through the API server nobody can be asked while it is away.
      await nothingResumed(bed, {
        from,
        until: Date.now(),
        isReplacing: true,
        isExpected: ({ labels }) => labels.cluster === 'proxy',
      }),
    );
    return checks;
  },
};

async function targetCount(bed: FaultBed): Promise<number> {
  const answer = await fetch(`${bed.url}/api/v1/targets?state=active`, { signal: AbortSignal.timeout(30_000) });
  const { data } = (await answer.json()) as { data: { activeTargets: { scrapePool: string }[] } };
  return data.activeTargets.length;
}
