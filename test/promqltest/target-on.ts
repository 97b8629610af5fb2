import type { QueryEngine } from '../../query/query-result.ts';
import type { Appender } from '../../storage/appender.ts';
import type { Labels } from '../../storage/labels.ts';
import type { ScriptTarget } from './run-script.ts';

/** A target that writes through an appender: what a script loads is gathered and becomes one batch per flush. */
export function targetOn(parts: {
  readonly engine: QueryEngine;
  readonly appender: Appender;
  /** The labels to store a series under. Default: its own. */
  readonly mark?: (labels: Labels) => Labels;
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
}): ScriptTarget {
  const { engine, appender, mark = (labels) => labels, flush, close } = parts;
  const refs: number[] = [];
  const timestamps: number[] = [];
  const values: number[] = [];
  const stale: number[] = [];
  return {
    engine,
    async append(labels, samples) {
      if (samples.length === 0) return;
      const ref = appender.acquire(mark(labels));
      for (const sample of samples) {
        refs.push(ref);
        timestamps.push(sample.timestamp);
        values.push(sample.value);
        stale.push(sample.stale ? 1 : 0);
      }
    },
    async flush() {
      if (refs.length === 0) return;
      const appended = appender.append({
        length: refs.length,
        refs: Uint32Array.from(refs),
        timestamps: Float64Array.from(timestamps),
        values: Float64Array.from(values),
        stale: Uint8Array.from(stale),
      });
      appender.release(refs.filter((ref, i) => ref !== refs[i - 1]));
      for (const column of [refs, timestamps, values, stale]) column.length = 0;
      await appended;
      await flush();
    },
    close,
  };
}
