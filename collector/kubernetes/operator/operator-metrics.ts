import { Counter, Gauge, type Registry } from 'prom-client';
import { RESOURCES } from '../resources.ts';
import { MONITOR_RESOURCES, type MonitorResource } from './convert-object.ts';
import { OBJECT_STATES, type ObjectState } from './operator-status.ts';

/** The objects of a cluster, as far as the gauges look at them. */
export interface OperatorPart {
  readonly cluster: string;
  jobCount(): number;
  objectCount(resource: MonitorResource, state: ObjectState): number;
}

export interface OperatorMetrics {
  readonly emissions: Counter<'cluster'>;
  readonly referenceFailures: Counter<'cluster'>;
  /** The gauges tell of it from now on; the answer ends that. */
  add(part: OperatorPart): () => void;
}

const metricsOf = new WeakMap<Registry, OperatorMetrics>();

/** The metrics `pharos_operator_*` of a registry, registered when they are asked for first; clusters share them. */
export function operatorMetrics(registry: Registry): OperatorMetrics {
  const known = metricsOf.get(registry);
  if (known !== undefined) return known;
  const registers = [registry];
  const parts = new Set<OperatorPart>();
  new Gauge({
    name: 'pharos_operator_objects',
    help: "Prometheus Operator's objects that are read, by what has become of them.",
    labelNames: ['cluster', 'kind', 'state'],
    registers,
    collect() {
      this.reset();
      for (const part of parts) {
        for (const resource of MONITOR_RESOURCES) {
          for (const state of OBJECT_STATES) {
            const labels = { cluster: part.cluster, kind: RESOURCES[resource].kind, state };
            this.set(labels, part.objectCount(resource, state));
          }
        }
      }
    },
  });
  new Gauge({
    name: 'pharos_operator_jobs',
    help: "Scrape jobs that come from Prometheus Operator's objects.",
    labelNames: ['cluster'],
    registers,
    collect() {
      this.reset();
      for (const part of parts) this.set({ cluster: part.cluster }, part.jobCount());
    },
  });
  const metrics: OperatorMetrics = {
    emissions: new Counter({
      name: 'pharos_operator_changes_total',
      help: "How often the jobs of Prometheus Operator's objects changed.",
      labelNames: ['cluster'],
      registers,
    }),
    referenceFailures: new Counter({
      name: 'pharos_operator_reference_failures_total',
      help: 'Secrets and ConfigMaps that could not be read when they were asked for.',
      labelNames: ['cluster'],
      registers,
    }),
    add(part) {
      parts.add(part);
      return () => parts.delete(part);
    },
  };
  metricsOf.set(registry, metrics);
  return metrics;
}
