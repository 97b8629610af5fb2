import { gauge } from './family.ts';
import { createdFamily, deletionFamily, labelFamilies } from './metadata-families.ts';
import { namespacedWithUid } from './state-resource.ts';

export const SERVICES = namespacedWithUid('services', 'service', [
  gauge('kube_service_info', 'At which address a service is.', ({ spec }, emit) =>
    emit(
      1,
      'cluster_ip',
      spec.clusterIP ?? '',
      'external_name',
      spec.externalName ?? '',
      'external_traffic_policy',
      spec.externalTrafficPolicy ?? '',
      'load_balancer_ip',
      spec.loadBalancerIP ?? '',
    ),
  ),
  createdFamily('kube_service'),
  deletionFamily('kube_service'),
  gauge('kube_service_spec_type', 'Of which type a service is.', ({ spec }, emit) => emit(1, 'type', spec.type ?? '')),
  gauge('kube_service_spec_external_ip', 'An external address of a service.', ({ spec }, emit) => {
    for (const ip of spec.externalIPs ?? []) emit(1, 'external_ip', ip);
  }),
  gauge(
    'kube_service_status_load_balancer_ingress',
    'An address of the load balancer of a service.',
    ({ status }, emit) => {
      for (const { ip = '', hostname = '' } of status.loadBalancer?.ingress ?? [])
        emit(1, 'ip', ip, 'hostname', hostname);
    },
  ),
  ...labelFamilies('kube_service'),
]);
