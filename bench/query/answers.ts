/** A series of an answer: its points by time (Unix seconds as the server wrote them). */
export type Points = ReadonlyMap<number, number>;

/** How far two answers to one query are apart. */
export interface Difference {
  /** Series that only one of the two has. */
  readonly series: number;
  /** Points that only one of the two has, in series that both have. */
  readonly points: number;
  /** Relative differences of the values of the points that both have. */
  readonly worst: number;
  readonly median: number;
  /** The share of all points, of either, that both have: 1 when the answers have the same points. */
  readonly shared: number;
}

interface Envelope {
  readonly status: string;
  readonly data: {
    readonly resultType: string;
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values?: readonly (readonly [number, string])[];
      readonly value?: readonly [number, string];
    }[];
  };
}

/** Reads the body of a Prometheus answer, a vector or a matrix, by the series' labels. The metric's name counts as a label. */
export function readAnswer(body: Buffer): Map<string, Points> {
  const { data } = JSON.parse(body.toString()) as Envelope;
  if (data.resultType !== 'matrix' && data.resultType !== 'vector') {
    throw new Error(`wanted a vector or a matrix, got ${data.resultType}`);
  }
  const found = new Map<string, Points>();
  for (const { metric, values, value } of data.result) {
    const key = JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)));
    if (found.has(key)) throw new Error(`the answer has two series ${key}`);
    const points = values ?? (value === undefined ? [] : [value]);
    found.set(key, new Map(points.map(([time, text]) => [time, parseValue(text)])));
  }
  return found;
}

/** Compares two answers. Two NaNs, and two equal infinities, are the same value. */
export function compareAnswers(a: ReadonlyMap<string, Points>, b: ReadonlyMap<string, Points>): Difference {
  const differences: number[] = [];
  let series = 0;
  let points = 0;
  let alone = 0;
  for (const [key, left] of a) {
    const right = b.get(key);
    if (right === undefined) {
      series++;
      alone += left.size;
      continue;
    }
    let both = 0;
    for (const [time, value] of left) {
      const other = right.get(time);
      if (other === undefined) continue;
      both++;
      differences.push(relativeDifference(value, other));
    }
    points += left.size + right.size - 2 * both;
  }
  for (const [key, right] of b) {
    if (a.has(key)) continue;
    series++;
    alone += right.size;
  }
  differences.sort((x, y) => x - y);
  const all = differences.length + points + alone;
  return {
    series,
    points,
    worst: differences.at(-1) ?? 0,
    median: differences[differences.length >> 1] ?? 0,
    shared: all === 0 ? 1 : differences.length / all,
  };
}

/** Whether the answers are the same: every series and point, and values to 1e-9. */
export function agree({ series, points, worst }: Difference): boolean {
  return series === 0 && points === 0 && worst <= 1e-9;
}

/**
 * Whether the answers are about the same thing. VictoriaMetrics computes rates between the last samples before the window's
 * ends and does not extrapolate, so single values differ by some percent and the order of a topk by some places.
 */
export function roughlyAgree({ shared, median }: Difference): boolean {
  return shared >= 0.5 && median <= 0.05;
}

function relativeDifference(a: number, b: number): number {
  if (Object.is(a, b) || a === b) return 0;
  const size = Math.max(Math.abs(a), Math.abs(b));
  const difference = Math.abs(a - b) / size;
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}

function parseValue(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}
