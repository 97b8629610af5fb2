import type { LabelSelector } from '../label-selector.ts';
import { amount, type Quantity } from '../quantity.ts';
import type { MetricName } from './autoscaler-objects.ts';
import type { PodMetric } from './replica-calculator.ts';

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
  );
  const metrics = new Map<string, PodMetric>();
  for (const { metadata, timestamp, window, containers } of items) {
    const counted = containers.filter(({ name }) => container === undefined || name === container);
    // A pod of which one container is missing is missing.
    if (counted.length === 0 || counted.some(({ usage }) => usage[resource] === undefined)) continue;
    const value = counted.reduce((sum, { usage }) => sum + amount(usage[resource]!), 0);
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
  );
  const found = new Map<string, PodMetric>();
  for (const { describedObject, value, timestamp, windowSeconds, window } of items) {
    const length = (windowSeconds ?? window ?? 60) as number;
    found.set(describedObject.name, { value: amount(value), timestamp: Date.parse(timestamp), window: length * 1000 });
  }
  return found;
}

/** A custom metric of one object. */
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
): Promise<number> {
  const where = resource === 'namespaces' ? `${name}/metrics` : `${namespace}/${resource}/${name}`;
  const path = `/apis/custom.metrics.k8s.io/${version}/namespaces/${where}/${encodeURIComponent(metric.name)}`;
  const { items = [] } = await get<{ items?: readonly CustomValue[] }>(ask, `${path}?${selectorOf(metric).slice(1)}`);
  if (items.length !== 1) throw new Error(`one value of ${metric.name} was wanted, got ${items.length}`);
  return amount(items[0]!.value);
}

/** The sum of an external metric. */
export async function readExternal(
  ask: AskApi,
  { namespace, metric }: { readonly namespace: string; readonly metric: MetricName },
): Promise<number> {
  const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${encodeURIComponent(metric.name)}`;
  const query =
    metric.selector === undefined ? '' : `?labelSelector=${encodeURIComponent(selectorText(metric.selector))}`;
  const { items = [] } = await get<{ items?: readonly { readonly value: Quantity }[] }>(ask, path + query);
  if (items.length === 0) throw new Error(`no metrics returned from external metrics API for ${metric.name}`);
  return items.reduce((sum, { value }) => sum + amount(value), 0);
}

/** A selector as queries have it. */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const parts = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  for (const { key, operator, values = [] } of matchExpressions) {
    if (operator === 'Exists') parts.push(key);
    else if (operator === 'DoesNotExist') parts.push(`!${key}`);
    else parts.push(`${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`);
  }
  return parts.join(',');
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

async function get<T>(ask: AskApi, path: string): Promise<T> {
  const { status, body } = await ask(path);
  if (status !== 200) {
    const message = (body as { message?: string } | null)?.message ?? '';
    throw new Error(`the server answered ${status} to ${path.split('?', 1)[0]}${message === '' ? '' : `: ${message}`}`);
  }
  return body as T;
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
