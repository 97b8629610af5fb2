import type { KubeObject } from '../kube-object.ts';
import { badRequest, invalid } from './api-error.ts';
import type { ApiResource } from './resources.ts';
import { labelSelectorText } from './selectors.ts';

interface Scaled {
  readonly spec?: { readonly replicas?: number; readonly selector?: unknown };
  readonly status?: { readonly replicas?: number; readonly selector?: string };
}

/** The Scale object of something that has replicas. */
export function scaleOf({ plural }: ApiResource, object: KubeObject): object {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const { spec, status } = object as Scaled;
  // A replication controller's selector is the labels themselves.
  const selector = plural === 'replicationcontrollers' ? { matchLabels: spec?.selector } : spec?.selector;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec?.replicas ?? 0 },
    status: { replicas: status?.replicas ?? 0, selector: status?.selector ?? labelSelectorText(selector) },
  };
}

/** The object as a Scale wants it, with the Scale's resource version as condition. */
export function withScale(object: KubeObject, scale: object): KubeObject {
  const { kind, spec, metadata } = scale as {
    kind?: string;
    spec?: { replicas?: unknown };
    metadata?: KubeObject['metadata'];
  };
  if (kind !== undefined && kind !== 'Scale') throw badRequest(`the object must be a Scale, got a ${kind}`);
  const replicas = spec?.replicas ?? 0;
  if (!Number.isInteger(replicas) || (replicas as number) < 0) {
    throw invalid({ kind: 'Scale', group: 'autoscaling' }, object.metadata.name, {
      field: 'spec.replicas',
      message: `Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`,
    });
  }
  const { resourceVersion = object.metadata.resourceVersion, uid = object.metadata.uid } = metadata ?? {};
  return {
    ...object,
    metadata: {
      ...object.metadata,
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(uid !== undefined && { uid }),
    },
    spec: { ...(object.spec as object), replicas },
  };
}
