import { Labels } from '../../storage/labels.ts';
import type { Querier, Selection } from '../../storage/querier.ts';
import { blockOf } from '../../storage/sample-block.ts';
import type { Sample, SampleBlock, SeriesSet } from '../../storage/series.ts';

/**
 * A Querier for tests whose blocks interleave the series as badly as the contract allows: sample by sample in order of
 * time over all series, in blocks of a few rows. Only `select` is there.
 */
export function interleavingQuerier(
  data: readonly { readonly labels: Labels; readonly samples: readonly Sample[] }[],
  blockRows: number,
): Querier {
  const notServed = () => Promise.reject(new Error('only select is served'));
  return {
    select: async (selection) => interleaved(data, selection, blockRows),
    series: notServed,
    labelNames: notServed,
    labelValues: notServed,
    metadata: notServed,
  };
}

function interleaved(
  data: readonly { readonly labels: Labels; readonly samples: readonly Sample[] }[],
  { matchers, start, end }: Selection,
  blockRows: number,
): SeriesSet {
  const found = data
    .filter(({ labels }) => matchers.every((matcher) => matcher.matches(labels.get(matcher.name))))
    .sort((a, b) => Labels.compare(a.labels, b.labels));
  const rows = found
    .flatMap(({ samples }, series) => samples.map((sample) => ({ series, sample })))
    .filter(({ sample }) => sample.timestamp >= start && sample.timestamp <= end)
    .sort((a, b) => a.sample.timestamp - b.sample.timestamp);
  return {
    series: found.map(({ labels }) => labels),
    async *blocks(wanted = { start, end }): AsyncGenerator<SampleBlock> {
      const asked = rows.filter(({ sample: { timestamp } }) => timestamp >= wanted.start && timestamp <= wanted.end);
      for (let from = 0; from < asked.length; from += blockRows) {
        const part = asked.slice(from, from + blockRows);
        yield blockOf(
          Uint32Array.from(part, ({ series }) => series),
          {
            timestamps: Float64Array.from(part, ({ sample }) => sample.timestamp),
            values: Float64Array.from(part, ({ sample }) => sample.value),
            stale: Uint8Array.from(part, ({ sample }) => (sample.stale ? 1 : 0)),
          },
        );
      }
    },
  };
}
