import type { Logger } from 'pino';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { KubeClusters } from '../kubernetes/kube-clusters.ts';
import type { DiscoveryConfig, TargetGroup } from '../scrape/scrape-config.ts';
import { fileDiscovery } from './file.ts';
import { httpDiscovery } from './http.ts';
import { kubernetesDiscovery } from './kubernetes/kubernetes-discovery.ts';
import { NamedGroups } from './named-groups.ts';
import { staticDiscovery } from './static.ts';

/** A source of targets. */
export interface Discovery {
  /**
   * Calls `emit` with all of the source's groups, first as soon as they are known and again whenever they change, until
   * the signal aborts; resolves when nothing more will come. A failure keeps what was emitted before and is logged.
   */
  run(emit: EmitGroups, signal: AbortSignal): Promise<void>;
}

/** Takes the full current list of groups, which is not changed afterwards. Must not throw. */
export type EmitGroups = (groups: readonly TargetGroup[]) => void;

export interface DiscoveryOptions {
  /** Gets all groups of all sources together, at most once per `debounce`. */
  readonly emit: EmitGroups;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** For messages and metrics: the job (or what else) that the targets are for. Default ''. */
  readonly job?: string;
  readonly registry?: Registry;
  /** Milliseconds for which changes are collected. Default 250. */
  readonly debounce?: number;
  /** Milliseconds that one request of http_sd may take; default 30,000, and never more than its refresh interval. */
  readonly timeout?: number;
  /** Needed by Kubernetes' discovery. */
  readonly clusters?: KubeClusters | undefined;
}

/** What sources report about themselves. */
export interface DiscoveryReport {
  /** A source could not be read; what it gave before stays. The message holds no secret. */
  failed(what: string, error: unknown): void;
  /** A source that had failed was read. */
  recovered(what: string): void;
}

/**
 * Runs the sources of one job and emits their groups as one list: when all sources have answered, or `debounce` after
 * the first did, and then after changes. Groups have sources that are unique among the job's. Resolves when the signal
 * has aborted and everything is closed.
 */
export async function startDiscovery(configs: readonly DiscoveryConfig[], options: DiscoveryOptions): Promise<void> {
  const { emit, signal, debounce = 250 } = options;
  if (signal.aborted) return;
  const metrics = discoveryMetrics(options);
  const found: (NamedGroups | undefined)[] = configs.map(() => undefined);
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (signal.aborted) return;
    const lists = found.filter((list) => list !== undefined);
    const count = lists.reduce((sum, { targetCount }) => sum + targetCount, 0);
    metrics?.targets.set({ job: options.job ?? '' }, count);
    emit(lists.length === 1 ? lists[0]!.groups : lists.flatMap(({ groups }) => groups));
  };

  let isFirst = true;
  const runs = configs.map((config, i) => {
    const source = createDiscovery(config, { ...options, report: createReport(config.kind, options, metrics) });
    const take: EmitGroups = (groups) => {
      if (signal.aborted) return;
      found[i] ??= new NamedGroups(`${config.kind}/${i}/`);
      found[i].update(groups);
      if (isFirst && found.every((list) => list !== undefined)) {
        isFirst = false;
        flush();
      } else {
        timer ??= setTimeout(flush, debounce);
      }
    };
    return source.run(take, signal);
  });
  if (configs.length === 0) flush();
  try {
    await Promise.all(runs);
    await aborted(signal);
  } finally {
    clearTimeout(timer);
  }
}

function createDiscovery(config: DiscoveryConfig, options: DiscoveryOptions & { report: DiscoveryReport }): Discovery {
  switch (config.kind) {
    case 'static':
      return staticDiscovery(config);
    case 'file':
      return fileDiscovery(config, options);
    case 'http':
      return httpDiscovery(config, options);
    case 'kubernetes':
      if (options.clusters === undefined)
        throw new Error("targets in Kubernetes need this process' clusters, got none");
      return kubernetesDiscovery(config, { clusters: options.clusters, report: options.report });
    default:
      return config satisfies never;
  }
}

interface DiscoveryMetrics {
  readonly targets: Gauge<'job'>;
  readonly failures: Counter<'job' | 'kind'>;
}

/** Jobs share the metrics of a registry. */
function discoveryMetrics({ registry, job = '', signal }: DiscoveryOptions): DiscoveryMetrics | undefined {
  if (registry === undefined) return undefined;
  const targets =
    (registry.getSingleMetric('pharos_discovery_targets') as Gauge<'job'> | undefined) ??
    new Gauge({
      name: 'pharos_discovery_targets',
      help: 'Targets that service discovery has found, before relabelling.',
      labelNames: ['job'],
      registers: [registry],
    });
  const failures =
    (registry.getSingleMetric('pharos_discovery_failures_total') as Counter<'job' | 'kind'> | undefined) ??
    new Counter({
      name: 'pharos_discovery_failures_total',
      help: 'Sources of targets that could not be read; what they gave before stayed.',
      labelNames: ['job', 'kind'],
      registers: [registry],
    });
  const running = runningJobs.get(targets) ?? new Map<string, number>();
  runningJobs.set(targets, running);
  running.set(job, (running.get(job) ?? 0) + 1);
  const stopped = (): void => {
    const left = running.get(job)! - 1;
    running.set(job, left);
    if (left > 0) return;
    running.delete(job);
    targets.remove({ job });
  };
  signal.addEventListener('abort', stopped, { once: true });
  return { targets, failures };
}

/** How often a job runs: a reload may start it anew before the old one stops. */
const runningJobs = new WeakMap<Gauge<'job'>, Map<string, number>>();

/** Logs a failure once as long as it stays the same, so that a file that is bad for a day does not fill the log. */
function createReport(
  kind: DiscoveryConfig['kind'],
  { logger, job = '' }: DiscoveryOptions,
  metrics: DiscoveryMetrics | undefined,
): DiscoveryReport {
  const current = new Map<string, string>();
  return {
    failed(what, error) {
      const reason = error instanceof Error ? error.message : String(error);
      metrics?.failures.inc({ job, kind });
      if (current.get(what) === reason) return;
      current.set(what, reason);
      logger.warn({ job, source: what, reason }, `cannot read targets from ${what}: ${reason}; the previous ones stay`);
    },
    recovered(what) {
      if (current.delete(what)) logger.info({ job, source: what }, `targets from ${what} can be read again`);
    },
  };
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
