/**
 * An ExportMetricsServiceRequest of the OpenTelemetry protocol as both of its encodings give it: what is used of it. Times
 * are milliseconds since 1970.
 */
export interface OtlpRequest {
  readonly resources: readonly OtlpResource[];
}

export interface OtlpResource {
  readonly attributes: readonly Attribute[];
  /** Of all scopes. */
  readonly metrics: readonly OtlpMetric[];
}

/** Its value is what Attribute values may be: see `attributeText`. */
export type Attribute = readonly [key: string, value: AttributeValue];

export type AttributeValue =
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | readonly AttributeValue[]
  | { readonly entries: readonly Attribute[] }
  | undefined;

export type Temporality = 'unspecified' | 'delta' | 'cumulative';
/** By the number in AggregationTemporality. */
export const TEMPORALITIES: readonly Temporality[] = ['unspecified', 'delta', 'cumulative'];

export interface OtlpMetric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly data: MetricData | undefined;
}

export type MetricData =
  | { readonly kind: 'gauge'; readonly points: readonly NumberPoint[] }
  | {
      readonly kind: 'sum';
      readonly points: readonly NumberPoint[];
      readonly temporality: Temporality;
      readonly monotonic: boolean;
    }
  | { readonly kind: 'histogram'; readonly points: readonly HistogramPoint[]; readonly temporality: Temporality }
  /** Only counted. */
  | { readonly kind: 'exponential-histogram'; readonly points: { readonly length: number } }
  | { readonly kind: 'summary'; readonly points: readonly SummaryPoint[] };

interface AnyPoint {
  readonly attributes: readonly Attribute[];
  readonly timestamp: number;
  /** No value was recorded: the series ends here. */
  readonly ended: boolean;
}

export interface NumberPoint extends AnyPoint {
  readonly value: number;
}

export interface HistogramPoint extends AnyPoint {
  readonly count: number;
  readonly sum: number | undefined;
  /** How many values lie in each bucket, one more than there are bounds; or none. */
  readonly bucketCounts: readonly number[];
  readonly bounds: readonly number[];
}

export interface SummaryPoint extends AnyPoint {
  readonly count: number;
  readonly sum: number;
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[];
}

/** A body that is no such request. */
export class OtlpError extends Error {
  override readonly name = 'OtlpError';
}
