import { followed } from './families.ts';
import { type Check, type Fault, seconds } from './fault.ts';
import { type FaultBed, sleep } from './fault-bed.ts';
import { nothingResumed } from './resumed-series.ts';
import { workloadSums } from './sums.ts';

const MINUTE = 60_000;
const SHARE = 0.3;
/** cAdvisor shows containers for so long after their end. */
const SHOWN_AFTER = 95_000;
/** Rounds until caches have their size. */
const WARM = 3;
/** Rounds after which the engine's caches are full. */
const LONG = 10;

interface Size {
  /** Bytes resident that are no file: the engine's caches too, which fill up to their limits. */
  readonly anonymous: number;
  /** Bytes of the program's own objects and buffers. */
  readonly own: number;
  readonly series: Readonly<Record<string, number>>;
}

/** Metrics of the server itself that tell how many series it holds. */
const SERIES = {
  pages: 'pharos_scrape_cache_series',
  catalogue: 'pharos_catalogue_series',
  state: 'pharos_state_metrics_series',
} as const;

/** 30 % of the pods are replaced within a minute, again and again. */
export function replacedPods(rounds: number): Fault {
  return {
    name: 'replaced-pods',
    about: `30 % of the pods of Deployments are replaced within a minute, ${rounds} times`,
    async run(bed) {
      const before = await sizeOf(bed);
      const sizes: Size[] = [];
      const checks: Check[] = [];
      const begun = Date.now();
      let replaced = 0;
      for (let round = 1; round <= rounds; round++) {
        const from = Date.now();
        const pods = bed.simulator.world.scenarios.churn(SHARE, { duration: MINUTE });
        replaced += pods;
        await sleep(MINUTE);
        const until = Date.now();
        const results = [
          ...(await followed(bed, { from, until })),
          await nothingResumed(bed, { from, until, isReplacing: true }),
          ...(await workloadSums(bed, { from, until })),
        ];
        checks.push(...results.map((check) => ({ ...check, what: `round ${round}: ${check.what}` })));
        sizes.push(await sizeOf(bed));
      }
      const took = Date.now() - begun;
      await sleep(SHOWN_AFTER + bed.options.slack);
      const after = await sizeOf(bed);
      return [
        { what: 'pods replaced', good: replaced > 0, found: `${replaced} in ${seconds(took)}` },
        ...summarised(checks),
        ...sizeChecks({ before, sizes, after }),
      ];
    },
  };
}

/** One line for what went well in every round. */
function summarised(checks: readonly Check[]): Check[] {
  const kinds = new Map<string, Check[]>();
  for (const check of checks) {
    const kind = check.what.replace(/^round \d+: /, '');
    kinds.set(kind, [...(kinds.get(kind) ?? []), check]);
  }
  return [...kinds].flatMap(([what, all]) => {
    const bad = all.filter(({ good }) => !good);
    const worst = Math.max(...all.map((check) => check.worst ?? 0));
    const found = `${all.length} rounds; the last: ${all.at(-1)!.found}`;
    const delays = worst > 0 ? { worst } : {};
    return bad.length > 0 ? bad : [{ what, good: true, found, ...delays }];
  });
}

function sizeChecks({ before, sizes, after }: { before: Size; sizes: readonly Size[]; after: Size }): Check[] {
  const checks: Check[] = [];
  for (const name of Object.keys(SERIES)) {
    const [was, is] = [before.series[name]!, after.series[name]!];
    const most = Math.max(...sizes.map(({ series }) => series[name]!));
    checks.push({
      what: `series held: ${name}`,
      good: was > 0 && is <= was * 1.05,
      found: `${was} before, ${most} at most, ${is} after`,
    });
  }
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
  const all = [before, ...sizes, after];
  const warm = all[Math.min(WARM, sizes.length)]!;
  checks.push({
    what: "memory of the program's own objects is what it was",
    good: after.own <= warm.own * 1.25,
    found: `MB before, after each round, and at the end: ${all.map(({ own }) => megabytes(own)).join(' ')}`,
  });
  const settled = Math.max(...sizes.slice(0, -3).map(({ anonymous }) => anonymous), before.anonymous);
  checks.push({
    what: 'resident memory does not grow any more',
    good: sizes.length < LONG || after.anonymous <= settled * 1.05,
    found: `MB before, after each round, and at the end: ${all.map(({ anonymous }) => megabytes(anonymous)).join(' ')}`,
  });
  return checks;
}

async function sizeOf(bed: FaultBed): Promise<Size> {
  const own =
    (await bed.ownMetric('nodejs_heap_size_used_bytes')) + (await bed.ownMetric('nodejs_external_memory_bytes'));
  const series: Record<string, number> = {};
  for (const [name, metric] of Object.entries(SERIES)) series[name] = await bed.ownMetric(metric);
  return { anonymous: bed.memory().anonymous, own, series };
}
