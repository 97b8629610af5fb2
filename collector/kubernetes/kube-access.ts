import type { HttpClientConfig } from '../scrape/scrape-config.ts';

/** How the API server of a cluster is reached. Plain data: `sameConfig` tells whether two accesses are the same. */
export type KubeAccess = InClusterAccess | KubeconfigAccess | ApiServerAccess;

/** With the service account of the pod that this process runs in. */
export interface InClusterAccess {
  readonly kind: 'in-cluster';
}

export interface KubeconfigAccess {
  readonly kind: 'kubeconfig';
  /** Absolute. */
  readonly file: string;
  /** Undefined means the file's current context. */
  readonly context: string | undefined;
}

export interface ApiServerAccess {
  readonly kind: 'api-server';
  /** Without user and password. */
  readonly url: string;
  readonly client: HttpClientConfig;
}
