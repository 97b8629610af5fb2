import type { LabelSelector } from '../label-selector.ts';
import type { Quantity } from '../quantity.ts';
import type { MetricName } from './autoscaler-objects.ts';
import { milliValue } from './milli-value.ts';
import { type PodMetric, sumOf } from './replica-calculator.ts';

/** Asks the API server; resolves with the answer's status and JSON, rejects when there is none. */
export type AskApi = (path: string) => Promise<{ readonly status: number; readonly body: unknown }>;

export const METRICS_API = 'v1beta1.metrics.k8s.io';
export const CUSTOM_APIS = ['v1beta2.custom.metrics.k8s.io', 'v1beta1.custom.metrics.k8s.io'] as const;
export const EXTERNAL_API = 'v1beta1.external.metrics.k8s.io';

/** Usage of a resource per pod, or of one of its containers. */
export async function readResource(
  ask: AskApi,
  {
    namespace,
    selector,
    resource,
    container,
  }: { readonly namespace: string; readonly selector: string; readonly resource: string; readonly container?: string },
): Promise<Map<string, PodMetric>> {
  const { items = [] } = await get<{ items?: readonly PodUsage[] }>(
    ask,
    `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`,
    'resource',
  );
  if (items.length === 0) throw new Error('no metrics returned from resource metrics API');
  const metrics = new Map<string, PodMetric>();
  for (const { metadata, timestamp, window, containers } of items) {
    const counted = containers.filter(({ name }) => container === undefined || name === container);
    if (container !== undefined && counted.length === 0)
      throw new Error(
        `failed to get container metrics: container ${container} not present in metrics for pod ${namespace}/${metadata.name}`,
      );
    // A pod of which one container is missing is missing.
    if (counted.length === 0 || counted.some(({ usage }) => usage[resource] === undefined)) continue;
    const value = counted.reduce((sum, { usage }) => sum + milliValue(usage[resource]!), 0n);
    metrics.set(metadata.name, { value, timestamp: Date.parse(timestamp), window: seconds(window) * 1000 });
  }
  return metrics;
}

/** A custom metric per pod. */
export async function readPods(
  ask: AskApi,
  {
    namespace,
    selector,
    metric,
    version,
  }: { readonly namespace: string; readonly selector: string; readonly metric: MetricName; readonly version: string },
): Promise<Map<string, PodMetric>> {
  const path = `/apis/custom.metrics.k8s.io/${version}/namespaces/${namespace}/pods/%2A/${encodeURIComponent(metric.name)}`;
  const { items = [] } = await get<{ items?: readonly CustomValue[] }>(
    ask,
    `${path}?labelSelector=${encodeURIComponent(selector)}${selectorOf(metric)}`,
    'custom',
  );
  if (items.length === 0) throw new Error('no metrics returned from custom metrics API');
  const found = new Map<string, PodMetric>();
  for (const { describedObject, value, timestamp, windowSeconds, window } of items) {
    const length = (windowSeconds ?? window ?? 60) as number;
    found.set(describedObject.name, {
      value: milliValue(value),
      timestamp: Date.parse(timestamp),
      window: length * 1000,
    });
  }
  return found;
}

/** A custom metric of one object, in thousandths. */
export async function readObject(
  ask: AskApi,
  {
    namespace,
    resource,
    name,
    metric,
    version,
  }: {
    readonly namespace: string;
    readonly resource: string;
    readonly name: string;
    readonly metric: MetricName;
    readonly version: string;
  },
): Promise<bigint> {
  const where = resource === 'namespaces' ? `${name}/metrics` : `${namespace}/${resource}/${name}`;
  const path = `/apis/custom.metrics.k8s.io/${version}/namespaces/${where}/${encodeURIComponent(metric.name)}`;
  const query = selectorOf(metric).replace('&', '?');
  const { items = [] } = await get<{ items?: readonly CustomValue[] }>(ask, path + query, 'custom');
  if (items.length !== 1)
    throw new Error(`the custom metrics API server returned ${items.length} results when we asked for exactly one`);
  return milliValue(items[0]!.value);
}

/** The sum of an external metric, in thousandths. */
export async function readExternal(
  ask: AskApi,
  { namespace, metric }: { readonly namespace: string; readonly metric: MetricName },
): Promise<bigint> {
  const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${encodeURIComponent(metric.name)}`;
  const query =
    metric.selector === undefined ? '' : `?labelSelector=${encodeURIComponent(selectorText(metric.selector))}`;
  const { items = [] } = await get<{ items?: readonly { readonly value: Quantity }[] }>(ask, path + query, 'external');
  if (items.length === 0) throw new Error('no metrics returned from external metrics API');
  return sumOf(items.map(({ value }) => milliValue(value)));
}

/** A selector as queries have it: sorted by key. */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const parts = Object.entries(matchLabels).map(([key, value]): [string, string] => [key, `${key}=${value}`]);
  for (const { key, operator, values = [] } of matchExpressions) {
    const list = [...values].sort().join(',');
    if (operator === 'Exists') parts.push([key, key]);
    else if (operator === 'DoesNotExist') parts.push([key, `!${key}`]);
    else parts.push([key, `${key} ${operator === 'In' ? 'in' : 'notin'} (${list})`]);
  }
  return parts
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, text]) => text)
    .join(',');
}

interface PodUsage {
  readonly metadata: { readonly name: string };
  readonly timestamp: string;
  readonly window: string;
  readonly containers: readonly { readonly name: string; readonly usage: Readonly<Record<string, Quantity>> }[];
}

interface CustomValue {
  readonly describedObject: { readonly name: string };
  readonly value: Quantity;
  readonly timestamp: string;
  readonly windowSeconds?: number;
  readonly window?: number;
}

async function get<T>(ask: AskApi, path: string, api: 'resource' | 'custom' | 'external'): Promise<T> {
  const unable = `unable to fetch metrics from ${api} metrics API: `;
  const { status, body } = await ask(path).catch((error: unknown) => {
    throw new Error(unable + (error as Error).message);
  });
  if (status === 200 && typeof body === 'object' && body !== null) return body as T;
  const message = (body as { message?: unknown } | null)?.message;
  if (typeof message === 'string' && message !== '') throw new Error(unable + message);
  const said: Readonly<Record<number, string>> = {
    404: 'the server could not find the requested resource',
    503: 'the server is currently unable to handle the request',
  };
  throw new Error(`${unable}${said[status] ?? `the server answered ${status}`} (${path.split('?', 1)[0]})`);
}

function selectorOf({ selector }: MetricName): string {
  return selector === undefined ? '' : `&metricLabelSelector=${encodeURIComponent(selectorText(selector))}`;
}

/** Go's durations, as far as they are used for windows: `15s`, `1m30s`. */
function seconds(duration: string): number {
  let sum = 0;
  for (const [, value, unit] of duration.matchAll(/([0-9.]+)(h|ms|m|s)/g)) {
    sum += Number(value) * { h: 3600, m: 60, s: 1, ms: 0.001 }[unit as 'h' | 'm' | 's' | 'ms'];
  }
  return sum;
}
