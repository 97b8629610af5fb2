import { describe, expect, it } from 'vitest';
import type { Pod } from '../objects.ts';
import { milliText, milliValue } from './milli-value.ts';
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
    if (value !== undefined) metrics.set(names[index]!, { value: milli(value), timestamp: NOW, window: 30_000 });
  }
  const pods = names.map((name) => pod(name));
  const tolerance = { up: 0.1, down: 0.1 };
  const count = values.length;
  return { currentReplicas: count, statusReplicas: count, pods, metrics, tolerance, now: NOW, cpu: true, ...more };
}

function requests(value: number, names = 'abcdefgh'): Map<string, bigint> {
  return new Map([...names].map((name) => [name, milli(value)]));
}

function milli(value: number): bigint {
  return BigInt(Math.round(value * 1000));
}

const average = (given: CalculatorInput, target: number) => byAverage(given, milli(target));
const single = (given: CalculatorInput, ...[value, target]: [number, number]) =>
  byValue(given, { value: milli(value), target: milli(target) }).replicas;
const perReplica = (given: CalculatorInput, ...[value, target]: [number, number]) =>
  byValuePerReplica(given, { value: milli(value), target: milli(target) });

describe('replicas', () => {
  it('follow the share of what is requested', () => {
    expect(byUtilization(input([0.6, 0.6, 0.6]), { target: 30, requests: requests(1) }).replicas).toBe(6);
    expect(byUtilization(input([0.3, 0.5, 0.7]), { target: 30, requests: requests(1) })).toMatchObject({
      replicas: 5,
      utilization: 50,
    });
    expect(byUtilization(input([0.1, 0.1, 0.1, 0.1]), { target: 50, requests: requests(1) }).replicas).toBe(1);
    expect(() => byUtilization(input([]), { target: 50, requests: requests(1) })).toThrow('no pods returned');
    expect(() => byUtilization(input([undefined]), { target: 50, requests: requests(1) })).toThrow(
      'did not receive metrics for targeted pods',
    );
  });

  it('stay within a tenth of the target', () => {
    expect(byUtilization(input([1.01, 1.03, 1.02]), { target: 100, requests: requests(1) }).replicas).toBe(3);
    expect(average(input([54, 54]), 50).replicas).toBe(2);
    expect(average(input([56, 56]), 50).replicas).toBe(3);
  });

  it('count missing pods as idle when more is needed, as busy when less is', () => {
    // 0.95 + 0.95 of 2 is twice the target of 50 %; the third pod counts as 0, so 63 % of three: 4.
    expect(byUtilization(input([0.95, 0.95, undefined]), { target: 50, requests: requests(1) }).replicas).toBe(4);
    // A fifth of the target; the missing one counts as one that uses all it requests.
    expect(byUtilization(input([0.1, 0.1, undefined]), { target: 50, requests: requests(1) }).replicas).toBe(3);
    expect(average(input([10, 10, undefined]), 100).replicas).toBe(2);
  });

  it('count pods that are not ready as idle when more is needed', () => {
    const young = input([0.9, 0.9, 0.9]);
    const pods = [pod('a'), pod('b'), pod('c', { ready: false, age: 20_000, changed: 20_000 })];
    expect(byUtilization({ ...young, pods }, { target: 30, requests: requests(1) }).replicas).toBe(6);
    // Ready for less time than the metric is about: it says nothing yet.
    const warm = [pod('a'), pod('b'), pod('c', { age: 60_000, changed: 10_000 })];
    expect(byUtilization({ ...young, pods: warm }, { target: 30, requests: requests(1) }).replicas).toBe(6);
    expect(byUtilization({ ...young, pods: warm, cpu: false }, { target: 30, requests: requests(1) }).replicas).toBe(9);
  });

  it('follow single values', () => {
    expect(single(input([1, 1, 1]), 2, 1)).toBe(6);
    expect(single(input([1, 1, 1]), 1.05, 1)).toBe(3);
    // Only ready pods are multiplied; with none wanted at all, the ratio itself is the number.
    expect(single(input([1, 1, 1], { pods: [pod('a'), pod('b', { ready: false })] }), 4, 1)).toBe(4);
    expect(single(input([], { currentReplicas: 0 }), 41, 10)).toBe(5);
    expect(() => single(input([], { currentReplicas: 2 }), 41, 10)).toThrow('no pods returned by selector');
    expect(perReplica(input([1, 1, 1]), 100, 20)).toEqual({ replicas: 5, value: 33_334n });
    expect(perReplica(input([1, 1, 1]), 62, 20).replicas).toBe(3);
    // What is there counts, not what shall be there: 100 of 2 x 20 is too much, 100 of 5 x 20 is not.
    expect(perReplica(input([1, 1, 1], { statusReplicas: 5 }), 100, 20).replicas).toBe(5);
  });

  it('are computed in thousandths, with what is left of a division dropped', () => {
    // 100 of 300 are 33 %, so that the ratio is 33 / 40: 0.825 of three is 2.475.
    expect(byUtilization(input([0.1, 0, 0]), { target: 40, requests: requests(0.1) })).toMatchObject({
      utilization: 33,
      replicas: 3,
      value: 33n,
    });
    // 90.9 % is 90 %, which is still within the tolerance, and so is 110 %.
    expect(average(input([0.002, 0.003]), 0.003).value).toBe(2n);
    expect(byUtilization(input([0.909, 0.909]), { target: 100, requests: requests(1) }).replicas).toBe(2);
    expect(byUtilization(input([1.1, 1.1]), { target: 100, requests: requests(1) }).replicas).toBe(2);
  });

  it('have tolerances of their own for each direction', () => {
    const tolerance = { up: 0.5, down: 0 };
    expect(average(input([140, 140], { tolerance }), 100).replicas).toBe(2);
    expect(average(input([151, 151], { tolerance }), 100).replicas).toBe(4);
    expect(average(input([49, 49], { tolerance }), 100).replicas).toBe(1);
  });

  it('stay when pods are missing and the others are just on target', () => {
    expect(average(input([100, 100, undefined]), 100).replicas).toBe(3);
    expect(byUtilization(input([0.5, 0.5, undefined]), { target: 50, requests: requests(1) }).replicas).toBe(3);
  });

  it('do not count failed and terminating pods, and count metrics of pods that are not theirs', () => {
    const gone = { ...pod('c'), metadata: { name: 'c', deletionTimestamp: 'x' } };
    expect(average(input([100, 100, 900], { pods: [pod('a'), pod('b'), gone] }), 50).replicas).toBe(4);
    // Three values of 300 on average, of which two are the target's pods: twice six.
    expect(average(input([100, 100, 700], { pods: [pod('a'), pod('b')] }), 50)).toEqual({
      replicas: 12,
      value: 300_000n,
    });
  });

  it('never turn the direction because of what is missing', () => {
    // One of four says three times the target; with three idle ones it would be less than the target.
    expect(average(input([30, undefined, undefined, undefined]), 10).replicas).toBe(4);
    expect(average(input([1, undefined, undefined, undefined]), 10).replicas).toBe(4);
  });
});

describe('scaling', () => {
  const spec = { scaleTargetRef: { kind: 'Deployment', name: 'x' }, minReplicas: 2, maxReplicas: 30 };

  const fast = { ...spec, behavior: {} };

  it('adds four pods or doubles them in 15 s, whichever is more, with a behavior', () => {
    const behavior = new ScalingBehavior();
    expect(behavior.limit({ spec: fast }, { current: 2, desired: 30, now: NOW })).toMatchObject({
      replicas: 6,
      isLimited: true,
      limited: { reason: 'ScaleUpLimit' },
    });
    behavior.note(2, 6, NOW);
    expect(behavior.limit({ spec: fast }, { current: 6, desired: 30, now: NOW + 5000 }).replicas).toBe(6);
    expect(behavior.limit({ spec: fast }, { current: 6, desired: 30, now: NOW + 15_000 }).replicas).toBe(12);
  });

  it('doubles them, to four at least, without one', () => {
    const limit = (current: number) => new ScalingBehavior().limit({ spec }, { current, desired: 30, now: NOW });
    expect(limit(1)).toMatchObject({ replicas: 4, isLimited: true, limited: { reason: 'ScaleUpLimit' } });
    expect(limit(5).replicas).toBe(10);
    expect(limit(20)).toMatchObject({ replicas: 30, isLimited: false, limited: { reason: 'DesiredWithinRange' } });
  });

  it('follows without a behavior the highest recommendation of five minutes, also upwards', () => {
    const behavior = new ScalingBehavior();
    expect(behavior.limit({ spec }, { current: 4, desired: 20, now: NOW }).replicas).toBe(8);
    expect(behavior.limit({ spec }, { current: 8, desired: 9, now: NOW + 15_000 })).toMatchObject({
      replicas: 16,
      able: { reason: 'ScaleDownStabilized' },
    });
  });

  it('takes pods away only when nothing higher was recommended for five minutes', () => {
    const behavior = new ScalingBehavior();
    behavior.limit({ spec }, { current: 10, desired: 10, now: NOW });
    expect(behavior.limit({ spec }, { current: 10, desired: 3, now: NOW + 200_000 })).toMatchObject({
      replicas: 10,
      able: { reason: 'ScaleDownStabilized' },
    });
    expect(behavior.limit({ spec }, { current: 10, desired: 4, now: NOW + 301_000 }).replicas).toBe(4);
  });

  it('keeps within the bounds', () => {
    const behavior = new ScalingBehavior();
    expect(behavior.limit({ spec }, { current: 25, desired: 80, now: NOW })).toMatchObject({
      replicas: 30,
      isLimited: true,
      limited: { reason: 'TooManyReplicas' },
    });
    const few = new ScalingBehavior();
    few.begin(2, NOW);
    expect(few.limit({ spec }, { current: 2, desired: 1, now: NOW + 301_000 })).toMatchObject({
      replicas: 2,
      isLimited: true,
      limited: { reason: 'TooFewReplicas' },
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

describe('quantities', () => {
  it('are thousandths, rounded away from zero', () => {
    const values = ['1', '1500m', '12345n', '0.0001', '-0.0001', '1Ki', '1.5Gi', '2k', '1e3', '0', '.5'];
    expect(values.map(milliValue)).toEqual([
      1000n,
      1500n,
      1n,
      1n,
      -1n,
      1_024_000n,
      1_610_612_736_000n,
      2_000_000n,
      1_000_000n,
      0n,
      500n,
    ]);
    expect(['1', '1500m', '-1m'].map((value) => milliText(milliValue(value)))).toEqual(['1', '1500m', '-1m']);
    for (const text of ['', 'm', '1x', '1 k', '1e', `${'9'.repeat(500)}`, '1e999'])
      expect(() => milliValue(text), text).toThrow('a quantity must look like');
  });

  it('are 0 when they do not fit, as an autoscaler sees them', () => {
    expect(milliValue('9223372036854775807m')).toBe(2n ** 63n - 1n);
    expect(milliValue('9223372036854775808m')).toBe(0n);
    expect(milliValue('10P')).toBe(0n);
    expect(milliValue('9E')).toBe(0n);
  });
});
