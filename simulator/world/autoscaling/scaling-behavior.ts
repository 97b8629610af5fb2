import type { Autoscaler, ScalingPolicy, ScalingRules } from './autoscaler-objects.ts';

const UP: Required<Omit<ScalingRules, 'tolerance'>> = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
};
const DOWN: Required<Omit<ScalingRules, 'tolerance'>> = {
  stabilizationWindowSeconds: 300,
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
};

interface Change {
  readonly time: number;
  /** Replicas added or taken away. */
  readonly count: number;
}

/** What was said and done about one target lately, and what may be done now. */
export class ScalingBehavior {
  #recommendations: { readonly time: number; readonly replicas: number }[] = [];
  #started = false;
  #ups: Change[] = [];
  #downs: Change[] = [];

  /**
   * What is done when `desired` is recommended: the stabilisation windows hold back, then the policies limit the pace, then
   * the bounds. `reason` says what changed the number last.
   */
  limit(
    { spec }: Pick<Autoscaler, 'spec'>,
    { current, desired, now }: { readonly current: number; readonly desired: number; readonly now: number },
  ): { readonly replicas: number; readonly stabilised: boolean; readonly reason: string; readonly message: string } {
    const up = { ...UP, ...spec.behavior?.scaleUp };
    const down = { ...DOWN, ...spec.behavior?.scaleDown };
    const stable = this.#stabilise({ current, desired, now, up, down });
    const minReplicas = spec.minReplicas ?? 1;
    const { maxReplicas } = spec;
    let replicas = stable;
    let reason = 'DesiredWithinRange';
    let message = 'the desired count is within the acceptable range';
    const set = (value: number, why: string, what: string) => {
      if (value === replicas) return;
      replicas = value;
      reason = why;
      message = what;
    };
    if (stable > current) {
      const pace = Math.max(current, this.#upLimit(current, up, now));
      if (replicas > Math.min(maxReplicas, pace)) {
        if (maxReplicas <= pace)
          set(maxReplicas, 'TooManyReplicas', 'the desired replica count is more than the maximum replica count');
        else set(pace, 'ScaleUpLimit', 'the desired replica count is increasing faster than the maximum scale rate');
      }
    } else if (stable < current) {
      const pace = Math.min(current, this.#downLimit(current, down, now));
      if (replicas < Math.max(minReplicas, pace)) {
        if (minReplicas >= pace)
          set(minReplicas, 'TooFewReplicas', 'the desired replica count is less than the minimum replica count');
        else set(pace, 'ScaleDownLimit', 'the desired replica count is decreasing faster than the maximum scale rate');
      }
    }
    if (replicas > maxReplicas)
      set(maxReplicas, 'TooManyReplicas', 'the desired replica count is more than the maximum replica count');
    if (replicas < minReplicas)
      set(minReplicas, 'TooFewReplicas', 'the desired replica count is less than the minimum replica count');
    return { replicas, stabilised: stable !== desired, reason, message };
  }

  /** A change was made. */
  note(from: number, to: number, now: number): void {
    if (to > from) this.#ups.push({ time: now, count: to - from });
    else if (to < from) this.#downs.push({ time: now, count: from - to });
  }

  #stabilise({
    current,
    desired,
    now,
    up,
    down,
  }: {
    readonly current: number;
    readonly desired: number;
    readonly now: number;
    readonly up: Required<Omit<ScalingRules, 'tolerance'>>;
    readonly down: Required<Omit<ScalingRules, 'tolerance'>>;
  }): number {
    // Who has just started takes what is there for the first recommendation, rather than scale down at once.
    if (!this.#started) this.#recommendations.push({ time: now, replicas: current });
    this.#started = true;
    let least = desired;
    let most = desired;
    const longest = Math.max(up.stabilizationWindowSeconds, down.stabilizationWindowSeconds) * 1000;
    this.#recommendations = this.#recommendations.filter(({ time }) => now - time < longest);
    for (const { time, replicas } of this.#recommendations) {
      if (now - time < up.stabilizationWindowSeconds * 1000) least = Math.min(least, replicas);
      if (now - time < down.stabilizationWindowSeconds * 1000) most = Math.max(most, replicas);
    }
    this.#recommendations.push({ time: now, replicas: desired });
    // Up only as far as every recommendation of the window went, down only as far as the highest of them allows.
    if (current < least) return least;
    if (current > most) return most;
    return current;
  }

  #upLimit(current: number, rules: Required<Omit<ScalingRules, 'tolerance'>>, now: number): number {
    if (rules.selectPolicy === 'Disabled') return current;
    const limits = rules.policies.map((policy) => {
      const before = current - changed(this.#ups, policy, now) + changed(this.#downs, policy, now);
      return policy.type === 'Pods' ? before + policy.value : Math.ceil(before * (1 + policy.value / 100));
    });
    return rules.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits);
  }

  #downLimit(current: number, rules: Required<Omit<ScalingRules, 'tolerance'>>, now: number): number {
    if (rules.selectPolicy === 'Disabled') return current;
    const limits = rules.policies.map((policy) => {
      const before = current + changed(this.#downs, policy, now) - changed(this.#ups, policy, now);
      return policy.type === 'Pods' ? before - policy.value : Math.floor(before * (1 - policy.value / 100));
    });
    // The policy that changes most is the one with the lowest limit.
    return rules.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits);
  }
}

/** Replicas changed within a policy's period. */
function changed(changes: readonly Change[], { periodSeconds }: ScalingPolicy, now: number): number {
  let sum = 0;
  for (const { time, count } of changes) if (now - time < periodSeconds * 1000) sum += count;
  return sum;
}
