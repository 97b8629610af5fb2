import type { Appender } from '../storage/appender.ts';
import type { Labels } from '../storage/labels.ts';

/** A sample that a rule produced; its labels contain a metric name. */
export interface RuleSample {
  readonly labels: Labels;
  readonly value: number;
}

/** The series that one rule writes. A series that the next result lacks gets a stale marker. */
export class RuleSeries {
  readonly #appender: Appender;
  #present = new Map<string, Labels>();

  constructor(appender: Appender) {
    this.#appender = appender;
  }

  /** Writes a result and the stale markers it implies, all or none. Rejects with a StorageError and changes nothing. */
  async write(samples: readonly RuleSample[], timestamp: number): Promise<void> {
    const next = new Map(samples.map(({ labels }) => [labels.key, labels]));
    const gone = [...this.#present].filter(([key]) => !next.has(key)).map(([, labels]) => labels);
    const length = samples.length + gone.length;
    if (length === 0) return;
    const batch = {
      length,
      refs: new Uint32Array(length),
      timestamps: new Float64Array(length).fill(timestamp),
      values: new Float64Array(length).fill(Number.NaN),
      stale: new Uint8Array(length),
    };
    const acquired: number[] = [];
    try {
      const put = (labels: Labels): number => {
        const ref = this.#appender.acquire(labels);
        batch.refs[acquired.length] = ref;
        return acquired.push(ref) - 1;
      };
      for (const { labels, value } of samples) batch.values[put(labels)] = value;
      for (const labels of gone) batch.stale[put(labels)] = 1;
      await this.#appender.append(batch);
      this.#present = next;
    } finally {
      this.#appender.release(acquired);
    }
  }
}
