import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { sameConfig } from '../../same-config.ts';
import { type Clock, SYSTEM_CLOCK } from '../../scrape/clock.ts';
import type { ScrapeConfig } from '../../scrape/scrape-config.ts';
import type { KubeAccess } from '../kube-access.ts';
import type { CacheLease, KubeCluster } from '../kube-cluster.ts';
import type { Namespace, OperatorObject } from '../objects.ts';
import type { Conversion, ConversionContext, JobDefaults } from './conversion.ts';
import { convertObject, MONITOR_RESOURCES, type MonitorResource } from './convert-object.ts';
import { type CheckedSelector, isSelected } from './label-selector.ts';
import { MonitoredObject } from './monitored-object.ts';
import { type OperatorMetrics, operatorMetrics } from './operator-metrics.ts';
import { compileSelection, type OperatorSelection } from './operator-selection.ts';
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
  return new WatchedObjects(options);
}

interface WatchedResource {
  readonly resource: MonitorResource;
  readonly lease: CacheLease<OperatorObject>;
  /** Undefined takes the objects of all namespaces. */
  readonly namespaces: CheckedSelector | undefined;
}

class WatchedObjects implements OperatorJobs {
  readonly #options: OperatorJobsOptions;
  readonly #clock: Clock;
  readonly #context: ConversionContext;
  readonly #references: ReferenceReader;
  readonly #metrics: OperatorMetrics | undefined;
  readonly #watched: readonly WatchedResource[];
  readonly #namespaces: CacheLease<Namespace> | undefined;
  readonly #objects = new Map<string, MonitoredObject>();
  readonly #cleanups: (() => void)[] = [];
  /** Secrets and ConfigMaps that have changed since the last look at the objects. */
  #changed = new Set<string>();
  /** What was told of objects that are refused, so that it is told once. */
  readonly #told = new Map<string, string>();
  #jobs: readonly ScrapeConfig[] | undefined;
  #cancelTimer: (() => void) | undefined;
  #isLate = false;
  #isClosed = false;

  constructor(options: OperatorJobsOptions) {
    this.#options = options;
    const { cluster, logger, registry, selection = {} } = options;
    const selections = MONITOR_RESOURCES.map((resource) => [resource, compileSelection(selection, resource)] as const);
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#metrics = registry === undefined ? undefined : operatorMetrics(registry);
    this.#references = new ReferenceReader({
      client: cluster.client,
      clock: this.#clock,
      interval: options.referenceInterval ?? 30_000,
      onChange: (objects) => {
        for (const object of objects) this.#changed.add(object);
        this.#schedule();
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
    this.#watched = selections.map(([resource, { scope, namespaces }]) => {
      const lease = cluster.watch(resource, scope);
      this.#follow(lease);
      return { resource, lease, namespaces };
    });
    if (this.#watched.some(({ namespaces }) => namespaces !== undefined)) {
      this.#namespaces = cluster.watch('namespaces');
      this.#follow(this.#namespaces);
    }
    const part = {
      cluster: cluster.name,
      jobCount: () => this.#jobs?.length ?? 0,
      objectCount: (resource: MonitorResource, state: ObjectState) => this.#count(resource, state),
    };
    this.#cleanups.push(this.#metrics?.add(part) ?? noop);
    this.#cleanups.push(
      this.#clock.schedule(options.syncTimeout ?? 30_000, () => {
        this.#isLate = true;
        this.#tellUnsynced(logger);
        this.#schedule();
      }),
    );
    this.#schedule();
  }

  status(): OperatorStatus {
    return {
      cluster: this.#options.cluster.name,
      isSynced: this.#jobs !== undefined,
      resources: this.#watched.map(({ resource, lease }) => ({
        resource,
        isSynced: lease.cache.isSynced,
        objects: lease.cache.size,
      })),
      objects: this.#sorted().map((object) => object.report()),
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#references.close();
    for (const cleanup of this.#cleanups) cleanup();
  }

  #follow(lease: CacheLease<OperatorObject | Namespace>): void {
    const closing = new AbortController();
    const unsubscribe = lease.cache.subscribe(() => this.#schedule());
    lease.cache.synced(closing.signal).then(() => this.#schedule(), noop);
    this.#cleanups.push(() => {
      closing.abort();
      unsubscribe();
      lease.close();
    });
  }

  #schedule(): void {
    if (this.#isClosed || this.#cancelTimer !== undefined) return;
    this.#cancelTimer = this.#clock.schedule(this.#options.debounce ?? 1_000, () => {
      this.#cancelTimer = undefined;
      this.#look();
    });
  }

  /** Makes the objects what the caches have, and gives the jobs when they differ. */
  #look(): void {
    if (!this.#isReady()) return;
    const changed = this.#changed;
    this.#changed = new Set();
    const seen = new Set<string>();
    for (const { resource, object } of this.#selected()) {
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
    if (this.#jobs === undefined && !this.#isLate && objects.some(({ state }) => state === 'pending')) return;
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

  /** Whether all has been listed, or, after a time, anything: then what cannot be listed must not hold up the rest. */
  #isReady(): boolean {
    if (this.#namespaces?.cache.isSynced === false) return false;
    const synced = this.#watched.filter(({ lease }) => lease.cache.isSynced).length;
    return synced === this.#watched.length || (this.#isLate && synced > 0);
  }

  *#selected(): Generator<{ readonly resource: MonitorResource; readonly object: OperatorObject }> {
    for (const { resource, lease, namespaces } of this.#watched) {
      for (const object of lease.cache.values()) {
        if (namespaces !== undefined) {
          const namespace = this.#namespaces?.cache.get('', object.metadata.namespace);
          if (namespace === undefined || !isSelected(namespaces, namespace.metadata.labels ?? {})) continue;
        }
        yield { resource, object };
      }
    }
  }

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

  #tellUnsynced(logger: Logger): void {
    const missing = this.#watched.filter(({ lease }) => !lease.cache.isSynced).map(({ resource }) => resource);
    if (missing.length === 0 || missing.length === this.#watched.length) return;
    const cluster = this.#options.cluster.name;
    logger.warn({ cluster, missing }, `${missing.join(', ')} cannot be listed; the jobs of the other kinds begin`);
  }
}

function byOrder([a, of]: [string, MonitoredObject], [b, than]: [string, MonitoredObject]): number {
  const kinds = MONITOR_RESOURCES.indexOf(of.resource) - MONITOR_RESOURCES.indexOf(than.resource);
  return kinds !== 0 ? kinds : a < b ? -1 : a > b ? 1 : 0;
}

function noop(): void {}
