import type { Logger } from 'pino';
import { type Clock, SYSTEM_CLOCK } from '../../../clock/clock.ts';
import type { KubeCluster } from '../kube-cluster.ts';
import type { PolicyResource } from '../objects.ts';
import { RESOURCES } from '../resources.ts';
import { ObjectWatch } from './object-watch.ts';
import type { OperatorSelection } from './operator-selection.ts';
import { type PolicyObjectStatus, PolicyStatusWriter } from './policy-status-writer.ts';

/** An object of Pharos' own resources as it is, an alert policy or a named metric: who uses them checks them, each by itself. */
export interface PolicyObject {
  readonly apiVersion: string;
  /** AlertPolicy, AutoscalingMetric, or with Cluster before it. */
  readonly kind: string;
  readonly metadata: {
    /** '' for what is of the whole cluster. */
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly generation: number;
  };
  readonly spec: unknown;
}

export interface PolicyObjectsOptions {
  readonly cluster: KubeCluster;
  /**
   * Gets all objects, by kind, namespace and name, whenever the metadata's generation or the number of objects differs, for the first
   * time when they have been listed. An object whose spec has not changed is the same object as before. Must not throw.
   */
  readonly onPolicies: (objects: readonly PolicyObject[]) => void;
  readonly logger: Logger;
  /** Which of Pharos' resources. Default: alert policies. */
  readonly resources?: 'alertpolicies' | 'autoscalingmetrics';
  /** Default: all objects. With `namespaces` no objects of the whole cluster. */
  readonly selection?: OperatorSelection | undefined;
  readonly clock?: Clock;
  /** Milliseconds for which changes are collected. Default 1,000. */
  readonly debounce?: number;
}

export interface PolicyObjects {
  /**
   * Says what has become of objects, those given to `onPolicies`; it is written to their status soon, and only where it differs from
   * what is there. Only one of several instances should say so.
   */
  setStatus(statuses: readonly PolicyObjectStatus[]): void;
  /** Ends it; what was given stays what it is, and so does what has been written. */
  close(): Promise<void>;
}

/**
 * Reads the alert policies of a cluster, or its named metrics, where it has them. No failure to ask the cluster takes one away. Throws an Error that names
 * what is wrong with the selection.
 */
export function policyObjects(options: PolicyObjectsOptions): PolicyObjects {
  const { cluster, clock = SYSTEM_CLOCK, logger, selection = {}, onPolicies, resources = 'alertpolicies' } = options;
  let known = new Map<string, PolicyObject>();
  let given: readonly PolicyObject[] | undefined;

  const look = (): void => {
    if (!watch.isReady) return;
    const present = new Map<string, PolicyObject>();
    for (const { resource, object } of watch.objects()) {
      const { kind } = RESOURCES[resource];
      const { namespace, name, uid, generation = 0 } = object.metadata;
      const key = `${kind}/${namespace}/${name}`;
      const before = known.get(key);
      // A status that is written makes another version of the object, but not another generation.
      const isSame = generation > 0 && before?.metadata.uid === uid && before.metadata.generation === generation;
      present.set(key, isSame ? before : policyObject(kind, object as PolicyResource));
      writer.see(present.get(key)!, (object as PolicyResource).status);
    }
    known = present;
    const policies = [...present].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, policy]) => policy);
    if (given?.length === policies.length && policies.every((policy, i) => policy === given![i])) return;
    given = policies;
    onPolicies(policies);
  };

  const writer = new PolicyStatusWriter({ client: cluster.client, cluster: cluster.name, clock, logger });
  const watch = new ObjectWatch({
    cluster,
    resources: selection.namespaces === undefined ? [resources, `cluster${resources}` as const] : [resources],
    selection,
    onChange: look,
    clock,
    debounce: options.debounce,
    syncTimeout: undefined,
    logger,
  });
  return {
    setStatus: (statuses) => writer.set(statuses),
    async close() {
      watch.close();
      await writer.close();
    },
  };
}

function policyObject(kind: string, { metadata, spec }: PolicyResource): PolicyObject {
  const { namespace, name, uid, generation = 0 } = metadata;
  return { apiVersion: 'alerting.pharos.dev/v1', kind, metadata: { namespace, name, uid, generation }, spec };
}
