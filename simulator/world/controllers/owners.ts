import type { KubeObject } from '../../kube-object.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import { controllerOf, type Pod } from '../objects.ts';

/** `namespace/name` of the controller, when it is of this kind. */
export function controllerKeyOf(object: KubeObject, kind: string): string | undefined {
  const owner = controllerOf(object);
  return owner?.kind === kind ? `${object.metadata.namespace ?? ''}/${owner.name}` : undefined;
}

const RESOURCES: Readonly<Record<string, string>> = { ReplicaSet: 'replicasets.apps', Job: 'jobs.batch' };

/** `namespace/kind/name` of what a pod belongs to over all owners: of a ReplicaSet's pod the Deployment. */
export function workloadOf(pod: Pod, index: ClusterIndex): string {
  const namespace = pod.metadata.namespace ?? '';
  const owner = controllerOf(pod);
  if (owner === undefined) return `${namespace}/Pod/${pod.metadata.name}`;
  const resource = RESOURCES[owner.kind];
  const between = resource === undefined ? undefined : index.get(resource, namespace, owner.name);
  const top = between === undefined ? owner : (controllerOf(between) ?? owner);
  return `${namespace}/${top.kind}/${top.name}`;
}
