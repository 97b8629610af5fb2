/**
 * Replicas as the horizontal pod autoscaler of Kubernetes computes them (pkg/controller/podautoscaler/replica_calculator.go):
 * values are thousandths in 64 bits with a sign, sums and averages are divided without a rest, and ratios are doubles.
 */
import { isReady, type Pod } from '../objects.ts';

/** A metric's value of one pod. */
export interface PodMetric {
  /** Thousandths. */
  readonly value: bigint;
  /** Unix milliseconds of its end. */
  readonly timestamp: number;
  /** Milliseconds that it is about. */
  readonly window: number;
}

export interface CalculatorInput {
  readonly currentReplicas: number;
  /** Replicas that the target has, whatever it should have: what a value per replica is divided by. */
  readonly statusReplicas: number;
  /** Pods of the target. */
  readonly pods: readonly Pod[];
  /** By pod name; also of pods that are not the target's, if the server has answered so. */
  readonly metrics: ReadonlyMap<string, PodMetric>;
  readonly tolerance: Tolerance;
  readonly now: number;
  /** Young pods do not count while their CPU says nothing yet. */
  readonly cpu: boolean;
}

/** How far above and below 1 a ratio may be without any change. */
export interface Tolerance {
  readonly up: number;
  readonly down: number;
}

export interface Calculation {
  readonly replicas: number;
  /** What the pods use of what they request, in percent. Only of `byUtilization`. */
  readonly utilization?: number;
  /** Thousandths: the average per pod, or the value. */
  readonly value: bigint;
}

/** For five minutes after its start a pod's CPU counts only when it was measured since the pod is ready. */
const INITIALISATION_MS = 300_000;
/** A pod that became unready this soon was never ready. */
const INITIAL_READINESS_MS = 30_000;
const MOST_REPLICAS = 2 ** 31 - 1;
const MOST = 2n ** 63n - 1n;

/** Replicas by the share that pods use of what they request, both in thousandths. Throws when nothing can be computed. */
export function byUtilization(
  input: CalculatorInput,
  { target, requests }: { readonly target: number; readonly requests: ReadonlyMap<string, bigint> },
): Calculation {
  const groups = groupPods(input);
  const utilizationOf = (values: ReadonlyMap<string, bigint>) => {
    let used = 0n;
    let requested = 0n;
    let count = 0n;
    for (const [name, value] of values) {
      const request = requests.get(name);
      if (request === undefined) continue;
      used = int64(used + value);
      requested = int64(requested + request);
      count++;
    }
    if (requested === 0n) throw new Error('no metrics returned matched known pods');
    return { utilization: Number(BigInt.asIntN(32, int64(used * 100n) / requested)), average: used / count };
  };
  const { utilization, average } = utilizationOf(groups.values);
  const replicas = replicasFor(input, groups, {
    ratio: utilization / target,
    ratioOf: (values) => utilizationOf(values).utilization / target,
    // When less is needed, a missing pod counts as one that uses all it requests.
    high: (name) => int64((requests.get(name) ?? 0n) * BigInt(Math.max(100, target))) / 100n,
  });
  return { replicas, utilization, value: average };
}

/** Replicas by an average over the pods, in thousandths. Throws when nothing can be computed. */
export function byAverage(input: CalculatorInput, target: bigint): Calculation {
  const groups = groupPods(input);
  const averageOf = (values: ReadonlyMap<string, bigint>) => {
    let sum = 0n;
    for (const value of values.values()) sum = int64(sum + value);
    return sum / BigInt(values.size);
  };
  const average = averageOf(groups.values);
  const replicas = replicasFor(input, groups, {
    ratio: Number(average) / Number(target),
    ratioOf: (values) => Number(averageOf(values)) / Number(target),
    high: () => target,
  });
  return { replicas, value: average };
}

/** Replicas by one value that is not a pod's: of an object, or the sum of an external metric. Throws when there are no pods. */
export function byValue(
  { currentReplicas, pods, tolerance }: CalculatorInput,
  { value, target }: { readonly value: bigint; readonly target: bigint },
): Calculation {
  const ratio = Number(value) / Number(target);
  if (currentReplicas === 0) return { replicas: ceil(ratio), value };
  if (isWithin(ratio, tolerance)) return { replicas: currentReplicas, value };
  if (pods.length === 0)
    throw new Error('unable to calculate ready pods: no pods returned by selector while calculating replica count');
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isReady(pod)).length;
  return { replicas: ceil(ratio * ready), value };
}

/** The same with a target for each replica. */
export function byValuePerReplica(
  { statusReplicas, tolerance }: CalculatorInput,
  { value, target }: { readonly value: bigint; readonly target: bigint },
): Calculation {
  const ratio = Number(value) / (Number(target) * statusReplicas);
  const replicas = isWithin(ratio, tolerance) ? statusReplicas : ceil(Number(value) / Number(target));
  if (value === MOST || statusReplicas === 0) return { replicas, value };
  return { replicas, value: BigInt(Math.ceil(Number(value) / statusReplicas)) };
}

/** The sum of an external metric's values; what does not fit is the most that does. */
export function sumOf(values: readonly bigint[]): bigint {
  let sum = 0n;
  for (const value of values) {
    sum += value;
    if (sum > MOST) return MOST;
  }
  return int64(sum);
}

interface Groups {
  /** What counts, by pod: of ready pods, and of pods that are not the target's. */
  readonly values: ReadonlyMap<string, bigint>;
  /** How many of the target's pods count. */
  readonly ready: number;
  readonly unready: readonly string[];
  readonly missing: readonly string[];
}

interface Ratios {
  readonly ratio: number;
  readonly ratioOf: (values: ReadonlyMap<string, bigint>) => number;
  /** What a missing pod counts as when fewer replicas seem enough. */
  readonly high: (pod: string) => bigint;
}

function replicasFor(
  { currentReplicas, tolerance }: CalculatorInput,
  groups: Groups,
  { ratio, ratioOf, high }: Ratios,
): number {
  const { unready, missing } = groups;
  const withUnready = unready.length > 0 && ratio > 1;
  if (!withUnready && missing.length === 0) {
    return isWithin(ratio, tolerance) ? currentReplicas : ceil(ratio * groups.ready);
  }
  const values = new Map(groups.values);
  if (ratio < 1) for (const name of missing) values.set(name, high(name));
  else if (ratio > 1) for (const name of missing) values.set(name, 0n);
  if (withUnready) for (const name of unready) values.set(name, 0n);
  const careful = ratioOf(values);
  // What is not known must not turn the direction.
  if (isWithin(careful, tolerance) || (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1)) return currentReplicas;
  const replicas = ceil(careful * values.size);
  if ((careful < 1 && replicas > currentReplicas) || (careful > 1 && replicas < currentReplicas))
    return currentReplicas;
  return replicas;
}

function groupPods({ pods, metrics, now, cpu }: CalculatorInput): Groups {
  if (pods.length === 0) throw new Error('no pods returned by selector while calculating replica count');
  const values = new Map([...metrics].map(([name, { value }]) => [name, value]));
  const unready: string[] = [];
  const missing: string[] = [];
  let ready = 0;
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata;
    const phase = pod.status?.phase;
    const metric = metrics.get(name);
    if (deletionTimestamp !== undefined || phase === 'Failed') values.delete(name);
    else if (phase === 'Pending' || (metric !== undefined && cpu && isUnsettled(pod, metric, now))) {
      unready.push(name);
      values.delete(name);
    } else if (metric === undefined) missing.push(name);
    else ready++;
  }
  if (values.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)');
  return { values, ready, unready, missing };
}

function isUnsettled(pod: Pod, metric: PodMetric, now: number): boolean {
  const condition = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  const startTime = pod.status?.startTime;
  if (condition === undefined || startTime === undefined) return true;
  const started = Date.parse(startTime);
  const changed = Date.parse(condition.lastTransitionTime ?? startTime);
  if (started + INITIALISATION_MS > now) {
    return condition.status === 'False' || metric.timestamp < changed + metric.window;
  }
  return condition.status === 'False' && started + INITIAL_READINESS_MS > changed;
}

function isWithin(ratio: number, { up, down }: Tolerance): boolean {
  return 1 - down <= ratio && ratio <= 1 + up;
}

function ceil(replicas: number): number {
  return Math.min(MOST_REPLICAS, Math.ceil(replicas));
}

/** What 64 bits with a sign keep of a number. */
function int64(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}
