import { highest } from './breach.ts';
import { ConditionRun, type StagedStates } from './condition-run.ts';
import { breaches, type ConditionState } from './condition-state.ts';
import type { ObjectTable, TrackedObject } from './object-table.ts';
import type { AlertPolicy, ObjectLevel } from './policy.ts';
import { levelOf, type PolicyAlert, shownLabels } from './policy-alert.ts';

/** What the period that ends at `end` would make of a policy's objects. */
export interface StagedPeriod {
  readonly end: number;
  /** By condition; undefined for those of which no period ends then. */
  readonly steps: readonly ({ readonly staged: StagedStates; readonly absent: Set<number> } | undefined)[];
  /** Keys of objects that may be alerts before or after. */
  readonly touched: ReadonlySet<string>;
}

/** An object whose samples are over or have not come. */
export interface Doubtful {
  readonly object: TrackedObject;
  /** Its series ended with stale markers. */
  readonly hasEnded: boolean;
  /** It was found to be no more, and has had no value since. */
  readonly wasGone: boolean;
}

/** An alert before and after a period; undefined for an object that is fine. */
export interface AlertChange {
  readonly object: string;
  readonly before: PolicyAlert | undefined;
  readonly after: PolicyAlert | undefined;
}

/** A policy and what it has become of its objects. Evaluating computes first; `commit` changes. */
export class PolicyRun {
  readonly policy: AlertPolicy;
  readonly conditions: readonly ConditionRun[];
  /** Pending and firing ones, by object. */
  readonly alerts = new Map<string, PolicyAlert>();
  /** Whether the histories of objects are filled in. */
  isFilled = false;
  /** Objects of which the log says what a period ended with: nothing before counts again. */
  readonly #settled = new Map<string, number>();
  /** What is met, by condition, of objects that are gone on with. */
  readonly #adopted = new Map<string, readonly number[]>();
  readonly #unselected = new Set<string>();

  constructor(policy: AlertPolicy, tableOf: (metric: string, level: ObjectLevel) => ObjectTable) {
    this.policy = policy;
    const removed = ({ key }: TrackedObject): void => {
      this.#unselected.add(key);
    };
    this.conditions = policy.conditions.map(
      ({ metric }, index) => new ConditionRun(policy, index, { table: tableOf(metric, policy.level), removed }),
    );
  }

  /** How many objects it is about. */
  get objects(): number {
    const [first, ...others] = this.conditions;
    if (others.every(({ table }) => table === first!.table)) return first!.size;
    const keys = new Set<string>();
    for (const condition of this.conditions) {
      for (const index of condition.selected()) keys.add(condition.table.at(index)!.key);
    }
    return keys.size;
  }

  close(): void {
    for (const condition of this.conditions) condition.close();
  }

  /** Continues an alert. What ended up to `evaluatedAt` only fills in histories. */
  adopt(alert: PolicyAlert, evaluatedAt = alert.evaluatedAt): void {
    const next = followed(alert);
    if (next !== undefined) this.alerts.set(alert.object, next);
    this.#adopted.set(alert.object, alert.met);
    if (Number.isFinite(evaluatedAt)) this.#settled.set(alert.object, evaluatedAt);
    for (const condition of this.conditions) condition.table.ensure(alert.labels);
  }

  /** Makes met what was before; after the histories are filled in. */
  settle(): void {
    const met = new Map(this.#adopted);
    for (const alert of this.alerts.values()) met.set(alert.object, alert.met);
    for (const [key, masks] of met) {
      for (const [c, condition] of this.conditions.entries()) {
        const object = condition.table.byKey(key);
        if (object === undefined || !condition.isSelected(object.index)) continue;
        condition.setMet(object.index, masks[c] ?? 0);
      }
    }
    // The last value of one that has been silent for long is further back than what was read.
    for (const { object: key, condition: c, isAbsent, absentSince } of this.alerts.values()) {
      const condition = this.conditions[c];
      const object = condition?.table.byKey(key);
      if (condition === undefined || object === undefined || !isAbsent || absentSince === 0) continue;
      const { lastTime } = condition.track;
      if (Number.isNaN(lastTime[object.index])) lastTime[object.index] = absentSince;
    }
    // Samples alone do not tell those that are silent from those that are no more; what was an alert was not.
    for (const { table, absent } of this.conditions) {
      for (const index of absent) if (this.alerts.get(table.at(index)!.key)?.isAbsent !== true) absent.delete(index);
    }
    this.#adopted.clear();
    this.isFilled = true;
  }

  /** Fills in histories with a period that is over and done with. */
  fill(condition: ConditionRun, end: number): void {
    condition.commit(
      end,
      condition.step(end, () => true),
    );
  }

  /** What the conditions make of the period that ends at `end`; their tracks must have gone to it. */
  stage(end: number): StagedPeriod {
    const touched = new Set(this.alerts.keys());
    const isFilled = (object: string | undefined): boolean =>
      object !== undefined && end <= (this.#settled.get(object) ?? Number.NEGATIVE_INFINITY);
    const steps = this.conditions.map((condition) => {
      if (!condition.isDue(end)) return undefined;
      const { table } = condition;
      const step = condition.step(
        end,
        this.#settled.size === 0 ? () => false : (index) => isFilled(table.at(index)?.key),
      );
      for (const index of step.staged.keys()) touched.add(table.at(index)!.key);
      for (const index of step.absent) touched.add(table.at(index)!.key);
      return step;
    });
    for (const key of this.#settled.keys()) if (isFilled(key)) touched.delete(key);
    return { end, steps, touched };
  }

  /** Objects that matter and of which it is not clear whether they are still there. */
  doubtful({ end, steps, touched }: StagedPeriod): Doubtful[] {
    const doubtful: Doubtful[] = [];
    for (const key of touched) {
      for (const [c, condition] of this.conditions.entries()) {
        const object = steps[c] === undefined ? undefined : condition.table.byKey(key);
        if (object === undefined || !condition.isSelected(object.index) || !condition.isDoubtful(object.index, end))
          continue;
        const { ended, goneAt, lastTime } = condition.track;
        const { index } = object;
        // What an alert is about, or will be, is always in doubt; else an object is unknown that has been silent for long.
        const isAbout = this.alerts.get(key)?.condition === c || steps[c]!.absent.has(index);
        if (!isAbout && !condition.knows(index, end)) continue;
        doubtful.push({ object, hasEnded: ended[index] === 1, wasGone: goneAt[index]! >= lastTime[index]! });
        break;
      }
    }
    return doubtful;
  }

  /** What becomes of the alerts. */
  changes(period: StagedPeriod, isGone: (key: string) => boolean): AlertChange[] {
    const changes: AlertChange[] = [];
    for (const object of period.touched) {
      const before = this.alerts.get(object);
      const after = this.#next(object, { before, period, isGone: isGone(object) });
      if (before !== undefined || after !== undefined) changes.push({ object, before, after });
    }
    return changes;
  }

  /** Makes it so. */
  commit(
    { end, steps, touched }: StagedPeriod,
    changes: readonly AlertChange[],
    isGone: (key: string) => boolean,
  ): void {
    for (const [c, step] of steps.entries()) if (step !== undefined) this.conditions[c]!.commit(end, step);
    for (const key of touched) {
      if (!isGone(key)) continue;
      for (const condition of this.conditions) {
        const object = condition.table.byKey(key);
        if (object === undefined) continue;
        // What counts is kept, as it would be found again after a restart, in case the object comes back.
        condition.setMet(object.index, 0);
        condition.absent.delete(object.index);
        condition.track.goneAt[object.index] = end;
      }
    }
    for (const { object, after } of changes) {
      const next = after === undefined ? undefined : followed(after);
      if (next === undefined) this.alerts.delete(object);
      else this.alerts.set(object, next);
      this.#unselected.delete(object);
    }
    for (const [object, at] of this.#settled) if (at <= end) this.#settled.delete(object);
    this.#unselected.clear();
  }

  /** Whether anything is remembered of the object. */
  isNeeded(object: TrackedObject): boolean {
    if (this.alerts.has(object.key) || this.#settled.has(object.key)) return true;
    return this.conditions.some(({ table, states }) => {
      const own = table.byKey(object.key);
      return own !== undefined && states.has(own.index);
    });
  }

  #next(
    key: string,
    {
      before,
      period,
      isGone,
    }: { readonly before: PolicyAlert | undefined; readonly period: StagedPeriod; readonly isGone: boolean },
  ): PolicyAlert | undefined {
    const { policy, conditions } = this;
    const { end } = period;
    const found = conditions.map((condition, c) => this.#verdict(condition, key, period.steps[c], { end, isGone }));
    const levels = found.map(({ met }) => highest(met));
    const met = found.map((verdict) => verdict.met);
    const ofConditions = policy.union === 'any' ? Math.max(...levels) : Math.min(...levels);
    const absent = found.findIndex(({ isAbsent }) => isAbsent);
    const level = Math.max(ofConditions, absent === -1 ? 0 : levelOf(policy.noData.severity));
    const pending = found.findIndex(({ breached }) => breached.count > 0);
    const isPending = level === 0 && (pending !== -1 || met.some((mask) => mask !== 0));
    const fired = before?.state === 'firing';
    if (level === 0 && !isPending && before === undefined) return undefined;
    const condition =
      ofConditions > 0
        ? levels.indexOf(ofConditions)
        : absent !== -1
          ? absent
          : fired
            ? before.condition
            : Math.max(0, pending);
    const verdict = found[condition] ?? found[0]!;
    const { breached } = verdict;
    const begun = end - breached.age * (conditions[condition] ?? conditions[0]!).condition.period;
    const state = level > 0 ? 'firing' : fired || !isPending ? 'inactive' : 'pending';
    const shown = level > 0 ? level : isPending && !fired ? Math.max(1, highest(breached.mask)) : (before?.level ?? 1);
    const first = found.find(({ object }) => object !== undefined)?.object;
    const isSilent = verdict.isSilent || verdict.object === undefined;
    return {
      object: key,
      labels:
        fired || first === undefined
          ? (before?.labels ?? shownLabels(first!.labels, policy.level))
          : shownLabels(first.labels, policy.level),
      state,
      level: shown,
      met,
      isAbsent: absent !== -1,
      absence: isGone
        ? 'gone'
        : verdict.object === undefined || this.#unselected.has(key)
          ? 'unselected'
          : isSilent
            ? 'silent'
            : '',
      absentSince: isSilent && !isGone ? verdict.lastTime || before?.absentSince || end : 0,
      condition,
      breached: breached.count,
      value: verdict.value,
      threshold: verdict.thresholds[shown - 1] ?? Number.NaN,
      activeAt: fired ? before.activeAt : begun,
      firedAt: level > 0 ? (fired ? before.firedAt : end) : (before?.firedAt ?? 0),
      resolvedAt: state === 'inactive' ? end : 0,
      evaluatedAt: end,
    };
  }

  #verdict(
    condition: ConditionRun,
    key: string,
    step: { readonly staged: StagedStates; readonly absent: ReadonlySet<number> } | undefined,
    { end, isGone }: { readonly end: number; readonly isGone: boolean },
  ) {
    const object = condition.table.byKey(key);
    const none = { count: 0, age: 0, mask: 0 };
    if (object === undefined || !condition.isSelected(object.index)) {
      const thresholds = condition.thresholds(0);
      return {
        object: undefined,
        met: 0,
        isAbsent: false,
        isSilent: true,
        lastTime: 0,
        breached: none,
        value: Number.NaN,
        thresholds,
      };
    }
    const { index } = object;
    let state: ConditionState | undefined;
    if (!isGone) state = step?.staged.has(index) ? step.staged.get(index) : condition.states.get(index);
    const lastTime = condition.track.lastTime[index]!;
    return {
      object,
      met: state?.met ?? 0,
      isAbsent: !isGone && (step?.absent ?? condition.absent).has(index),
      isSilent:
        isGone ||
        (step !== undefined ? condition.isSilent(index, end) : Number.isNaN(condition.values[index] ?? Number.NaN)),
      lastTime: Number.isNaN(lastTime) ? 0 : Math.min(lastTime, end),
      breached: state === undefined ? none : breaches(state, condition.condition),
      value: isGone ? Number.NaN : (condition.values[index] ?? Number.NaN),
      thresholds: condition.thresholds(index),
    };
  }
}

/** What stays of an alert: one that has ended may have conditions that are met still, though not enough of them. */
function followed(alert: PolicyAlert): PolicyAlert | undefined {
  if (alert.state !== 'inactive') return alert;
  if (alert.met.every((mask) => mask === 0)) return undefined;
  return { ...alert, state: 'pending', activeAt: alert.evaluatedAt, firedAt: 0, resolvedAt: 0 };
}
