import { SYSTEM_CLOCK } from '../../clock/clock.ts';
import { sameConfig } from '../same-config.ts';
import { createKubeClient, type HttpKubeClientOptions } from './http-kube-client.ts';
import { type AccessOptions, type KubeAccess, resolveAccess } from './kube-access.ts';
import type { KubeCluster } from './kube-cluster.ts';
import type { ClusterLease, KubeClusters } from './kube-clusters.ts';
import { openKubeCluster, type WatchingClusterOptions } from './watching-cluster.ts';

export interface SharedKubeClustersOptions
  extends AccessOptions,
    Omit<WatchingClusterOptions, 'name' | 'client' | 'clock'> {
  /** Of the clients. */
  readonly client?: Omit<HttpKubeClientOptions, 'server' | 'http' | 'clock' | 'random'>;
}

/** The label `cluster` of what comes from the cluster that the access leads to. */
export interface ClusterName {
  readonly access: KubeAccess;
  readonly name: string;
}

interface Entry {
  readonly access: KubeAccess;
  readonly name: string | undefined;
  readonly opened: Promise<KubeCluster>;
  leases: number;
  cancelClose: () => void;
}

/** Clusters of which one is open for each access and name, until a while after the last lease, so that a reload finds it. */
export class SharedKubeClusters implements KubeClusters {
  readonly #options: SharedKubeClustersOptions;
  readonly #entries = new Set<Entry>();
  #names: readonly ClusterName[] = [];
  #isClosed = false;

  constructor(options: SharedKubeClustersOptions) {
    this.#options = options;
  }

  /**
   * What clusters are called that are opened from now on. Call it before anything is opened with a configuration. One that
   * is not named has the name of its kubeconfig's context, or none.
   */
  setNames(names: readonly ClusterName[]): void {
    this.#names = names;
  }

  async open(access: KubeAccess): Promise<ClusterLease> {
    if (this.#isClosed) throw new Error('the clusters are closed');
    const name = this.#names.find((known) => sameConfig(known.access, access))?.name;
    let entry = [...this.#entries].find((known) => known.name === name && sameConfig(known.access, access));
    if (entry === undefined) {
      entry = { access, name, opened: this.#connect(access, name), leases: 0, cancelClose: noop };
      this.#entries.add(entry);
    }
    const shared = entry;
    shared.cancelClose();
    shared.leases++;
    try {
      const cluster = await shared.opened;
      if (this.#isClosed) throw new Error('the clusters are closed');
      let isOpen = true;
      return {
        cluster,
        close: () => {
          if (!isOpen) return;
          isOpen = false;
          this.#leave(shared);
        },
      };
    } catch (error) {
      this.#entries.delete(shared);
      throw error;
    }
  }

  /** Ends all watches of all clusters. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const entries = [...this.#entries];
    this.#entries.clear();
    await Promise.all(
      entries.map(async (entry) => {
        entry.cancelClose();
        await (await entry.opened.catch(() => undefined))?.close();
      }),
    );
  }

  async #connect(access: KubeAccess, name: string | undefined): Promise<KubeCluster> {
    const { client, ...options } = this.#options;
    const { server, http, context } = await resolveAccess(access, options);
    const clock = options.clock ?? SYSTEM_CLOCK;
    return openKubeCluster({
      ...options,
      name: name ?? context,
      clock,
      client: createKubeClient({ ...client, server, http, clock }),
    });
  }

  #leave(entry: Entry): void {
    if (--entry.leases > 0 || this.#isClosed) return;
    const { clock = SYSTEM_CLOCK, linger = 10_000 } = this.#options;
    entry.cancelClose = clock.schedule(linger, () => {
      this.#entries.delete(entry);
      void entry.opened.then((cluster) => cluster.close());
    });
  }
}

function noop(): void {}
