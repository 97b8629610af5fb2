import { sameConfig } from '../same-config.ts';
import type { SampleTap, TappedTarget } from '../scrape/sample-tap.ts';
import type { ScrapeConfig } from '../scrape/scrape-config.ts';
import { ClusterMonitor, type ClusterMonitorDeps, type MonitoredCluster } from './cluster-monitor.ts';
import type { ClusterLease, KubeClusters } from './kube-clusters.ts';

export interface ClusterMonitorsOptions extends ClusterMonitorDeps {
  readonly clusters: KubeClusters;
  /** Resolves when what `onJobs` took away is scraped no more. */
  readonly settled: () => Promise<void>;
}

/** A change of the monitored clusters that is ready to be made. */
export interface PreparedClusters {
  /**
   * Makes it: clusters that stay as they are go on, others end, and those that are new or changed begin when the old ones
   * have ended. Calls `onJobs`. Must not be called while another change is being made.
   */
  commit(): Promise<void>;
  /** Lets go of what was opened for it. */
  discard(): void;
}

/** The clusters that this process monitors. */
export class ClusterMonitors {
  readonly #options: ClusterMonitorsOptions;
  #monitors: readonly ClusterMonitor[] = [];
  readonly #ending = new Set<Promise<void>>();
  #isClosed = false;

  constructor(options: ClusterMonitorsOptions) {
    this.#options = options;
  }

  /**
   * Opens what these clusters need and checks it, without changing anything yet. Rejects with an Error that says which access
   * cannot be used, or that two clusters have the same name.
   */
  async prepare(configs: readonly MonitoredCluster[]): Promise<PreparedClusters> {
    const leases: ClusterLease[] = [];
    const discard = (): void => {
      for (const lease of leases) lease.close();
    };
    try {
      for (const config of configs) leases.push(await this.#options.clusters.open(config.access));
      const names = leases.map(({ cluster }) => cluster.name);
      const twice = names.find((name, i) => names.indexOf(name) < i);
      if (twice !== undefined) {
        const given = twice === '' ? 'no name' : `the name ${JSON.stringify(twice)}`;
        throw new Error(`two Kubernetes clusters have ${given}; name them in kubernetes.clusters`);
      }
    } catch (error) {
      discard();
      throw error;
    }
    return { discard, commit: () => this.#commit(configs, leases) };
  }

  /** What is scraped of all clusters. */
  get jobs(): readonly ScrapeConfig[] {
    return this.#monitors.flatMap(({ jobs }) => jobs);
  }

  get monitors(): readonly ClusterMonitor[] {
    return this.#monitors;
  }

  tapFor(target: TappedTarget): SampleTap | undefined {
    for (const monitor of this.#monitors) {
      const tap = monitor.tapFor(target);
      if (tap !== undefined) return tap;
    }
    return undefined;
  }

  /** Ends all of them without stale markers: the process ends, and its successor goes on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const monitors = this.#monitors;
    this.#monitors = [];
    await Promise.all([...monitors.map((monitor) => monitor.close({ markStale: false })), ...this.#ending]);
  }

  async #commit(configs: readonly MonitoredCluster[], leases: readonly ClusterLease[]): Promise<void> {
    const { onJobs, settled } = this.#options;
    const before = this.#monitors;
    const kept = configs.map((config, i) =>
      before.find(({ name, config: old }) => name === leases[i]!.cluster.name && sameConfig(old, config)),
    );
    const names = new Set(leases.map(({ cluster }) => cluster.name));
    const removed = before.filter((monitor) => !kept.includes(monitor));
    this.#monitors = kept.filter((monitor) => monitor !== undefined);
    if (removed.length > 0) {
      onJobs();
      const end = settled().then(async () => {
        // Series of a cluster that begins anew go on.
        await Promise.all(removed.map((monitor) => monitor.close({ markStale: !names.has(monitor.name) })));
      });
      this.#ending.add(end);
      await end.finally(() => this.#ending.delete(end));
    }
    if (this.#isClosed) {
      for (const lease of leases) lease.close();
      return;
    }
    this.#monitors = configs.map((config, i) => {
      const lease = leases[i]!;
      if (kept[i] === undefined) return new ClusterMonitor(config, lease, this.#options);
      lease.close();
      return kept[i];
    });
    onJobs();
  }
}
