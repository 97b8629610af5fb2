import type { Labels } from '../../storage/labels.ts';
import type { LabelSelector } from './label-selector.ts';

/** An object that values are about. Of an external metric both are '' but the namespace may be said. */
export interface DescribedObject {
  readonly namespace: string;
  readonly name: string;
}

/**
 * A metric that autoscalers can ask for: one of the catalogue, or a named expression. It knows how to be evaluated for all its objects
 * at once; who asks for which of them never reaches the store.
 */
export interface ServedMetric {
  readonly name: string;
  readonly api: 'custom' | 'external';
  /** Of custom metrics: which objects it is of, as `pods`, `deployments.apps`, `nodes`. [] for external ones. */
  readonly resources: readonly string[];
  /** Milliseconds that a value is about, which autoscalers are told. */
  readonly window: number;
  /** Milliseconds that a value's samples may be old. What is older is an error. */
  readonly freshness: number;
  /** Milliseconds for which, beyond `freshness`, the last good value is served with its true timestamp. 0: none. */
  readonly hold: number;
  /** The one namespace whose objects it is about and that may ask for it; undefined for all. */
  readonly namespace: string | undefined;
  /**
   * Whether a selector over the metric's labels (metricLabelSelector, or labelSelector of an external metric) must be part of the
   * evaluation, because the labels are not in the result any more. Otherwise rows are chosen by their labels.
   */
  readonly selectsInside: boolean;
  /**
   * Of several rows about one object the one with the newest value counts: they are one series, of which another label has changed.
   * Otherwise several are ambiguous, and the object has no value. Default: false.
   */
  readonly newestCounts?: boolean;
  /** What an evaluation reads, and how far back, so that it can be kept in memory while the metric is evaluated. Default: nothing is known. */
  readonly reads?: readonly MetricRead[];
  /** For the user: `the k8s_* catalogue`, a configuration's `file:line`, or an object's kind and name. */
  readonly origin: string;
  /** Which object of a resource a row is about; undefined when it is about none. Not asked of external metrics. */
  objectOf(labels: Labels, resource: string): DescribedObject | undefined;
  /** Rejects with an Error whose message is for the user when it cannot be known; never with fewer rows than there are. */
  evaluate(request: EvaluationRequest, signal: AbortSignal): Promise<Evaluation>;
}

/** Samples of a series metric from so many milliseconds before an evaluation on. */
export interface MetricRead {
  readonly metric: string;
  readonly back: number;
}

export interface EvaluationRequest {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Over the metric's labels; EVERYTHING unless `selectsInside`. */
  readonly selector: LabelSelector;
}

/**
 * What an evaluation found, in columns. A row without a timestamp (NaN) or with a value that is not finite is kept, so that one can be told
 * why there is no value. The arrays belong to whoever gets them.
 */
export interface Evaluation {
  /** A metric's name may be among them and counts for nothing. Where rows are the same as the last time, the same array. */
  readonly labels: readonly Labels[];
  readonly values: Float64Array;
  /** Unix milliseconds of the oldest sample that a value was computed from. */
  readonly timestamps: Float64Array;
  /** By row: why the value is not to be trusted, as when the scrape of something that it sums failed; undefined when all is well. */
  readonly doubts: ReadonlyMap<number, string>;
}
