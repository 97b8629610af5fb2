import { formatTable } from '../../cli/table.ts';
import type { Contender } from '../contenders/contender.ts';
import { ask, type Question } from './ask.ts';
import { CPU, podName } from './data-set.ts';
import { type PeakMemory, watchMemory } from './peak-memory.ts';
import { megabytes, milliseconds } from './rows.ts';

/** Cheap queries that are sent at the same moment. */
const CHEAP = 100;
const ROUNDS = 5;

/** How cheap queries fare beside an expensive one. Times are milliseconds. */
export interface ConcurrentResult {
  /** Of the cheap ones while nothing else runs, sorted. */
  readonly alone: readonly number[];
  /** Of the cheap ones while the expensive one runs, sorted. */
  readonly beside: readonly number[];
  /** Of the expensive one that ran beside them, in the mean. */
  readonly expensive: number;
  /** Cheap queries that were refused or failed. */
  readonly failed: number;
  readonly firstFailure: string | undefined;
  readonly peak: PeakMemory;
}

/**
 * Sends 100 instant queries for the rate of a pod's series at once, five times alone and five times while the expensive
 * query runs, which is asked again as long as cheap ones are under way.
 */
export async function measureConcurrent(
  { url, child }: Contender,
  expensive: Question,
  pods: number,
): Promise<ConcurrentResult> {
  let failed = 0;
  let firstFailure: string | undefined;
  const round = async () => {
    const times = await Promise.all(
      Array.from({ length: CHEAP }, async (_, i) => {
        const query = `rate(${CPU}{pod="${podName((i * 17) % pods)}"}[5m])`;
        try {
          return (await ask(url, { query, start: expensive.end, end: expensive.end })).milliseconds;
        } catch (error) {
          failed++;
          firstFailure ??= error instanceof Error ? error.message : String(error);
          return undefined;
        }
      }),
    );
    return times.filter((time) => time !== undefined);
  };
  const { result, peak } = await watchMemory(child.pid, async () => {
    await round();
    const alone: number[] = [];
    for (let i = 0; i < ROUNDS; i++) alone.push(...(await round()));
    const beside: number[] = [];
    const long: number[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      let cheapEnded = false;
      const running = (async () => {
        do long.push((await ask(url, expensive)).milliseconds);
        while (!cheapEnded);
      })();
      await new Promise((resolve) => setTimeout(resolve, 50));
      beside.push(...(await round()));
      cheapEnded = true;
      await running;
    }
    return { alone, beside, expensive: long.reduce((sum, each) => sum + each, 0) / long.length };
  });
  const sorted = (times: number[]) => times.sort((a, b) => a - b);
  return { ...result, alone: sorted(result.alone), beside: sorted(result.beside), failed, firstFailure, peak };
}

export function concurrentTable(results: ReadonlyMap<string, ConcurrentResult>): string {
  const cells = [...results].map(([name, { alone, beside, expensive, failed, peak }]) => [
    name,
    ...[alone, beside].flatMap((times) => [50, 99].map((p) => milliseconds(percentile(times, p)))),
    milliseconds(expensive),
    String(failed),
    megabytes(peak.total),
  ]);
  const failures = [...results].flatMap(([name, { firstFailure }]) =>
    firstFailure === undefined ? [] : [`  ${name}: ${firstFailure}`],
  );
  const header = ['alone p50', 'p99', 'beside p50', 'p99', 'the expensive one', 'failed', 'peak MB'];
  return [formatTable([`${CHEAP} cheap queries at once, ms`, ...header], cells), ...failures].join('\n');
}

/** The smallest of the sorted values that is not exceeded by p percent of them; NaN when there is none. */
export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
}
