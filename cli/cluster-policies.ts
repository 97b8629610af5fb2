import type { Logger } from 'pino';
import type { PolicySet } from '../alerting/policies/policy-set.ts';
import type { PolicyContext } from '../alerting/policies/read-policy.ts';
import { ResourcePolicies } from '../alerting/policies/resource-policies.ts';
import { type Clock, SYSTEM_CLOCK } from '../clock/clock.ts';
import type { KubeCluster } from '../collector/kubernetes/kube-cluster.ts';
import {
  type PolicyObject,
  type PolicyObjectsOptions,
  policyObjects,
} from '../collector/kubernetes/operator/policy-objects.ts';

export interface ClusterPoliciesOptions {
  readonly cluster: KubeCluster;
  /** Default: all AlertPolicies and ClusterAlertPolicies. */
  readonly selection?: PolicyObjectsOptions['selection'];
  readonly set: PolicySet;
  readonly context: () => PolicyContext;
  /** How many alerts of a policy fire, by its id; undefined when that is not known. */
  readonly firing: (id: string) => number | undefined;
  /** Whether this instance is the one that writes statuses. */
  readonly isLeader: () => boolean;
  readonly logger: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Milliseconds for which changes are collected. Default 1,000. */
  readonly debounce?: number;
  /** Milliseconds after which the numbers of alerts are looked at again. Default 15,000. */
  readonly interval?: number;
}

export interface ClusterPolicies {
  /** Judges all objects anew, as when the receivers that there are have changed. */
  refresh(): void;
  /** Ends it. The policies stay in the set, unless the cluster is none of ours any more. */
  close(options?: { readonly isGone?: boolean }): Promise<void>;
}

/** Has a set follow the alert policies of a cluster, and says in their status what has become of them. */
export function clusterPolicies(options: ClusterPoliciesOptions): ClusterPolicies {
  const { cluster, set, context, firing, isLeader, logger, clock = SYSTEM_CLOCK, interval = 15_000 } = options;
  const resources = new ResourcePolicies<PolicyObject>({ cluster: cluster.name, set, context });
  let cancel: () => void = () => undefined;
  const tell = (): void => {
    cancel();
    cancel = clock.schedule(interval, tell);
    if (isLeader()) objects.setStatus(resources.outcomes(firing));
  };
  const objects = policyObjects({
    cluster,
    selection: options.selection,
    clock,
    logger,
    ...(options.debounce !== undefined && { debounce: options.debounce }),
    onPolicies: (all) => {
      resources.take(all);
      tell();
    },
  });
  return {
    refresh() {
      resources.refresh();
      tell();
    },
    async close({ isGone = false } = {}) {
      cancel();
      await objects.close();
      if (isGone) resources.close();
    },
  };
}
