import { Labels } from '../../../storage/labels.ts';
import type { EmittedSeries, Slot } from '../../emission/emitted-series.ts';
import { type LevelDefinition, metricName } from './definitions.ts';
import { SUMMED } from './pod-values.ts';
import type { GroupScope } from './scopes.ts';

const NO_SLOT = -1;

/** The emitted series of a level with its labels: a slot for each metric, opened with its first value. */
export class EmittedRow {
  readonly #slots: Int32Array;

  constructor(width: number) {
    this.#slots = new Int32Array(width).fill(NO_SLOT);
  }

  /** Makes these the values of the next emissions; NaN is none. */
  set<S>(
    emitted: EmittedSeries,
    { level, definitions }: LevelDefinition<S>,
    { scope, labels }: { readonly scope: S; readonly labels: () => Labels },
  ): void {
    let base: Labels | undefined;
    for (let column = 0; column < definitions.length; column++) {
      const definition = definitions[column]!;
      const value = definition.value(scope);
      let slot: Slot = this.#slots[column]!;
      if (Number.isNaN(value)) {
        if (slot !== NO_SLOT) emitted.clear(slot);
        continue;
      }
      if (slot === NO_SLOT) {
        base ??= labels();
        slot = emitted.open(base.with('__name__', metricName(level, definition)));
        this.#slots[column] = slot;
      }
      emitted.set(slot, value);
    }
  }

  /** The series are over. */
  close(emitted: EmittedSeries): void {
    for (const slot of this.#slots) if (slot !== NO_SLOT) emitted.close(slot);
    this.#slots.fill(NO_SLOT);
  }
}

/** What a pod is for a sum: one of which a value is missing counts with its last one, unless there never was one. */
export type Presence =
  /** It does not run, or has begun so lately that it has no rate yet. */
  | 'none'
  /** It runs; nobody misses a value. */
  | 'there'
  /** Its kubelet does not answer, or says nothing of it; what it used last is known. */
  | 'missing'
  /** Its kubelet does not answer, and nothing is known of it. */
  | 'unknown';

/** A workload, namespace, service or the cluster: sums over the pods that have a value. */
export class Group {
  readonly key: string;
  readonly level: LevelDefinition<GroupScope>;
  readonly #labels: Readonly<Record<string, string>>;
  readonly row: EmittedRow;
  readonly sums = new Float64Array(SUMMED.length);
  abnormal = Number.NaN;
  restarts = Number.NaN;
  /** Pods that are counted, those of them that are missing, and those of these that are unknown. */
  running = 0;
  missing = 0;
  unknown = 0;
  /** The last sums in which it had a pod or an object; it is gone when that is not the present one. */
  round = -1;

  constructor(key: string, labels: Readonly<Record<string, string>>, level: LevelDefinition<GroupScope>) {
    this.key = key;
    this.level = level;
    this.#labels = labels;
    this.row = new EmittedRow(level.definitions.length);
  }

  labels(): Labels {
    return Labels.from(this.#labels);
  }

  /** For the sums of a new round, once. */
  begin(round: number): void {
    if (this.round === round) return;
    this.round = round;
    this.sums.fill(Number.NaN);
    this.abnormal = Number.NaN;
    this.restarts = Number.NaN;
    this.running = 0;
    this.missing = 0;
    this.unknown = 0;
  }

  count(presence: Presence): void {
    if (presence === 'none') return;
    this.running++;
    if (presence === 'there') return;
    this.missing++;
    if (presence === 'unknown') this.unknown++;
  }

  /** Adds a pod's latest values. */
  add(values: Float64Array, at: number): void {
    const { sums } = this;
    for (let column = 0; column < sums.length; column++) {
      const value = values[at + column]!;
      if (Number.isNaN(value)) continue;
      const before = sums[column]!;
      sums[column] = !Number.isNaN(before) ? before + value : value;
    }
  }
}
