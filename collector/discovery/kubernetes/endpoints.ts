import type { EndpointAddress, EndpointPort, Endpoints } from '../../kubernetes/objects.ts';
import type { TargetGroup } from '../../scrape/scrape-config.ts';
import { EndpointPods } from './endpoint-pods.ts';
import { addNamespaceLabels, addObjectLabels, hostPort, META, type MetaLabels, NAMESPACE } from './meta-labels.ts';
import type { RelatedObjects } from './related-objects.ts';
import { addServiceLabels } from './service.ts';

/**
 * The endpoints of a service: a target for each address and port, with the labels of the service and of the pod that has the
 * address; and one for each other port of those pods.
 */
export function endpointsGroup(endpoints: Endpoints, related: RelatedObjects): TargetGroup | undefined {
  const { namespace, name } = endpoints.metadata;
  const labels: MetaLabels = { [NAMESPACE]: namespace };
  const service = related.service(namespace, name);
  if (service !== undefined) addServiceLabels(labels, service);
  addObjectLabels(labels, 'endpoints', endpoints);
  addNamespaceLabels(labels, related.namespace(namespace));
  const pods = new EndpointPods();
  const targets: MetaLabels[] = [];
  const add = (address: EndpointAddress, port: EndpointPort, isReady: boolean): void => {
    const { targetRef, nodeName, hostname } = address;
    const target: MetaLabels = {
      __address__: hostPort(address.ip, port.port ?? 0),
      [`${META}endpoint_port_name`]: port.name ?? '',
      [`${META}endpoint_port_protocol`]: port.protocol ?? '',
      [`${META}endpoint_ready`]: String(isReady),
    };
    if (targetRef !== undefined) {
      target[`${META}endpoint_address_target_kind`] = targetRef.kind ?? '';
      target[`${META}endpoint_address_target_name`] = targetRef.name ?? '';
    }
    if (nodeName !== undefined) target[`${META}endpoint_node_name`] = nodeName;
    if (hostname !== undefined) target[`${META}endpoint_hostname`] = hostname;
    const node = related.node(nodeName ?? (targetRef?.kind === 'Node' ? targetRef.name : undefined) ?? '');
    if (node !== undefined) addObjectLabels(target, 'node', node);
    const pod = targetRef?.kind === 'Pod' ? related.pod(targetRef.namespace ?? '', targetRef.name ?? '') : undefined;
    if (pod !== undefined) pods.addTo(target, pod, { port: port.port ?? 0, protocol: port.protocol ?? '' });
    targets.push(target);
  };
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of endpoints.subsets ?? []) {
    for (const port of ports) {
      for (const address of addresses) add(address, port, true);
      for (const address of notReadyAddresses) add(address, port, false);
    }
  }
  targets.push(...pods.otherPorts());
  return targets.length === 0 ? undefined : { targets, labels, source: `endpoints/${namespace}/${name}` };
}
