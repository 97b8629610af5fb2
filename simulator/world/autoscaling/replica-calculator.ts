import { isReady, type Pod } from '../objects.ts';

/** A metric's value of one pod. */
export interface PodMetric {
  readonly value: number;
  /** Unix milliseconds of its end. */
  readonly timestamp: number;
  /** Milliseconds that it is about. */
  readonly window: number;
}

export interface CalculatorInput {
  readonly currentReplicas: number;
  /** Pods of the target. */
  readonly pods: readonly Pod[];
  /** By pod name. */
  readonly metrics: ReadonlyMap<string, PodMetric>;
  readonly tolerance: number;
  readonly now: number;
  /** Young pods do not count while their CPU says nothing yet. */
  readonly cpu: boolean;
}

export interface Calculation {
  readonly replicas: number;
  /** What is compared with the target: a utilisation in percent, or an average value. */
  readonly current: number;
  /** Average value per pod. */
  readonly average: number;
}

/** For five minutes after its start a pod's CPU counts only when it was measured since the pod is ready. */
const INITIALISATION_MS = 300_000;
/** A pod that became unready this soon was never ready. */
const INITIAL_READINESS_MS = 30_000;

/**
 * Replicas by the share that pods use of what they request, as the horizontal pod autoscaler of Kubernetes computes them.
 * Undefined when no pod has both a metric and a request.
 */
export function byUtilization(
  input: CalculatorInput,
  { target, requests }: { readonly target: number; readonly requests: ReadonlyMap<string, number> },
): Calculation | undefined {
  const groups = groupPods(input);
  let used = 0;
  let requested = 0;
  for (const [name, value] of groups.ready) {
    used += value;
    requested += requests.get(name) ?? 0;
  }
  if (groups.ready.size === 0 || requested === 0) return undefined;
  const utilization = Math.floor((100 * used) / requested);
  const ratioOf = (values: ReadonlyMap<string, number>) => {
    let [sum, all] = [0, 0];
    for (const [name, value] of values) {
      sum += value;
      all += requests.get(name) ?? 0;
    }
    return all === 0 ? 0 : Math.floor((100 * sum) / all) / target;
  };
  const replicas = replicasFor(input, groups, {
    ratio: utilization / target,
    ratioOf,
    // When less is needed, a missing pod counts as one that uses all it requests.
    high: (name) => ((requests.get(name) ?? 0) * Math.max(100, target)) / 100,
  });
  return { replicas, current: utilization, average: used / groups.ready.size };
}

/** Replicas by an average over the pods. Undefined when no pod has a metric. */
export function byAverage(input: CalculatorInput, target: number): Calculation | undefined {
  const groups = groupPods(input);
  if (groups.ready.size === 0) return undefined;
  const averageOf = (values: ReadonlyMap<string, number>) => {
    let sum = 0;
    for (const value of values.values()) sum += value;
    return sum / values.size;
  };
  const average = averageOf(groups.ready);
  const replicas = replicasFor(input, groups, {
    ratio: average / target,
    ratioOf: (values) => averageOf(values) / target,
    high: () => target,
  });
  return { replicas, current: average, average };
}

/** Replicas by one value that is not a pod's: of an object, or the sum of an external metric. */
export function byValue({ currentReplicas, pods, tolerance }: CalculatorInput, ratio: number): number {
  if (withinTolerance(ratio, tolerance)) return currentReplicas;
  return Math.ceil(ratio * pods.filter(isReady).length);
}

/** The same with a target for each replica. */
export function byValuePerReplica(
  { currentReplicas, tolerance }: CalculatorInput,
  ...[value, target]: [number, number]
): number {
  if (withinTolerance(value / (target * currentReplicas), tolerance)) return currentReplicas;
  return Math.ceil(value / target);
}

interface Groups {
  readonly ready: Map<string, number>;
  readonly unready: readonly string[];
  readonly missing: readonly string[];
}

interface Ratios {
  readonly ratio: number;
  readonly ratioOf: (values: ReadonlyMap<string, number>) => number;
  /** What a missing pod counts as when fewer replicas seem enough. */
  readonly high: (pod: string) => number;
}

function replicasFor(
  { currentReplicas, tolerance }: CalculatorInput,
  groups: Groups,
  { ratio, ratioOf, high }: Ratios,
): number {
  const { ready, unready, missing } = groups;
  const withUnready = unready.length > 0 && ratio > 1;
  if (!withUnready && missing.length === 0) {
    return withinTolerance(ratio, tolerance) ? currentReplicas : Math.ceil(round(ratio * ready.size));
  }
  const values = new Map(ready);
  if (missing.length > 0 && ratio !== 1) for (const name of missing) values.set(name, ratio < 1 ? high(name) : 0);
  if (withUnready) for (const name of unready) values.set(name, 0);
  const careful = ratioOf(values);
  // What is not known must not turn the direction.
  if (withinTolerance(careful, tolerance) || (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1))
    return currentReplicas;
  const replicas = Math.ceil(round(careful * values.size));
  if ((careful < 1 && replicas > currentReplicas) || (careful > 1 && replicas < currentReplicas))
    return currentReplicas;
  return replicas;
}

function groupPods({ pods, metrics, now, cpu }: CalculatorInput): Groups {
  const ready = new Map<string, number>();
  const unready: string[] = [];
  const missing: string[] = [];
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata;
    const phase = pod.status?.phase;
    if (deletionTimestamp !== undefined || phase === 'Failed' || phase === 'Succeeded') continue;
    const metric = metrics.get(name);
    if (phase === 'Pending') unready.push(name);
    else if (metric === undefined) missing.push(name);
    else if (cpu && isUnsettled(pod, metric, now)) unready.push(name);
    else ready.set(name, metric.value);
  }
  return { ready, unready, missing };
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

function withinTolerance(ratio: number, tolerance: number): boolean {
  return Math.abs(1 - ratio) <= tolerance;
}

/** Takes the last digits of a product off, so that 3.0000000000000004 is 3. */
function round(value: number): number {
  return Number(value.toPrecision(13));
}
