/** As docs/autoscaling-api.md has it. Times are RFC 3339. */
export interface Autoscaler {
  readonly namespace: string;
  readonly name: string;
  readonly target: { readonly kind: string; readonly name: string };
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly currentReplicas: number | null;
  readonly desiredReplicas: number | null;
  readonly lastScale: string | null;
  readonly lastDecision: ScalingDecision | null;
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
    readonly message: string;
    readonly since: string | null;
  }[];
  readonly metrics: readonly AutoscalerMetric[];
  readonly problems: readonly string[];
}

export interface ScalingDecision {
  readonly time: string | null;
  readonly from: number;
  readonly to: number;
  /** Why it was limited; '' when it was not. */
  readonly limit: string;
  /** What the controller saw of each metric. */
  readonly metrics: readonly string[];
}

interface TargetValue {
  readonly type: string;
  readonly text: string;
}

export interface AutoscalerMetric {
  readonly type: string;
  readonly metric: string;
  readonly selector: string;
  readonly origin: string | null;
  readonly target: TargetValue;
  /** What the controller saw last. */
  readonly seen: TargetValue | null;
  /** What would be compared with the target now. */
  readonly value: string | number | null;
  /** `age` is in seconds. */
  readonly served: { readonly count: number; readonly average: number; readonly age: number } | null;
  readonly lastError: { readonly time: string; readonly message: string } | null;
  readonly problem: string | null;
  /** Of one autoscaler alone: lines that say why it has its value. */
  readonly explanation?: readonly string[];
}

/** One autoscaler with what has been seen of it. */
export interface ExplainedAutoscaler extends Autoscaler {
  readonly decisions: readonly ScalingDecision[];
  readonly pods: string | null;
}

/** How full a metric is of its target, 1 being all; undefined when that cannot be told. */
export function metricShare({ seen, value, target }: AutoscalerMetric): number | undefined {
  const own = quantity(String(value ?? seen?.text ?? ''));
  const wanted = quantity(target.text);
  return own === undefined || wanted === undefined || wanted === 0 ? undefined : own / wanted;
}

const SUFFIXES: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50 },
};

/** A quantity of Kubernetes as a number; undefined for what is none. */
export function quantity(text: string): number | undefined {
  const [, number, suffix = ''] = /^([+-]?\d*\.?\d+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(text) ?? [];
  const factor = SUFFIXES[suffix];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}
