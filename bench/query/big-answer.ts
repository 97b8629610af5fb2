import { formatTable } from '../../cli/table.ts';
import type { Contender } from '../contenders/contender.ts';
import { ask, type Question } from './ask.ts';
import { type DataSetOptions, MEMORY } from './data-set.ts';
import { type PeakMemory, watchMemory } from './peak-memory.ts';
import { megabytes, milliseconds } from './rows.ts';

const RUNS = 2;

/** A large answer. */
export interface BigAnswerResult {
  /** The best run's. */
  readonly milliseconds: number;
  readonly bytes: number;
  readonly peak: PeakMemory;
}

/**
 * Every sample of 70 of 100 nodes' memory gauges: with 10,000 series over 24 h at 15 s, about 1,400 series of 5,761 points,
 * about 200 MB of JSON.
 */
export function bigQuestion({ hours, interval, end }: DataSetOptions): Question {
  const query = `${MEMORY}{node=~"node-0[0-6]."}`;
  // Prometheus answers with at most 11,000 points per series.
  const start = Math.max(end - hours * 3_600_000, end - 10_999 * interval * 1000);
  return { query, start, end, step: interval * 1000 };
}

export async function measureBigAnswer({ url, child }: Contender, question: Question): Promise<BigAnswerResult> {
  const { result, peak } = await watchMemory(child.pid, async () => {
    let best = await ask(url, question, { keep: false });
    for (let run = 1; run < RUNS; run++) {
      const answer = await ask(url, question, { keep: false });
      if (answer.milliseconds < best.milliseconds) best = answer;
    }
    return best;
  });
  return { milliseconds: result.milliseconds, bytes: result.bytes, peak };
}

export function bigAnswerTable(results: ReadonlyMap<string, BigAnswerResult>): string {
  const cells = [...results].map(([name, { milliseconds: time, bytes, peak }]) => [
    name,
    (bytes / 1e6).toFixed(1),
    milliseconds(time),
    (bytes / 1e3 / time).toFixed(1),
    megabytes(peak.total),
  ]);
  return formatTable(['a large answer', 'MB', 'ms', 'MB/s', 'peak MB'], cells);
}
