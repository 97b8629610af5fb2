import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { type Leadership, soleLeadership } from '../alerting/leadership.ts';
import { StoreLeadership } from '../alerting/store-leadership.ts';
import type { KubeAccess } from '../collector/kubernetes/kube-access.ts';
import type { KubeClusters } from '../collector/kubernetes/kube-clusters.ts';
import { LeaderElection } from '../collector/kubernetes/leader-election.ts';
import type { LeaseLog } from '../storage/lease-log.ts';
import type { AlertingConfig } from './config/config.ts';
import { ownNamespace } from './kubernetes-clusters.ts';

export interface LeadershipDeps {
  /** Undefined where this process alone has the store. */
  readonly leaseLog: LeaseLog | undefined;
  /** The cluster that has the Lease; undefined when there is none. */
  readonly access: KubeAccess | undefined;
  readonly clusters: KubeClusters;
  readonly registry: Registry;
  readonly logger: Logger;
}

/** Another one has taken over 15 s after the leader was seen last: duration, and a look. */
const LEASE = { leaseDuration: 11_000, renewDeadline: 8_000, retryPeriod: 2_000 };

/** Begins to contend for being the one that alerts. Rejects when the configuration asks for what there is not. */
export async function contendToAlert(config: AlertingConfig, deps: LeadershipDeps): Promise<Leadership> {
  const { by, name, namespace } = config.leaderElection;
  const { leaseLog, access, clusters, registry, logger } = deps;
  const identity = hostname();
  switch (by) {
    case 'none':
      return soleLeadership();
    case 'auto':
    case 'store':
      if (leaseLog !== undefined) return new StoreLeadership({ leaseLog, name, identity, registry, logger });
      if (by === 'auto') return soleLeadership();
      throw new Error(
        'alerting.leader_election.by: expected a ClickHouse server for store, got the embedded engine, which one process has for itself',
      );
    case 'kubernetes': {
      if (access === undefined) {
        throw new Error('alerting.leader_election.by: expected a Kubernetes cluster for kubernetes, got none');
      }
      const { cluster, close } = await clusters.open(access);
      const election = new LeaderElection({
        client: cluster.client,
        namespace: namespace ?? ownNamespace(),
        name,
        identity: `${identity}-${randomUUID()}`,
        registry,
        logger,
        ...LEASE,
      });
      return {
        isLeader: () => election.isLeader(),
        onChange: (listener) => election.onChange(listener),
        async close() {
          await election.close();
          close();
        },
      };
    }
    default:
      return by satisfies never;
  }
}
