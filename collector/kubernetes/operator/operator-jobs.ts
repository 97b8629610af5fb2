import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { type Clock, SYSTEM_CLOCK } from '../../../clock/clock.ts';
import { sameConfig } from '../../same-config.ts';
import type { ScrapeConfig } from '../../scrape/scrape-config.ts';
import type { KubeAccess } from '../kube-access.ts';
import type { KubeCluster } from '../kube-cluster.ts';
import type { OperatorObject } from '../objects.ts';
import type { Conversion, ConversionContext, JobDefaults } from './conversion.ts';
import { convertObject, MONITOR_RESOURCES, type MonitorResource } from './convert-object.ts';
import { MonitoredObject } from './monitored-object.ts';
import { ObjectWatch } from './object-watch.ts';
import { type OperatorMetrics, operatorMetrics } from './operator-metrics.ts';
import type { OperatorSelection } from './operator-selection.ts';
import type { ObjectState, OperatorStatus } from './operator-status.ts';
import { ReferenceReader } from './reference-reader.ts';

export interface OperatorJobsOptions {
  readonly cluster: KubeCluster;
  /** How the cluster is reached: the jobs discover their targets by it. */
  readonly access: KubeAccess;
  /**
   * Gets all jobs whenever they differ from before, for the first time when everything has been read once; an empty list
   * when there are none. Must not throw.
   */
  readonly onJobs: (jobs: readonly ScrapeConfig[]) => void;
  readonly defaults: JobDefaults;
  readonly logger: Logger;
  /** Gets the metrics `pharos_operator_*`, which clusters share. */
  readonly registry?: Registry | undefined;
  /** Default: all objects. */
  readonly selection?: OperatorSelection | undefined;
  /** Stands before the names of the jobs, for several clusters: `east/`. Default ''. */
  readonly jobPrefix?: string;
  /** What the targets of ServiceMonitors come from that do not say so. Default: endpoints, as with the operator. */
  readonly serviceDiscoveryRole?: 'endpoints' | 'endpointslice';
  /** Labels of pods that the targets of all ServiceMonitors and PodMonitors get. Default: none. */
  readonly podTargetLabels?: readonly string[];
  /**
   * Whether objects may name files of this machine. Default true, as with the operator: whoever may make such an object can
   * then have any token that this process can read sent to a target.
   */
  readonly allowFiles?: boolean;
  readonly clock?: Clock;
  /** Milliseconds for which changes are collected. Default 1,000. */
  readonly debounce?: number;
  /** Milliseconds after which Secrets and ConfigMaps are read again. Default 30,000. */
  readonly referenceInterval?: number;
  /** Milliseconds after which jobs are given although a kind of objects cannot be listed. Default 30,000. */
  readonly syncTimeout?: number;
}

export interface OperatorJobs {
  status(): OperatorStatus;
  /** Ends everything; the jobs that were given stay what they are. */
  close(): void;
}

/**
 * Reads Prometheus Operator's ServiceMonitors, PodMonitors, Probes and ScrapeConfigs of a cluster, where it has them, as
 * they are, and gives the scrape jobs that they stand for. An object that is wrong is refused alone, and its last good
 * version stays in force. No failure to ask the cluster takes a job away. Throws an Error that names what is wrong with the
 * selection.
 */
export function operatorJobs(options: OperatorJobsOptions): OperatorJobs {
  return new MonitoredObjects(options);
}

class MonitoredObjects implements OperatorJobs {
  readonly #options: OperatorJobsOptions;
  readonly #context: ConversionContext;
  readonly #references: ReferenceReader;
  readonly #metrics: OperatorMetrics | undefined;
  readonly #watch: ObjectWatch<MonitorResource>;
  readonly #objects = new Map<string, MonitoredObject>();
  readonly #forget: () => void;
  /** Secrets and ConfigMaps that have changed since the last look at the objects. */
  #changed = new Set<string>();
  /** What was told of objects that are refused, so that it is told once. */
  readonly #told = new Map<string, string>();
  #jobs: readonly ScrapeConfig[] | undefined;

  constructor(options: OperatorJobsOptions) {
    this.#options = options;
    const { cluster, logger, registry, clock = SYSTEM_CLOCK } = options;
    this.#watch = new ObjectWatch({
      cluster,
      resources: MONITOR_RESOURCES,
      selection: options.selection ?? {},
      onChange: () => this.#look(),
      clock,
      debounce: options.debounce,
      syncTimeout: options.syncTimeout,
      logger,
    });
    this.#references = new ReferenceReader({
      client: cluster.client,
      clock,
      interval: options.referenceInterval ?? 30_000,
      onChange: (objects) => {
        for (const object of objects) this.#changed.add(object);
        this.#watch.schedule();
      },
      onFailure: () => this.#metrics?.referenceFailures.inc({ cluster: cluster.name }),
    });
    this.#context = {
      defaults: options.defaults,
      references: this.#references,
      access: options.access,
      cluster: cluster.name,
      jobPrefix: options.jobPrefix ?? '',
      serviceDiscoveryRole: options.serviceDiscoveryRole ?? 'endpoints',
      podTargetLabels: options.podTargetLabels ?? [],
      allowFiles: options.allowFiles ?? true,
    };
    this.#metrics = registry === undefined ? undefined : operatorMetrics(registry);
    const part = {
      cluster: cluster.name,
      jobCount: () => this.#jobs?.length ?? 0,
      objectCount: (resource: MonitorResource, state: ObjectState) => this.#count(resource, state),
    };
    this.#forget = this.#metrics?.add(part) ?? (() => undefined);
  }

  status(): OperatorStatus {
    return {
      cluster: this.#options.cluster.name,
      isSynced: this.#jobs !== undefined,
      resources: this.#watch.resources(),
      objects: this.#sorted().map((object) => object.report()),
    };
  }

  close(): void {
    this.#watch.close();
    this.#references.close();
    this.#forget();
  }

  /** Makes the objects what the caches have, and gives the jobs when they differ. */
  #look(): void {
    if (!this.#watch.isReady) return;
    const changed = this.#changed;
    this.#changed = new Set();
    const seen = new Set<string>();
    for (const { resource, object } of this.#watch.objects()) {
      const key = `${resource}/${object.metadata.namespace}/${object.metadata.name}`;
      seen.add(key);
      const known = this.#objects.get(key);
      if (known === undefined) this.#objects.set(key, new MonitoredObject(resource, object, this.#convert));
      else if (known.object !== object || known.refersTo(changed)) known.update(object, this.#convert);
    }
    for (const key of this.#objects.keys()) if (!seen.has(key)) this.#objects.delete(key);
    const objects = this.#sorted();
    const isTooMuch = this.#references.keep(objects.flatMap(({ references }) => references));
    if (isTooMuch) {
      for (const object of objects) if (object.state === 'pending') object.update(object.object, this.#convert);
    }
    this.#tell(objects);
    // At first what the objects refer to is waited for, so that no job runs without its login or begins late.
    if (this.#jobs === undefined && !this.#watch.isLate && objects.some(({ state }) => state === 'pending')) return;
    this.#give(objects.flatMap(({ jobs }) => jobs));
  }

  readonly #convert = (resource: MonitorResource, object: OperatorObject): Conversion => {
    try {
      return convertObject(resource, object, this.#context);
    } catch (error) {
      // Whatever an object makes of this program, the others must go on.
      const { namespace, name } = object.metadata;
      this.#options.logger.error({ err: error, resource, namespace, name }, 'an object cannot be converted');
      return { references: [], notes: [], outcome: { kind: 'refused', problem: `it cannot be converted: ${error}` } };
    }
  };

  #give(jobs: readonly ScrapeConfig[]): void {
    if (this.#jobs !== undefined && sameConfig(this.#jobs, jobs)) return;
    this.#jobs = jobs;
    this.#metrics?.emissions.inc({ cluster: this.#options.cluster.name });
    this.#options.onJobs(jobs);
  }

  #sorted(): readonly MonitoredObject[] {
    return [...this.#objects.entries()].sort(byOrder).map(([, object]) => object);
  }

  #count(resource: MonitorResource, state: ObjectState): number {
    let count = 0;
    for (const object of this.#objects.values()) if (object.resource === resource && object.state === state) count++;
    return count;
  }

  #tell(objects: readonly MonitoredObject[]): void {
    const { logger, cluster } = this.#options;
    const titles = new Set<string>();
    for (const { title, problem, state } of objects) {
      titles.add(title);
      if (problem !== undefined) {
        if (this.#told.get(title) === problem) continue;
        this.#told.set(title, problem);
        logger.warn({ cluster: cluster.name, object: title }, problem);
      } else if (state === 'active' && this.#told.delete(title)) {
        logger.info({ cluster: cluster.name, object: title }, `${title} is in force`);
      }
    }
    for (const title of this.#told.keys()) if (!titles.has(title)) this.#told.delete(title);
  }
}

function byOrder([a, of]: [string, MonitoredObject], [b, than]: [string, MonitoredObject]): number {
  const kinds = MONITOR_RESOURCES.indexOf(of.resource) - MONITOR_RESOURCES.indexOf(than.resource);
  return kinds !== 0 ? kinds : a < b ? -1 : a > b ? 1 : 0;
}
