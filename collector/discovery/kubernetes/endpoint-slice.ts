import type { EndpointPort, EndpointSlice } from '../../kubernetes/objects.ts';
import { sanitizeLabelName } from '../../kubernetes/sanitize-label-name.ts';
import type { TargetGroup } from '../../scrape/scrape-config.ts';
import { EndpointPods } from './endpoint-pods.ts';
import { addNamespaceLabels, addObjectLabels, hostPort, META, type MetaLabels, NAMESPACE } from './meta-labels.ts';
import type { RelatedObjects } from './related-objects.ts';
import { addServiceLabels } from './service.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';

type Endpoint = NonNullable<EndpointSlice['endpoints']>[number];

/**
 * A slice of a service's endpoints: a target for each endpoint, port and address, with the labels of the service that the
 * slice's label names and of the pod behind it; and one for each other port of those pods.
 */
export function endpointSliceGroup(slice: EndpointSlice, related: RelatedObjects): TargetGroup | undefined {
  const { namespace, name } = slice.metadata;
  const labels: MetaLabels = { [NAMESPACE]: namespace, [`${META}endpointslice_address_type`]: slice.addressType };
  addObjectLabels(labels, 'endpointslice', slice);
  const serviceName = slice.metadata.labels?.[SERVICE_NAME];
  const service = serviceName === undefined ? undefined : related.service(namespace, serviceName);
  if (service !== undefined) addServiceLabels(labels, service);
  addNamespaceLabels(labels, related.namespace(namespace));
  const pods = new EndpointPods();
  const targets: MetaLabels[] = [];
  for (const endpoint of slice.endpoints ?? []) {
    const { targetRef, nodeName } = endpoint;
    const node = related.node((targetRef?.kind === 'Node' ? targetRef.name : nodeName) ?? '');
    const pod = targetRef?.kind === 'Pod' ? related.pod(targetRef.namespace ?? '', targetRef.name ?? '') : undefined;
    for (const port of slice.ports ?? []) {
      for (const address of endpoint.addresses) {
        const target: MetaLabels = {
          __address__: port.port === undefined ? address : hostPort(address, port.port),
          ...portLabels(port),
          ...endpointLabels(endpoint),
        };
        if (node !== undefined) addObjectLabels(target, 'node', node);
        if (pod !== undefined) pods.addTo(target, pod, port.port === undefined ? {} : { port: port.port });
        targets.push(target);
      }
    }
  }
  targets.push(...pods.otherPorts());
  return targets.length === 0 ? undefined : { targets, labels, source: `endpointslice/${namespace}/${name}` };
}

function portLabels({ name, port, protocol, appProtocol }: EndpointPort): MetaLabels {
  return {
    ...(name !== undefined && { [`${META}endpointslice_port_name`]: name }),
    ...(protocol !== undefined && { [`${META}endpointslice_port_protocol`]: protocol }),
    ...(port !== undefined && { [`${META}endpointslice_port`]: String(port) }),
    ...(appProtocol !== undefined && { [`${META}endpointslice_port_app_protocol`]: appProtocol }),
  };
}

function endpointLabels(endpoint: Endpoint): MetaLabels {
  const { conditions = {}, hostname, targetRef, nodeName, zone, deprecatedTopology = {} } = endpoint;
  const labels: MetaLabels = {};
  for (const condition of ['ready', 'serving', 'terminating'] as const) {
    const value = conditions[condition];
    if (value !== undefined) labels[`${META}endpointslice_endpoint_conditions_${condition}`] = String(value);
  }
  if (hostname !== undefined) labels[`${META}endpointslice_endpoint_hostname`] = hostname;
  if (targetRef !== undefined) {
    labels[`${META}endpointslice_address_target_kind`] = targetRef.kind ?? '';
    labels[`${META}endpointslice_address_target_name`] = targetRef.name ?? '';
  }
  if (nodeName !== undefined) labels[`${META}endpointslice_endpoint_node_name`] = nodeName;
  if (zone !== undefined) labels[`${META}endpointslice_endpoint_zone`] = zone;
  for (const [name, value] of Object.entries(deprecatedTopology)) {
    const sanitized = sanitizeLabelName(name);
    labels[`${META}endpointslice_endpoint_topology_${sanitized}`] = value;
    labels[`${META}endpointslice_endpoint_topology_present_${sanitized}`] = 'true';
  }
  return labels;
}
