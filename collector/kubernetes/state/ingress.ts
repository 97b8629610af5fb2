import { ALPHA_OPT_IN, gauge } from './family.ts';
import { createdFamily, labelFamilies, resourceVersionFamily } from './metadata-families.ts';
import { namespaced } from './state-resource.ts';

export const INGRESSES = namespaced('ingresses', 'ingress', [
  gauge('kube_ingress_info', 'Of which class an ingress is.', ({ metadata, spec }, emit) =>
    emit(
      1,
      'ingressclass',
      metadata.annotations?.['kubernetes.io/ingress.class'] ?? spec.ingressClassName ?? '_default',
    ),
  ),
  createdFamily('kube_ingress'),
  resourceVersionFamily('kube_ingress', ALPHA_OPT_IN),
  gauge('kube_ingress_path', 'Where an ingress sends a path.', ({ spec }, emit) => {
    for (const { host = '', http } of spec.rules ?? []) {
      for (const { path = '', pathType = '', backend } of http?.paths ?? []) {
        const labels = ['host', host, 'path', path, 'path_type', pathType];
        const { service, resource } = backend ?? {};
        if (service !== undefined) {
          emit(1, ...labels, 'service_name', service.name, 'service_port', String(service.port?.number ?? 0));
        } else if (resource !== undefined) {
          const { apiGroup = '', kind, name } = resource;
          emit(1, ...labels, 'resource_api_group', apiGroup, 'resource_kind', kind, 'resource_name', name);
        }
      }
    }
  }),
  gauge('kube_ingress_tls', 'Which secret an ingress uses for a host.', ({ spec }, emit) => {
    for (const { hosts = [], secretName = '' } of spec.tls ?? []) {
      for (const host of hosts) emit(1, 'tls_host', host, 'secret', secretName);
    }
  }),
  ...labelFamilies('kube_ingress'),
]);
