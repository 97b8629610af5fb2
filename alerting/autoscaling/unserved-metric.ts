import { nearest } from '../nearest.ts';
import type { Autoscaler, AutoscalerMetric } from './autoscaler.ts';
import { type NamedMetric, namedMetric } from './autoscaler-question.ts';
import type { ServedMetric } from './served-metric.ts';

/** What is served, by name. */
export type ServedByName = ReadonlyMap<string, readonly ServedMetric[]>;

/** All that is served, to look names up in. */
export function servedByName(metrics: readonly ServedMetric[]): ServedByName {
  const byName = new Map<string, ServedMetric[]>();
  for (const metric of metrics) {
    const others = byName.get(metric.name);
    if (others === undefined) byName.set(metric.name, [metric]);
    else others.push(metric);
  }
  return byName;
}

/** What serves a metric that an autoscaler names; undefined when nothing does. */
export function servingMetric(named: NamedMetric, served: ServedByName): ServedMetric | undefined {
  return served.get(named.name)?.find((metric) => mayBe(metric, named) && isOf(metric, named));
}

/** Why what an autoscaler wants is not served, and what may have been meant; undefined when it is. */
export function whyUnserved(
  autoscaler: Autoscaler,
  wanted: AutoscalerMetric,
  served: ServedByName,
): string | undefined {
  if (wanted.fault !== undefined) return wanted.fault;
  if (wanted.type === 'unknown') return `metrics of type ${wanted.written} are not known here`;
  if (wanted.type === 'Resource' || wanted.type === 'ContainerResource') {
    const { resource } = wanted;
    if (resource === 'cpu' || resource === 'memory') return undefined;
    return `of resources, cpu and memory are served, not ${resource}`;
  }
  const named = namedMetric(autoscaler, wanted)!;
  const all = served.get(named.name)?.filter(({ namespace }) => mayAsk(namespace, named)) ?? [];
  const inApi = all.filter(({ api }) => api === named.api);
  if (inApi.some((metric) => isOf(metric, named))) return undefined;
  if (inApi.length > 0) {
    const resources = [...new Set(inApi.flatMap((metric) => metric.resources))].join(', ');
    return `${named.name} is served of ${resources}, not of ${named.resource}`;
  }
  if (all.length > 0) {
    const [has, wants] = named.api === 'custom' ? ['an external', 'a custom'] : ['a custom', 'an external'];
    return `${named.name} is ${has} metric, not ${wants} one`;
  }
  const names = [...served.values()].flat().filter((metric) => mayBe(metric, named) && isOf(metric, named));
  const meant = nearest(
    named.name,
    names.map(({ name }) => name),
  );
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  const whose = named.api === 'custom' ? `metric of ${named.resource}` : 'external metric';
  return `no ${whose} named ${named.name} is served in namespace ${named.namespace}${hint}`;
}

function mayBe({ api, namespace }: ServedMetric, named: NamedMetric): boolean {
  return api === named.api && mayAsk(namespace, named);
}

function mayAsk(namespace: string | undefined, named: NamedMetric): boolean {
  return namespace === undefined || namespace === named.namespace;
}

function isOf({ api, resources }: ServedMetric, { resource }: NamedMetric): boolean {
  return api === 'external' || resources.includes(resource);
}
