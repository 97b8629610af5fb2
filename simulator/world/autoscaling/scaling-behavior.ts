import type { Autoscaler, ScalingPolicy, ScalingRules } from './autoscaler-objects.ts';

type Rules = Required<Omit<ScalingRules, 'tolerance'>>;

const UP: Rules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
};
const DOWN: Rules = {
  stabilizationWindowSeconds: 300,
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
};
const WITHIN = { reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' };
const TOO_MANY = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
};
const TOO_FEW = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
};
const UP_LIMIT = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
};
const DOWN_LIMIT = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
};
const READY = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
const UP_STABILISED = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
};
const DOWN_STABILISED = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
};

interface Change {
  readonly time: number;
  /** Replicas added or taken away. */
  readonly count: number;
}

/** A condition's reason and message. */
export interface Why {
  readonly reason: string;
  readonly message: string;
}

/** What may be done now, with what the conditions AbleToScale and ScalingLimited say. */
export interface Limited {
  readonly replicas: number;
  readonly able: Why;
  /** Whether `replicas` is another number than what the windows allow. */
  readonly isLimited: boolean;
  readonly limited: Why;
}

interface Desire {
  readonly current: number;
  readonly desired: number;
  readonly now: number;
}

/** What was said and done about one target lately, and what may be done now. */
export class ScalingBehavior {
  #recommendations: { readonly time: number; readonly replicas: number }[] = [];
  #ups: Change[] = [];
  #downs: Change[] = [];

  /** Who has just started takes what is there for the first recommendation, rather than scale down at once. */
  begin(current: number, now: number): void {
    if (this.#recommendations.length === 0) this.#recommendations.push({ time: now, replicas: current });
  }

  /**
   * What is done when `desired` is recommended: the stabilisation windows hold back, then the policies limit the pace, then
   * the bounds. An autoscaler without a behavior has older rules of its own.
   */
  limit({ spec }: Pick<Autoscaler, 'spec'>, desire: Desire): Limited {
    const { current, desired, now } = desire;
    this.begin(current, now);
    const bounds = { min: spec.minReplicas ?? 1, max: spec.maxReplicas };
    if (spec.behavior === undefined) return this.#plain(desire, bounds);
    const up = { ...UP, ...spec.behavior.scaleUp };
    const down = { ...DOWN, ...spec.behavior.scaleDown };
    const stable = this.#stabilise(desire, up.stabilizationWindowSeconds, down.stabilizationWindowSeconds);
    const able = stable === desired ? READY : desired >= current ? UP_STABILISED : DOWN_STABILISED;
    let [replicas, limited] = [stable, WITHIN];
    if (stable > current) {
      const pace = Math.max(current, this.#upLimit(current, up, now));
      if (stable > Math.min(bounds.max, pace))
        [replicas, limited] = bounds.max > pace ? [pace, UP_LIMIT] : [bounds.max, TOO_MANY];
    } else if (stable < current) {
      const pace = Math.min(current, this.#downLimit(current, down, now));
      if (stable < Math.max(bounds.min, pace))
        [replicas, limited] = bounds.min < pace ? [pace, DOWN_LIMIT] : [bounds.min, TOO_FEW];
    }
    return { replicas, able, isLimited: replicas !== stable, limited };
  }

  /** A change was made. */
  note(from: number, to: number, now: number): void {
    if (to > from) this.#ups.push({ time: now, count: to - from });
    else if (to < from) this.#downs.push({ time: now, count: from - to });
    const oldest = now - LONGEST_PERIOD_MS;
    this.#ups = this.#ups.filter(({ time }) => time > oldest);
    this.#downs = this.#downs.filter(({ time }) => time > oldest);
  }

  /** The highest recommendation of five minutes; up to twice as many, or four. */
  #plain({ current, desired, now }: Desire, { min, max }: { readonly min: number; readonly max: number }): Limited {
    const recent = this.#recommendations.filter(({ time }) => now - time <= DOWN.stabilizationWindowSeconds * 1000);
    const stable = Math.max(desired, ...recent.map(({ replicas }) => replicas));
    this.#recommendations = [...recent, { time: now, replicas: desired }];
    const able = stable === desired ? READY : DOWN_STABILISED;
    const pace = Math.max(2 * current, 4);
    let [replicas, limited] = [stable, WITHIN];
    if (stable < min) [replicas, limited] = [min, TOO_FEW];
    else if (stable > Math.min(max, pace)) [replicas, limited] = max > pace ? [pace, UP_LIMIT] : [max, TOO_MANY];
    return { replicas, able, isLimited: replicas !== stable, limited };
  }

  /** Windows in seconds. */
  #stabilise({ current, desired, now }: Desire, ...[up, down]: [up: number, down: number]): number {
    let least = desired;
    let most = desired;
    const longest = Math.max(up, down) * 1000;
    this.#recommendations = this.#recommendations.filter(({ time }) => now - time < longest);
    for (const { time, replicas } of this.#recommendations) {
      if (now - time < up * 1000) least = Math.min(least, replicas);
      if (now - time < down * 1000) most = Math.max(most, replicas);
    }
    this.#recommendations.push({ time: now, replicas: desired });
    // Up only as far as every recommendation of the window went, down only as far as the highest of them allows.
    return Math.min(Math.max(current, least), most);
  }

  #upLimit(current: number, rules: Rules, now: number): number {
    if (rules.selectPolicy === 'Disabled') return current;
    const limits = rules.policies.map((policy) => {
      const before = current - changed(this.#ups, policy, now) + changed(this.#downs, policy, now);
      return policy.type === 'Pods' ? before + policy.value : Math.ceil(before * (1 + policy.value / 100));
    });
    return rules.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits);
  }

  #downLimit(current: number, rules: Rules, now: number): number {
    if (rules.selectPolicy === 'Disabled') return current;
    const limits = rules.policies.map((policy) => {
      const before = current + changed(this.#downs, policy, now) - changed(this.#ups, policy, now);
      return policy.type === 'Pods' ? before - policy.value : Math.trunc(before * (1 - policy.value / 100));
    });
    // The policy that changes most is the one with the lowest limit.
    return rules.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits);
  }
}

/** Policies may look back half an hour. */
const LONGEST_PERIOD_MS = 1_800_000;

/** Replicas changed within a policy's period. */
function changed(changes: readonly Change[], { periodSeconds }: ScalingPolicy, now: number): number {
  let sum = 0;
  for (const { time, count } of changes) if (now - time < periodSeconds * 1000) sum += count;
  return sum;
}
