import type { Appender } from '../../storage/appender.ts';
import { Labels, METRIC_NAME } from '../../storage/labels.ts';
import type { SeriesRef } from '../../storage/series.ts';
import type { SampleReader, SeriesRows } from '../sample-reader.ts';

/** Up to when each policy (label `policy`) was evaluated; what a successor continues from. */
const EVALUATED_METRIC = 'pharos_policy_evaluated_timestamp_seconds';

/** So much of the past is read at a time: most policies were evaluated within it. */
const PART = 65 * 60_000;

/** Writes up to when policies are evaluated. */
export class EvaluationMarks {
  readonly #appender: Appender;
  readonly #refs = new Map<string, SeriesRef>();

  constructor(appender: Appender) {
    this.#appender = appender;
  }

  /** Rejects with a StorageError. */
  async write(ids: readonly string[], end: number): Promise<void> {
    if (ids.length === 0) return;
    const length = ids.length;
    await this.#appender.append({
      length,
      refs: Uint32Array.from(ids, (id) => this.#ref(id)),
      timestamps: new Float64Array(length).fill(end),
      values: new Float64Array(length).fill(end / 1000),
      stale: new Uint8Array(length),
    });
  }

  /** Ends the series of a policy that went. Rejects with a StorageError. */
  async end(id: string, timestamp: number): Promise<void> {
    const ref = this.#refs.get(id);
    if (ref === undefined) return;
    this.#refs.delete(id);
    try {
      await this.#appender.append({
        length: 1,
        refs: Uint32Array.of(ref),
        timestamps: Float64Array.of(timestamp),
        values: Float64Array.of(Number.NaN),
        stale: Uint8Array.of(1),
      });
    } finally {
      this.#appender.release([ref]);
    }
  }

  /** Gives the series back; a successor may go on with them. */
  release(): void {
    this.#appender.release(this.#refs.values());
    this.#refs.clear();
  }

  #ref(id: string): SeriesRef {
    let ref = this.#refs.get(id);
    if (ref === undefined) {
      ref = this.#appender.acquire(Labels.from({ [METRIC_NAME]: EVALUATED_METRIC, policy: id }));
      this.#refs.set(id, ref);
    }
    return ref;
  }
}

/**
 * Up to when each of the policies was evaluated, and others in the last hour, as far as that was after `since`. Rejects when it
 * cannot be read.
 */
export async function readMarks(
  ids: ReadonlySet<string>,
  {
    since,
    now,
    read,
    signal,
  }: { readonly since: number; readonly now: number; readonly read: SampleReader; readonly signal: AbortSignal },
): Promise<Map<string, number>> {
  const marks = new Map<string, number>();
  const removed = new Set<string>();
  const rows: SeriesRows = { timestamps: NONE, values: NONE, stale: NO_FLAGS, from: 0, to: 0 };
  const isMissing = (): boolean => [...ids].some((id) => !marks.has(id) && !removed.has(id));
  // The newest part has those of policies that are not known yet, too.
  for (let to = now; to > since && (to === now || isMissing()); to -= PART) {
    const from = Math.max(since, to - PART);
    let failure: Error | undefined;
    await read(
      [{ metric: EVALUATED_METRIC, from, to }],
      (_, answer) => {
        if (answer instanceof Error) {
          failure = answer;
          return;
        }
        for (const [i, labels] of answer.series.entries()) {
          answer.locate(i, rows);
          for (let row = rows.to - 1; row >= rows.from; row--) {
            const time = rows.timestamps[row]!;
            if (time > to || time <= from) continue;
            const id = labels.get('policy');
            if (rows.stale[row] === 1) removed.add(id);
            if (removed.has(id)) break;
            marks.set(id, Math.max(marks.get(id) ?? 0, time));
            break;
          }
        }
      },
      signal,
    );
    if (failure !== undefined) throw failure;
  }
  return marks;
}

const NONE = new Float64Array(0);
const NO_FLAGS = new Uint8Array(0);
