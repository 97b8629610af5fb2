import { Labels, METRIC_NAME } from '../../../storage/labels.ts';
import type { Metadata, MetricType } from '../../../storage/series.ts';
import { attributeText } from './attribute-text.ts';
import { labelName, metricName, type NamedKind, unitName } from './metric-name.ts';
import type { Attribute, HistogramPoint, MetricData, OtlpMetric, OtlpRequest, OtlpResource } from './otlp-request.ts';

/** Half of the look-back: with samples so far apart, target_info is there at every time of a request. */
const TARGET_INFO_INTERVAL = 150_000;
/** A request whose times lie further apart has target_info only at its end. */
const MAX_TARGET_INFOS = 100;

/** A sample to be stored. `points` data points are lost when it cannot be; the other samples of a point have 0. */
export interface TranslatedSample {
  readonly labels: Labels;
  readonly timestamp: number;
  readonly value: number;
  readonly stale: boolean;
  readonly points: number;
}

export interface Translation {
  readonly samples: TranslatedSample[];
  readonly metadata: Metadata[];
  /** Data points that have no place in Prometheus' model, by the reason. */
  readonly rejected: Map<string, number>;
}

/**
 * The samples that Prometheus makes of OpenTelemetry's data points by default: names with units and suffixes, attributes
 * as labels, `job` and `instance` from the resource, whose other attributes are the labels of `target_info`. Histograms
 * become classic ones. What accumulates from zero between reports (delta) and exponential histograms are rejected.
 */
export function translate(request: OtlpRequest): Translation {
  const translation: Translation = { samples: [], metadata: [], rejected: new Map() };
  for (const resource of request.resources) translateResource(resource, translation);
  return translation;
}

function translateResource(resource: OtlpResource, translation: Translation): void {
  const { samples, metadata, rejected } = translation;
  const identity = identityOf(resource.attributes);
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const metric of resource.metrics) {
    const problem = problemOf(metric);
    if (problem !== undefined) {
      rejected.set(problem, (rejected.get(problem) ?? 0) + (metric.data?.points.length ?? 0));
      continue;
    }
    const data = metric.data!;
    const name = metricName(metric.name, metric.unit, kindOf(data));
    const from = samples.length;
    addPoints(samples, data, { name, identity });
    for (let i = from; i < samples.length; i++) {
      const { timestamp } = samples[i]!;
      first = Math.min(first, timestamp);
      last = Math.max(last, timestamp);
    }
    if (samples.length > from) {
      metadata.push({ metric: name, type: typeOf(data), help: metric.description, unit: unitName(metric.unit) });
    }
  }
  if (last > Number.NEGATIVE_INFINITY) addTargetInfo(translation, { resource, identity, first, last });
}

/** Why none of a metric's points can be stored; undefined when they can. */
function problemOf({ name, unit, data }: OtlpMetric): string | undefined {
  if (data === undefined) return `metric ${JSON.stringify(name)} has data of no known kind`;
  if (metricName(name, unit, kindOf(data)) === '') return `${JSON.stringify(name)} cannot be the name of a metric`;
  if (data.kind === 'exponential-histogram') {
    return `metric ${JSON.stringify(name)} is an exponential histogram, which is not stored`;
  }
  if ((data.kind === 'sum' || data.kind === 'histogram') && data.temporality !== 'cumulative') {
    return `metric ${JSON.stringify(name)} has the temporality ${data.temporality}, it must be cumulative`;
  }
  return undefined;
}

function kindOf(data: MetricData): NamedKind {
  if (data.kind === 'gauge') return 'gauge';
  return data.kind === 'sum' && data.monotonic ? 'counter' : 'other';
}

function typeOf(data: MetricData): MetricType {
  switch (data.kind) {
    case 'gauge':
      return 'gauge';
    case 'sum':
      return data.monotonic ? 'counter' : 'gauge';
    case 'histogram':
    case 'exponential-histogram':
      return 'histogram';
    case 'summary':
      return 'summary';
    default:
      return data satisfies never;
  }
}

type LabelMap = ReadonlyMap<string, string>;

function addPoints(
  samples: TranslatedSample[],
  data: MetricData,
  { name, identity }: { readonly name: string; readonly identity: LabelMap },
): void {
  if (data.kind === 'exponential-histogram') return;
  for (const point of data.points) {
    const labels = labelsOf(point.attributes, identity);
    let points = 1;
    const add = (metric: string, value: number, ...extra: (readonly [string, string])[]): void => {
      samples.push({
        labels: Labels.from([...labels, ...extra, [METRIC_NAME, metric]]),
        timestamp: point.timestamp,
        value: point.ended ? Number.NaN : value,
        stale: point.ended,
        points,
      });
      points = 0;
    };
    if ('value' in point) add(name, point.value);
    else if ('quantiles' in point) {
      add(`${name}_count`, point.count);
      add(`${name}_sum`, point.sum);
      for (const { quantile, value } of point.quantiles) add(name, value, ['quantile', boundText(quantile)]);
    } else addHistogram(point, name, add);
  }
}

/** Counts up to each bound, with those below it. */
function addHistogram(
  point: HistogramPoint,
  name: string,
  add: (metric: string, value: number, ...extra: (readonly [string, string])[]) => void,
): void {
  const { count, sum, bounds, bucketCounts } = point;
  add(`${name}_count`, count);
  if (sum !== undefined) add(`${name}_sum`, sum);
  let below = 0;
  for (let i = 0; i < bounds.length && i < bucketCounts.length; i++) {
    below += bucketCounts[i]!;
    add(`${name}_bucket`, below, ['le', boundText(bounds[i]!)]);
  }
  add(`${name}_bucket`, count, ['le', '+Inf']);
}

/** The fewest digits that give the number back, never an exponent. */
function boundText(bound: number): string {
  if (!Number.isFinite(bound)) return Number.isNaN(bound) ? 'NaN' : bound > 0 ? '+Inf' : '-Inf';
  const size = Math.abs(bound);
  if (size === 0 || (size >= 1e-6 && size < 1e21)) return String(bound);
  const [mantissa = '', power = '0'] = size.toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(power);
  const text = exponent < 0 ? `0.${'0'.repeat(-exponent - 1)}${digits}` : digits.padEnd(exponent + 1, '0');
  return bound < 0 ? `-${text}` : text;
}

/** Attributes whose names become the same label are joined with a semicolon, in the order of their names. */
function labelsOf(attributes: readonly Attribute[], identity: LabelMap): Map<string, string> {
  const labels = new Map<string, string>();
  const sorted = attributes.length > 1 ? [...attributes].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) : attributes;
  for (const [key, value] of sorted) {
    const name = labelName(key);
    // Without a name it is no label; the metric's name is none of the attributes.
    if (name === '' || name === METRIC_NAME) continue;
    const text = attributeText(value);
    const other = labels.get(name);
    labels.set(name, other === undefined ? text : `${other};${text}`);
  }
  for (const [name, value] of identity) labels.set(name, value);
  return labels;
}

const SERVICE_NAME = 'service.name';
const SERVICE_NAMESPACE = 'service.namespace';
const SERVICE_INSTANCE = 'service.instance.id';
const IDENTIFYING: ReadonlySet<string> = new Set([SERVICE_NAME, SERVICE_NAMESPACE, SERVICE_INSTANCE]);

/** `job`, namespace/name of the service, and `instance`, as far as the resource says them. */
function identityOf(attributes: readonly Attribute[]): LabelMap {
  const found = new Map(attributes.filter(([key]) => IDENTIFYING.has(key)));
  const identity = new Map<string, string>();
  if (found.has(SERVICE_NAME)) {
    const name = attributeText(found.get(SERVICE_NAME));
    const namespace = found.has(SERVICE_NAMESPACE) ? `${attributeText(found.get(SERVICE_NAMESPACE))}/` : '';
    identity.set('job', namespace + name);
  }
  if (found.has(SERVICE_INSTANCE)) identity.set('instance', attributeText(found.get(SERVICE_INSTANCE)));
  return identity;
}

/** Only when it says more than job and instance, and only for a resource that can be told by one of them. */
function addTargetInfo(
  { samples, metadata }: Translation,
  task: { readonly resource: OtlpResource; readonly identity: LabelMap; readonly first: number; readonly last: number },
): void {
  const { resource, identity, first, last } = task;
  const others = resource.attributes.filter(([key]) => !IDENTIFYING.has(key));
  if (others.length === 0 || identity.size === 0) return;
  const labels = Labels.from([...labelsOf(others, identity), [METRIC_NAME, 'target_info']]);
  const count = (last - first) / TARGET_INFO_INTERVAL;
  for (let i = 0; i < count && count <= MAX_TARGET_INFOS; i++) {
    samples.push({ labels, timestamp: first + i * TARGET_INFO_INTERVAL, value: 1, stale: false, points: 0 });
  }
  samples.push({ labels, timestamp: last, value: 1, stale: false, points: 0 });
  metadata.push({ metric: 'target_info', type: 'gauge', help: 'Target metadata', unit: '' });
}
