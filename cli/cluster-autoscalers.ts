import type { Autoscaler } from '../alerting/autoscaling/autoscaler.ts';
import type { Autoscalers } from '../alerting/autoscaling/autoscalers.ts';
import { type SelectorObject, selectorOf } from '../alerting/autoscaling/selector-object.ts';
import type { CacheLease, KubeCluster } from '../collector/kubernetes/kube-cluster.ts';
import type { HorizontalPodAutoscaler, KubeObject } from '../collector/kubernetes/objects.ts';
import { autoscalerOf } from './autoscaler-object.ts';

/** The kinds of which it is known how they choose their pods. */
const KINDS = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  ReplicaSet: 'replicasets',
  ReplicationController: 'replicationcontrollers',
} as const;

type Kind = keyof typeof KINDS;
type Workload = KubeObject & {
  readonly spec: { readonly selector?: SelectorObject | Readonly<Record<string, string>> };
};

/**
 * Has the autoscalers of a cluster followed, each with the pods of its target. Only the kinds that autoscalers scale are watched. No
 * failure to ask the cluster takes one away.
 */
export function clusterAutoscalers(cluster: KubeCluster, autoscalers: Autoscalers): { close(): void } {
  const ending = new AbortController();
  const workloads = new Map<Kind, CacheLease<Workload>>();
  /** The autoscalers of a target, by `kind/namespace/name`. */
  const scalers = new Map<string, Map<string, HorizontalPodAutoscaler>>();
  const ends: (() => void)[] = [];

  const workloadsOf = (kind: Kind): CacheLease<Workload> => {
    const known = workloads.get(kind);
    if (known !== undefined) return known;
    const lease = cluster.watch(KINDS[kind]) as CacheLease<Workload>;
    workloads.set(kind, lease);
    const again = (key: string): void => {
      for (const object of scalers.get(key)?.values() ?? []) autoscalers.put(read(object));
    };
    ends.push(
      lease.cache.subscribe(({ before, after }) => {
        const { namespace, name } = (after ?? before!).metadata;
        const key = `${kind}/${namespace}/${name}`;
        if (scalers.has(key) && selectorText(before) !== selectorText(after)) again(key);
      }),
      lease.close,
    );
    // Of those that are not there it can be said now.
    lease.cache.synced(ending.signal).then(
      () => {
        for (const key of scalers.keys()) if (key.startsWith(`${kind}/`)) again(key);
      },
      () => undefined,
    );
    return lease;
  };

  const podsOf = ({ metadata, spec }: HorizontalPodAutoscaler): Pick<Autoscaler, 'pods' | 'podsUnknown'> => {
    const { kind = '', name = '' } = spec.scaleTargetRef ?? {};
    const unknown = (podsUnknown: string) => ({ pods: undefined, podsUnknown });
    if (!isKind(kind)) return unknown(`it is not known here which pods a ${kind} has`);
    const { cache } = workloadsOf(kind);
    const workload = cache.get(metadata.namespace, name);
    if (workload === undefined) {
      return unknown(cache.isSynced ? `there is no ${kind} ${name}` : `the ${KINDS[kind]} have not been listed yet`);
    }
    const { selector = {} } = workload.spec;
    const isMap = kind === 'ReplicationController';
    try {
      return { pods: selectorOf((isMap ? { matchLabels: selector } : selector) as SelectorObject), podsUnknown: '' };
    } catch (error) {
      return unknown(`the selector of the ${kind} ${name}: ${error instanceof Error ? error.message : error}`);
    }
  };
  const read = (object: HorizontalPodAutoscaler): Autoscaler => autoscalerOf(object, podsOf(object));

  const put = (object: HorizontalPodAutoscaler, before?: HorizontalPodAutoscaler): void => {
    if (before !== undefined) leave(before);
    const target = targetKey(object);
    const of = scalers.get(target) ?? new Map<string, HorizontalPodAutoscaler>();
    scalers.set(target, of.set(object.metadata.name, object));
    autoscalers.put(read(object));
  };
  const leave = (object: HorizontalPodAutoscaler): void => {
    const target = targetKey(object);
    const of = scalers.get(target);
    of?.delete(object.metadata.name);
    if (of?.size === 0) scalers.delete(target);
  };

  const lease = cluster.watch('horizontalpodautoscalers');
  ends.push(
    lease.cache.subscribe(({ before, after }) => {
      if (after !== undefined) return put(after, before);
      leave(before!);
      autoscalers.remove(before!.metadata.namespace, before!.metadata.name);
    }),
    lease.close,
  );
  for (const object of lease.cache.values()) put(object);
  lease.cache.synced(ending.signal).then(
    () => autoscalers.listed(),
    () => undefined,
  );
  return {
    close() {
      ending.abort();
      for (const end of ends) end();
      autoscalers.close();
    },
  };
}

function isKind(kind: string): kind is Kind {
  return Object.hasOwn(KINDS, kind);
}

function targetKey({ metadata, spec }: HorizontalPodAutoscaler): string {
  return `${spec.scaleTargetRef?.kind}/${metadata.namespace}/${spec.scaleTargetRef?.name}`;
}

function selectorText(workload: Workload | undefined): string {
  return workload === undefined ? '' : JSON.stringify(workload.spec.selector);
}
