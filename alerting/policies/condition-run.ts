import { asBounds, breachMask, holdingValues, type SeverityValues, severityValues } from './breach.ts';
import { type ConditionState, historyLength, nextState } from './condition-state.ts';
import { compileSelector } from './object-selector.ts';
import type { ObjectListener, ObjectTable, TrackedObject } from './object-table.ts';
import type { PeriodTrack } from './period-track.ts';
import type { AlertPolicy, Condition } from './policy.ts';

/** Thresholds of some of a policy's objects. */
interface Limits {
  readonly thresholds: SeverityValues;
  readonly holding: SeverityValues;
  /** Where direction * value is not above it, nothing is reached; undefined when only the mask tells. */
  readonly mildest: { readonly direction: 1 | -1; readonly bound: number } | undefined;
}

/** What a period would change, by the object's index. Undefined: nothing is to be remembered any more. */
export type StagedStates = Map<number, ConditionState | undefined>;

const NOT_SELECTED = 0;
const DAY = 86_400_000;

/**
 * A condition of a policy and the objects that it is about. What is remembered is only of objects that are not fine; the others cost
 * a comparison per period.
 */
export class ConditionRun implements ObjectListener {
  readonly condition: Condition;
  readonly table: ObjectTable;
  readonly track: PeriodTrack;
  /** The end of the last period that was evaluated. */
  evaluatedTo = 0;
  readonly states = new Map<number, ConditionState>();
  /** Objects without a value for so long that it is an alert, at the last evaluation. */
  absent = new Set<number>();
  /** Values at the last evaluation; NaN for none. */
  values: Float64Array = new Float64Array(0);
  readonly #policy: AlertPolicy;
  readonly #selects: (object: TrackedObject) => number;
  /** By what is in `#assigned`, which is 1 for the policy's own limits and more for those of overrides. */
  readonly #limits: (Limits | undefined)[] = [undefined];
  #assigned = new Uint8Array(0);
  /** 1 where there is a state. */
  #marked = new Uint8Array(0);
  #selected = new Uint32Array(0);
  #found = new Uint32Array(0);
  #isSelectionOld = true;
  readonly #removed: (object: TrackedObject) => void;

  constructor(
    policy: AlertPolicy,
    index: number,
    { table, removed }: { readonly table: ObjectTable; readonly removed: (object: TrackedObject) => void },
  ) {
    const condition = policy.conditions[index]!;
    this.condition = condition;
    this.table = table;
    this.track = table.track(condition.period);
    this.#policy = policy;
    this.#removed = removed;
    this.#limits.push(limitsOf(condition, condition));
    const selects = compileSelector(policy.objects);
    const overrides = policy.overrides.map((override) => {
      const other = override.conditions[index];
      const limits =
        other === undefined
          ? this.#limits[1]!
          : limitsOf(condition, { thresholds: other.thresholds, recovery: other.recovery ?? {} });
      if (!override.disabled) this.#limits.push(limits);
      return {
        selects: compileSelector(override.objects),
        assigned: override.disabled ? NOT_SELECTED : this.#limits.length - 1,
      };
    });
    this.#selects = ({ labels }) => {
      if (!selects(labels)) return NOT_SELECTED;
      const override = overrides.find((candidate) => candidate.selects(labels));
      return override?.assigned ?? 1;
    };
    table.listen(this);
  }

  reserve(objects: number): void {
    if (objects <= this.#assigned.length) return;
    const assigned = new Uint8Array(objects);
    assigned.set(this.#assigned);
    this.#assigned = assigned;
    const marked = new Uint8Array(objects);
    marked.set(this.#marked);
    this.#marked = marked;
  }

  placed(object: TrackedObject): void {
    const assigned = this.#selects(object);
    if (this.#assigned[object.index] === assigned) return;
    this.#assigned[object.index] = assigned;
    this.#isSelectionOld = true;
    if (assigned !== NOT_SELECTED) return;
    this.setState(object.index, undefined);
    this.#removed(object);
  }

  removed(object: TrackedObject): void {
    this.#assigned[object.index] = NOT_SELECTED;
    this.#marked[object.index] = 0;
    this.states.delete(object.index);
    this.absent.delete(object.index);
    this.#isSelectionOld = true;
  }

  /** No more objects are placed. */
  close(): void {
    this.table.unlisten(this);
  }

  isSelected(index: number): boolean {
    return this.#assigned[index] !== NOT_SELECTED && this.#assigned[index] !== undefined;
  }

  /** How many objects the condition is about. */
  get size(): number {
    return this.#selection().length;
  }

  /** Indexes of the objects that the condition is about. */
  selected(): Iterable<number> {
    return this.#selection();
  }

  /** The thresholds that count for the object. */
  thresholds(index: number): SeverityValues {
    return (this.#limits[this.#assigned[index]!] ?? this.#limits[1]!).thresholds;
  }

  /** The end of the first period that is not evaluated. */
  get nextEnd(): number {
    const { period } = this.condition;
    return (Math.floor(this.evaluatedTo / period) + 1) * period;
  }

  /** The end of the last period that has ended at a time. */
  lastEnd(time: number): number {
    const { period } = this.condition;
    return Math.floor(time / period) * period;
  }

  /** Whether a period ends then that is not evaluated. */
  isDue(end: number): boolean {
    return end % this.condition.period === 0 && end > this.evaluatedTo;
  }

  /**
   * How many periods before one that is evaluated count for it, and are read after a restart. An object of which a restart would know
   * nothing is not known here either, so that restarts change nothing.
   */
  get memory(): number {
    const { outOf, period } = this.condition;
    const { mode, after } = this.#policy.noData;
    const silent = mode === 'alert' ? Math.ceil(Math.min(after, DAY) / period) + 1 : 1;
    return Math.max(historyLength(outOf), silent);
  }

  /** Whether the object has had a sample within the memory, as of the period that ends at `end`. */
  knows(index: number, end: number): boolean {
    return this.track.lastTime[index]! > end - this.memory * this.condition.period;
  }

  /** Forgets everything, to begin so many periods earlier. */
  rewind(periods: number): void {
    for (const index of [...this.states.keys()]) this.setState(index, undefined);
    this.absent = new Set();
    this.evaluatedTo = this.lastEnd(this.evaluatedTo) - periods * this.condition.period;
  }

  /**
   * What the period that the track has gone to, which ends at `end`, makes of the objects. Changes nothing but `values`. Of those
   * for which `isFilled` says so, only the history goes on.
   */
  step(
    end: number,
    isFilled: (index: number) => boolean,
  ): { readonly staged: StagedStates; readonly absent: Set<number> } {
    const { condition, track, states } = this;
    const { operator, periods, outOf } = condition;
    const { mode, after } = this.#policy.noData;
    const counting = { periods, outOf, missingIsFine: mode === 'ok' };
    const values = track.values(condition);
    this.values = values;
    const staged: StagedStates = new Map();
    const absent = new Set<number>();
    const found = this.#candidates(values, mode === 'alert');
    for (let k = 0; k < found; k++) {
      const index = this.#found[k]!;
      const value = values[index]!;
      const { thresholds, holding } = this.#limits[this.#assigned[index]!]!;
      const hasValue = !Number.isNaN(value);
      if (mode === 'alert' && !hasValue && this.#isAbsent(index, end, after)) absent.add(index);
      const breached = breachMask(operator, value, thresholds);
      if (breached === 0 && this.#marked[index] === 0) continue;
      const result = { hasValue, breached, holding: breachMask(operator, value, holding) };
      staged.set(index, nextState(states.get(index), result, { ...counting, fill: isFilled(index) }));
    }
    return { staged, absent };
  }

  /**
   * Writes the indexes of the objects that may not be fine to `#found`; how many. This is what all objects cost in every period:
   * it is kept to a comparison each.
   */
  #candidates(values: Float64Array, missingCounts: boolean): number {
    const selection = this.#selection();
    const assigned = this.#assigned;
    const marked = this.#marked;
    const found = this.#found;
    let count = 0;
    let current = 1;
    let mildest = this.#limits[1]!.mildest;
    let direction = mildest?.direction ?? 1;
    let bound = mildest?.bound ?? 0;
    for (let k = 0; k < selection.length; k++) {
      const index = selection[k]!;
      const value = values[index]!;
      if (assigned[index] !== current) {
        // Nearly always all have the same.
        current = assigned[index]!;
        mildest = this.#limits[current]!.mildest;
        direction = mildest?.direction ?? 1;
        bound = mildest?.bound ?? 0;
      }
      const mayBe = mildest === undefined || direction * value > bound;
      if (mayBe || marked[index] === 1 || (missingCounts && Number.isNaN(value))) found[count++] = index;
    }
    return count;
  }

  /** Makes what was staged the state. */
  commit(end: number, { staged, absent }: { readonly staged: StagedStates; readonly absent: Set<number> }): void {
    for (const [index, state] of staged) this.setState(index, state);
    this.absent = absent;
    this.evaluatedTo = end;
  }

  setState(index: number, state: ConditionState | undefined): void {
    if (state === undefined) this.states.delete(index);
    else this.states.set(index, state);
    this.#marked[index] = state === undefined ? 0 : 1;
  }

  /** Makes these severities met, whatever the history says. */
  setMet(index: number, met: number): void {
    const history = this.states.get(index)?.history ?? new Uint8Array(historyLength(this.condition.outOf));
    this.setState(index, met === 0 && history.every((mask) => mask === 0) ? undefined : { history, met });
  }

  /** Whether the object has no sample in the period that ends at `end`. */
  isSilent(index: number, end: number): boolean {
    return !(this.track.lastTime[index]! > end - this.condition.period);
  }

  /** Whether the object's series are over, or there is none of its samples. */
  isDoubtful(index: number, end: number): boolean {
    return this.track.ended[index] === 1 || this.isSilent(index, end);
  }

  /** A whole period without a value is the least that counts. */
  #isAbsent(index: number, end: number, after: number): boolean {
    return end - this.track.lastTime[index]! >= Math.max(after, this.condition.period);
  }

  #selection(): Uint32Array {
    if (!this.#isSelectionOld) return this.#selected;
    const selected: number[] = [];
    for (let i = 0; i < this.#assigned.length; i++) if (this.#assigned[i] !== NOT_SELECTED) selected.push(i);
    this.#selected = Uint32Array.from(selected);
    this.#found = new Uint32Array(selected.length);
    this.#isSelectionOld = false;
    return this.#selected;
  }
}

function limitsOf(
  { operator }: Condition,
  { thresholds, recovery }: Pick<Condition, 'thresholds' | 'recovery'>,
): Limits {
  const values = severityValues(thresholds);
  const bounds = asBounds(operator, values);
  const mildest = bounds && {
    direction: bounds.direction,
    bound: Math.min(...bounds.bounds.filter((bound) => !Number.isNaN(bound))),
  };
  return { thresholds: values, holding: holdingValues(thresholds, recovery), mildest };
}
