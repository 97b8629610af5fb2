import { describe, expect, it } from 'vitest';
import type { Pod } from '../objects.ts';
import {
  byAverage,
  byUtilization,
  byValue,
  byValuePerReplica,
  type CalculatorInput,
  type PodMetric,
} from './replica-calculator.ts';
import { ScalingBehavior } from './scaling-behavior.ts';

const NOW = Date.parse('2026-03-04T12:00:00Z');

function pod(name: string, { ready = true, age = 3_600_000, changed = 3_500_000 } = {}): Pod {
  const time = (ago: number) => new Date(NOW - ago).toISOString();
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [] },
    status: {
      phase: 'Running',
      startTime: time(age),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: time(changed) }],
    },
  };
}

/** Pods a, b, c, … with these values; undefined is a pod without a metric. */
function input(values: readonly (number | undefined)[], more: Partial<CalculatorInput> = {}): CalculatorInput {
  const names = values.map((_, index) => String.fromCharCode(97 + index));
  const metrics = new Map<string, PodMetric>();
  for (const [index, value] of values.entries()) {
    if (value !== undefined) metrics.set(names[index]!, { value, timestamp: NOW, window: 30_000 });
  }
  const pods = names.map((name) => pod(name));
  return { currentReplicas: values.length, pods, metrics, tolerance: 0.1, now: NOW, cpu: true, ...more };
}

function requests(value: number, names = 'abcdefgh'): Map<string, number> {
  return new Map([...names].map((name) => [name, value]));
}

describe('replicas', () => {
  it('follow the share of what is requested', () => {
    expect(byUtilization(input([0.6, 0.6, 0.6]), { target: 30, requests: requests(1) })?.replicas).toBe(6);
    expect(byUtilization(input([0.3, 0.5, 0.7]), { target: 30, requests: requests(1) })).toMatchObject({
      replicas: 5,
      current: 50,
    });
    expect(byUtilization(input([0.1, 0.1, 0.1, 0.1]), { target: 50, requests: requests(1) })?.replicas).toBe(1);
    expect(byUtilization(input([]), { target: 50, requests: requests(1) })).toBeUndefined();
  });

  it('stay within a tenth of the target', () => {
    expect(byUtilization(input([1.01, 1.03, 1.02]), { target: 100, requests: requests(1) })?.replicas).toBe(3);
    expect(byAverage(input([54, 54]), 50)?.replicas).toBe(2);
    expect(byAverage(input([56, 56]), 50)?.replicas).toBe(3);
  });

  it('count missing pods as idle when more is needed, as busy when less is', () => {
    // 0.95 + 0.95 of 2 is twice the target of 50 %; the third pod counts as 0, so 63 % of three: 4.
    expect(byUtilization(input([0.95, 0.95, undefined]), { target: 50, requests: requests(1) })?.replicas).toBe(4);
    // A fifth of the target; the missing one counts as one that uses all it requests.
    expect(byUtilization(input([0.1, 0.1, undefined]), { target: 50, requests: requests(1) })?.replicas).toBe(3);
    expect(byAverage(input([10, 10, undefined]), 100)?.replicas).toBe(2);
  });

  it('count pods that are not ready as idle when more is needed', () => {
    const young = input([0.9, 0.9, 0.9]);
    const pods = [pod('a'), pod('b'), pod('c', { ready: false, age: 20_000, changed: 20_000 })];
    expect(byUtilization({ ...young, pods }, { target: 30, requests: requests(1) })?.replicas).toBe(6);
    // Ready for less time than the metric is about: it says nothing yet.
    const warm = [pod('a'), pod('b'), pod('c', { age: 60_000, changed: 10_000 })];
    expect(byUtilization({ ...young, pods: warm }, { target: 30, requests: requests(1) })?.replicas).toBe(6);
    expect(byUtilization({ ...young, pods: warm, cpu: false }, { target: 30, requests: requests(1) })?.replicas).toBe(
      9,
    );
  });

  it('follow single values', () => {
    expect(byValue(input([1, 1, 1]), 2)).toBe(6);
    expect(byValue(input([1, 1, 1]), 1.05)).toBe(3);
    expect(byValuePerReplica(input([1, 1, 1]), 100, 20)).toBe(5);
    expect(byValuePerReplica(input([1, 1, 1]), 62, 20)).toBe(3);
  });
});

describe('scaling', () => {
  const spec = { scaleTargetRef: { kind: 'Deployment', name: 'x' }, minReplicas: 2, maxReplicas: 30 };

  it('adds four pods or doubles them in 15 s, whichever is more', () => {
    const behavior = new ScalingBehavior();
    expect(behavior.limit({ spec }, { current: 2, desired: 30, now: NOW })).toMatchObject({
      replicas: 6,
      reason: 'ScaleUpLimit',
    });
    behavior.note(2, 6, NOW);
    expect(behavior.limit({ spec }, { current: 6, desired: 30, now: NOW + 5000 }).replicas).toBe(6);
    expect(behavior.limit({ spec }, { current: 6, desired: 30, now: NOW + 15_000 }).replicas).toBe(12);
  });

  it('takes pods away only when nothing higher was recommended for five minutes', () => {
    const behavior = new ScalingBehavior();
    behavior.limit({ spec }, { current: 10, desired: 10, now: NOW });
    expect(behavior.limit({ spec }, { current: 10, desired: 3, now: NOW + 200_000 })).toMatchObject({
      replicas: 10,
      stabilised: true,
    });
    expect(behavior.limit({ spec }, { current: 10, desired: 4, now: NOW + 301_000 }).replicas).toBe(4);
  });

  it('keeps within the bounds', () => {
    const behavior = new ScalingBehavior();
    expect(behavior.limit({ spec }, { current: 25, desired: 80, now: NOW })).toMatchObject({
      replicas: 30,
      reason: 'TooManyReplicas',
    });
    expect(new ScalingBehavior().limit({ spec }, { current: 1, desired: 1, now: NOW })).toMatchObject({
      replicas: 2,
      reason: 'TooFewReplicas',
    });
  });

  it('follows the policies of the object', () => {
    const behavior = new ScalingBehavior();
    const own = {
      ...spec,
      behavior: {
        scaleUp: { policies: [{ type: 'Pods' as const, value: 1, periodSeconds: 60 }] },
        scaleDown: {
          stabilizationWindowSeconds: 0,
          policies: [{ type: 'Percent' as const, value: 10, periodSeconds: 60 }],
        },
      },
    };
    expect(behavior.limit({ spec: own }, { current: 5, desired: 9, now: NOW }).replicas).toBe(6);
    expect(new ScalingBehavior().limit({ spec: own }, { current: 20, desired: 20, now: NOW }).replicas).toBe(20);
    expect(behavior.limit({ spec: own }, { current: 20, desired: 2, now: NOW + 60_000 }).replicas).toBe(18);
    const never = {
      ...own,
      behavior: { scaleDown: { stabilizationWindowSeconds: 0, selectPolicy: 'Disabled' as const } },
    };
    expect(behavior.limit({ spec: never }, { current: 20, desired: 2, now: NOW + 120_000 }).replicas).toBe(20);
  });
});
