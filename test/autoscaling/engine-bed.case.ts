import type { QueryFunc } from '../../alerting/query-func.ts';
import { createEngine } from '../../query/engine.ts';
import { Labels } from '../../storage/labels.ts';
import { createMemoryStorage } from '../../storage/memory.ts';

/** A series with samples, times in seconds. */
export interface WrittenSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** [seconds, value]; a value that is undefined is a stale marker. */
  readonly samples: readonly (readonly [number, number | undefined])[];
}

/** The real engine over a store that holds these series. */
export async function engineOver(series: readonly WrittenSeries[]): Promise<QueryFunc> {
  const { appender, querier } = createMemoryStorage();
  for (const { labels, samples } of series) {
    const ref = appender.acquire(Labels.from(labels));
    await appender.append({
      length: samples.length,
      refs: new Uint32Array(samples.length).fill(ref),
      timestamps: Float64Array.from(samples, ([at]) => at * 1000),
      values: Float64Array.from(samples, ([, value]) => value ?? Number.NaN),
      stale: Uint8Array.from(samples, ([, value]) => (value === undefined ? 1 : 0)),
    });
  }
  const engine = createEngine({ querier });
  return async (expr, time, signal) => {
    const { value } = await engine.instant({ expr, time }, signal);
    if (value.type !== 'vector') throw new Error(`expected a vector, got a ${value.type} of ${expr}`);
    return { samples: value.samples };
  };
}

/** One sample every so many seconds, up to and with the end. */
export function every(
  step: number,
  {
    from,
    to,
    value = (at: number) => at,
  }: { readonly from: number; readonly to: number; readonly value?: (at: number) => number },
): [number, number][] {
  const samples: [number, number][] = [];
  for (let at = from; at <= to; at += step) samples.push([at, value(at)]);
  return samples;
}
