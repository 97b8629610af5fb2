import { Labels } from '../storage/labels.ts';
import type { MatrixSeries } from './query-result.ts';

type Points = Pick<MatrixSeries, 'timestamps' | 'values'>;

/** Puts the series of a range together that come in parts, one stretch of time after the other. */
export class MatrixJoin {
  readonly #parts = new Map<string, { readonly labels: Labels; readonly points: Points[] }>();

  /** Points of one series that are later than all it has so far. The arrays are kept. */
  append(labels: Labels, points: Points): void {
    const known = this.#parts.get(labels.key);
    if (known === undefined) this.#parts.set(labels.key, { labels, points: [points] });
    else known.points.push(points);
  }

  /** The series, sorted by Labels.compare. */
  finish(): readonly MatrixSeries[] {
    const series: MatrixSeries[] = [];
    for (const { labels, points } of this.#parts.values()) series.push({ labels, ...joined(points) });
    return series.sort((a, b) => Labels.compare(a.labels, b.labels));
  }
}

function joined(parts: readonly Points[]): Points {
  if (parts.length === 1) return parts[0]!;
  const length = parts.reduce((sum, part) => sum + part.values.length, 0);
  const whole = { timestamps: new Float64Array(length), values: new Float64Array(length) };
  let at = 0;
  for (const { timestamps, values } of parts) {
    whole.timestamps.set(timestamps, at);
    whole.values.set(values, at);
    at += values.length;
  }
  return whole;
}
