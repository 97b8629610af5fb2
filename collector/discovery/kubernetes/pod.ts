import { isIPv4, isIPv6 } from 'node:net';
import type { Container, ContainerPort, Pod } from '../../kubernetes/objects.ts';
import type { TargetGroup } from '../../scrape/scrape-config.ts';
import {
  addNamespaceLabels,
  addObjectLabels,
  bareHost,
  hostPort,
  META,
  type MetaLabels,
  NAMESPACE,
} from './meta-labels.ts';
import type { RelatedObjects } from './related-objects.ts';

/**
 * A pod: a target for each port of each container, and for a container without ports one whose address has no port. A pod
 * that has no address yet, or none any more, has no targets.
 */
export function podGroup(pod: Pod, related: RelatedObjects): TargetGroup | undefined {
  const { podIP = '' } = pod.status;
  if (podIP === '') return undefined;
  const { namespace, name } = pod.metadata;
  const labels: MetaLabels = { [NAMESPACE]: namespace };
  addPodLabels(labels, pod);
  const node = related.node(pod.spec.nodeName ?? '');
  if (node !== undefined) addObjectLabels(labels, 'node', node);
  addNamespaceLabels(labels, related.namespace(namespace));
  const targets = containersOf(pod).flatMap(({ container, isInit }): MetaLabels[] => {
    const about: MetaLabels = {
      ...containerLabels(container, isInit),
      [`${META}pod_container_id`]: containerId(pod, container.name, isInit),
    };
    const { ports = [] } = container;
    if (ports.length === 0) return [{ __address__: bareHost(podIP), ...about }];
    return ports.map((port) => ({
      __address__: hostPort(podIP, port.containerPort),
      ...about,
      ...portLabels(port),
    }));
  });
  return { targets, labels, source: `pod/${namespace}/${name}` };
}

/** The labels that stand for a pod, wherever it is met. */
export function addPodLabels(labels: MetaLabels, pod: Pod): void {
  const { status, spec, metadata } = pod;
  labels[`${META}pod_ip`] = status.podIP ?? '';
  labels[`${META}pod_ready`] = readiness(pod);
  labels[`${META}pod_phase`] = status.phase ?? '';
  labels[`${META}pod_node_name`] = spec.nodeName ?? '';
  labels[`${META}pod_host_ip`] = status.hostIP ?? '';
  labels[`${META}pod_uid`] = metadata.uid;
  const ips = status.podIPs?.map(({ ip }) => ip) ?? [];
  const ipv4 = ips.find(isIPv4);
  if (ipv4 !== undefined) labels[`${META}pod_ipv4`] = ipv4;
  const ipv6 = ips.find(isIPv6);
  if (ipv6 !== undefined) labels[`${META}pod_ipv6`] = ipv6;
  addObjectLabels(labels, 'pod', pod);
  const controller = metadata.ownerReferences?.find((owner) => owner.controller === true);
  if (controller !== undefined) {
    labels[`${META}pod_controller_kind`] = controller.kind;
    labels[`${META}pod_controller_name`] = controller.name;
  }
}

function readiness(pod: Pod): string {
  const condition = pod.status.conditions?.find(({ type }) => type === 'Ready');
  return condition?.status.toLowerCase() ?? 'unknown';
}

interface PodContainer {
  readonly container: Container;
  readonly isInit: boolean;
}

/** The containers, then the init containers. */
export function containersOf({ spec }: Pod): readonly PodContainer[] {
  const { containers = [], initContainers = [] } = spec;
  return [
    ...containers.map((container) => ({ container, isInit: false })),
    ...initContainers.map((container) => ({ container, isInit: true })),
  ];
}

export function containerLabels({ name, image = '' }: Container, isInit: boolean): MetaLabels {
  return {
    [`${META}pod_container_name`]: name,
    [`${META}pod_container_image`]: image,
    [`${META}pod_container_init`]: String(isInit),
  };
}

export function portLabels({ name = '', containerPort, protocol = '' }: ContainerPort): MetaLabels {
  return {
    [`${META}pod_container_port_name`]: name,
    [`${META}pod_container_port_number`]: String(containerPort),
    [`${META}pod_container_port_protocol`]: protocol,
  };
}

function containerId({ status }: Pod, name: string, isInit: boolean): string {
  const statuses = isInit ? status.initContainerStatuses : status.containerStatuses;
  return statuses?.find((container) => container.name === name)?.containerID ?? '';
}
