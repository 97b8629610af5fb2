import type { FoundResource } from '../../resource-head.ts';
import { listedProblems, ResourceReadings } from '../../resource-readings.ts';
import type { MetricDefinition } from './metric-definition.ts';
import { isSameMetric } from './metric-file.ts';
import { readMetricResource } from './metric-resource.ts';
import type { MetricDefaults } from './read-metric.ts';

/** What has become of a resource. */
export interface MetricOutcome<O> {
  readonly object: O;
  readonly isAccepted: boolean;
  readonly message: string;
}

export interface ResourceMetricsOptions {
  readonly defaults?: MetricDefaults | undefined;
  /** Those of the configuration, which come first; asked for whenever they count. Default: none. */
  readonly configured?: () => readonly MetricDefinition[];
  /** AutoscalingMetrics that a namespace may have. Default: 100. */
  readonly namespaceLimit?: number;
}

/**
 * The named metrics of a cluster's resources, each judged by itself. As long as the present version of a resource is wrong, its last
 * good one since the start is served. Of several with one name the first counts: those of the configuration, those of the whole
 * cluster, and then by namespace and name.
 */
export class ResourceMetrics<O extends FoundResource> {
  readonly #readings: ResourceReadings<O, MetricDefinition>;
  readonly #configured: () => readonly MetricDefinition[];

  constructor({ defaults, configured = () => [], namespaceLimit = 100 }: ResourceMetricsOptions = {}) {
    this.#configured = configured;
    this.#readings = new ResourceReadings({
      read: (object) => {
        const { definition, problems } = readMetricResource(object, { defaults });
        return { value: definition, problems };
      },
      namespaceLimit,
      what: 'AutoscalingMetrics',
    });
  }

  /** Takes over all resources that there are. */
  take(objects: readonly O[]): void {
    const rank = ({ kind, metadata }: O): string =>
      `${kind === 'ClusterAutoscalingMetric' ? 0 : 1}/${metadata.namespace}/${metadata.name}`;
    this.#readings.take(objects.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1)));
  }

  /** Those that are served. A definition that has not changed is the same object as before. */
  definitions(): readonly MetricDefinition[] {
    return this.#judged().flatMap(({ value, other }) => (value !== undefined && other === undefined ? [value] : []));
  }

  outcomes(): readonly MetricOutcome<O>[] {
    return this.#judged().map(({ object, problems, value, other }) => {
      if (problems.length > 0) {
        const stays = value !== undefined && other === undefined;
        const effect = stays ? 'its last good version is served' : 'it is not served';
        return { object, isAccepted: false, message: `${listedProblems(problems)}; ${effect}` };
      }
      if (other === undefined)
        return { object, isAccepted: true, message: 'it is served to autoscalers that ask for it' };
      // Whoever may not read other namespaces learns no more than that the name is taken.
      const message = `expected a name that no other metric of its objects has, got ${JSON.stringify(value!.name)}; it is not served`;
      return { object, isAccepted: false, message };
    });
  }

  #judged() {
    const served = [...this.#configured()];
    return this.#readings.all.map((reading) => {
      const { value } = reading;
      const other = value === undefined ? undefined : served.find((one) => isSameMetric(one, value));
      if (value !== undefined && other === undefined) served.push(value);
      return { ...reading, other };
    });
  }
}
