import { formatTable } from '../../cli/table.ts';
import type { Contender } from '../contenders/contender.ts';
import { ask, type Question } from './ask.ts';
import { milliseconds, ratio } from './rows.ts';

/** Series of the data sets that are compared. */
export const GROWTH_SERIES = [1_000, 10_000, 100_000] as const;
/** All have the same range, so that series alone grow; 24 h of 100,000 series would be 576 million samples. */
export const GROWTH_HOURS = 2;

/** The best time of a query on a data set of so many series, by the contender's name. */
export interface GrowthResult {
  readonly series: number;
  readonly milliseconds: ReadonlyMap<string, number>;
}

export async function measureGrowth(
  series: number,
  contenders: readonly Contender[],
  { question, runs }: { readonly question: Question; readonly runs: number },
): Promise<GrowthResult> {
  const best = new Map<string, number>();
  for (const { name, url } of contenders) {
    for (let run = 0; run < runs; run++) {
      const { milliseconds: time } = await ask(url, question);
      best.set(name, Math.min(time, best.get(name) ?? time));
    }
  }
  return { series, milliseconds: best };
}

export function growthTable(results: readonly GrowthResult[], names: readonly string[]): string {
  const peers = names.includes('pharos') ? names.filter((name) => name !== 'pharos') : [];
  const cells = results.map(({ series, milliseconds: times }) => {
    const time = (name: string) => times.get(name) ?? Number.NaN;
    return [
      String(series),
      ...names.map((name) => milliseconds(time(name))),
      ...peers.map((peer) => ratio(time(peer), time('pharos'))),
    ];
  });
  const ratios = peers.map((peer) => `${peer}/pharos`);
  return formatTable([`the first query over ${GROWTH_HOURS} h, ms; series`, ...names, ...ratios], cells);
}
