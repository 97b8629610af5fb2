import { MetricsError } from '../metrics-error.ts';
import type { ServedMetric } from '../served-metric.ts';

/** Which metric of which objects. */
export interface MetricReference {
  readonly api: 'custom' | 'external';
  readonly name: string;
  /** Of a custom metric; '' of an external one. */
  readonly resource: string;
  /** Who asks for an external metric, or where the objects are; '' for cluster-scoped or all. */
  readonly namespace: string;
}

/** A metric that is not served, since another of its name came first. */
export interface Clash {
  readonly dropped: ServedMetric;
  readonly served: ServedMetric;
}

/**
 * All that is served, from several origins. Of two metrics that one question could mean, the one of the origin that was told of first
 * is served; within an origin, one of all namespaces before one of a single namespace, then the earlier.
 */
export class MetricRoster {
  readonly #origins = new Map<string, readonly ServedMetric[]>();
  #served: readonly ServedMetric[] = [];
  #byName = new Map<string, ServedMetric[]>();

  get served(): readonly ServedMetric[] {
    return this.#served;
  }

  /** Replaces what an origin has. Returns what is not served. */
  set(who: string, metrics: readonly ServedMetric[]): readonly Clash[] {
    this.#origins.set(who, metrics);
    const served: ServedMetric[] = [];
    const byName = new Map<string, ServedMetric[]>();
    const clashes: Clash[] = [];
    for (const all of this.#origins.values()) {
      const ordered = [
        ...all.filter(({ namespace }) => namespace === undefined),
        ...all.filter(({ namespace }) => namespace !== undefined),
      ];
      for (const metric of ordered) {
        const key = `${metric.api}/${metric.name}`;
        const others = byName.get(key) ?? [];
        const other = others.find((one) => overlaps(one, metric));
        if (other !== undefined) {
          clashes.push({ dropped: metric, served: other });
          continue;
        }
        others.push(metric);
        byName.set(key, others);
        served.push(metric);
      }
    }
    this.#served = served;
    this.#byName = byName;
    return clashes;
  }

  find({ api, name, resource, namespace }: MetricReference): ServedMetric | undefined {
    return this.#byName
      .get(`${api}/${name}`)
      ?.find(
        (metric) =>
          (metric.namespace === undefined || metric.namespace === namespace) &&
          (api === 'external' || metric.resources.includes(resource)),
      );
  }

  /** As `find`; throws a MetricsError `unknownMetric` that tells no more than the namespace may know. */
  get(reference: MetricReference): ServedMetric {
    const found = this.find(reference);
    if (found !== undefined) return found;
    const { api, name, resource, namespace } = reference;
    const others = (this.#byName.get(`${api}/${name}`) ?? []).filter(
      (metric) => metric.namespace === undefined || metric.namespace === namespace,
    );
    const place = namespace === '' ? '' : ` in namespace ${namespace}`;
    if (others.length === 0) throw new MetricsError('unknownMetric', `no ${api} metric ${name} is served${place}`);
    const resources = [...new Set(others.flatMap((metric) => metric.resources))].join(', ');
    throw new MetricsError('unknownMetric', `metric ${name} is served of ${resources}${place}, not of ${resource}`);
  }
}

function overlaps(a: ServedMetric, b: ServedMetric): boolean {
  const sameNamespace = a.namespace === undefined || b.namespace === undefined || a.namespace === b.namespace;
  return sameNamespace && (a.api === 'external' || a.resources.some((resource) => b.resources.includes(resource)));
}
