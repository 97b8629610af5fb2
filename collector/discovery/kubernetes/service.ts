import type { Service } from '../../kubernetes/objects.ts';
import type { TargetGroup } from '../../scrape/scrape-config.ts';
import { addNamespaceLabels, addObjectLabels, hostPort, META, type MetaLabels, NAMESPACE } from './meta-labels.ts';
import type { RelatedObjects } from './related-objects.ts';

/** A service: a target for each port, at the service's name in the cluster's DNS. */
export function serviceGroup(service: Service, related: RelatedObjects): TargetGroup | undefined {
  const { namespace, name } = service.metadata;
  const { ports = [], type = '', externalName = '', clusterIP = '', loadBalancerIP = '' } = service.spec;
  if (ports.length === 0) return undefined;
  const labels: MetaLabels = {};
  addServiceLabels(labels, service);
  addNamespaceLabels(labels, related.namespace(namespace));
  const targets = ports.map((port) => ({
    __address__: hostPort(`${name}.${namespace}.svc`, port.port),
    [`${META}service_port_name`]: port.name ?? '',
    [`${META}service_port_number`]: String(port.port),
    [`${META}service_port_protocol`]: port.protocol ?? '',
    [`${META}service_type`]: type,
    ...(type === 'ExternalName'
      ? { [`${META}service_external_name`]: externalName }
      : { [`${META}service_cluster_ip`]: clusterIP }),
    ...(type === 'LoadBalancer' && { [`${META}service_loadbalancer_ip`]: loadBalancerIP }),
  }));
  return { targets, labels, source: `svc/${namespace}/${name}` };
}

/** The labels that stand for a service, wherever it is met. */
export function addServiceLabels(labels: MetaLabels, service: Service): void {
  labels[NAMESPACE] = service.metadata.namespace;
  addObjectLabels(labels, 'service', service);
}
