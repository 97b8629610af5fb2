import type { KubeAccess } from './kube-access.ts';
import type { KubeCluster } from './kube-cluster.ts';

/** The clusters that this process is connected to. */
export interface KubeClusters {
  /**
   * The cluster that an access leads to: connected from the first asking until the last lease is closed, and one for all who
   * ask with the same access. Rejects when the access itself cannot be read, such as a kubeconfig that is not there, with a
   * message that holds no secret; whether the API server answers is not asked.
   */
  open(access: KubeAccess): Promise<ClusterLease>;
}

export interface ClusterLease {
  readonly cluster: KubeCluster;
  close(): void;
}
