import { gauge, OPT_IN } from './family.ts';
import { createdFamily, labelFamilies } from './metadata-families.ts';
import { namespaced } from './state-resource.ts';

/** Endpoints objects: endpoint slices say the same and are watched by default. */
export const ENDPOINTS = namespaced('endpoints', 'endpoint', [
  gauge('kube_endpoint_info', 'That there is an endpoints object.', (_, emit) => emit(1), OPT_IN),
  createdFamily('kube_endpoint'),
  gauge(
    'kube_endpoint_address',
    'An address of an endpoints object, with each of its ports.',
    ({ subsets = [] }, emit) => {
      for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
        for (const { name = '', protocol = '', port } of ports) {
          const number = port === undefined ? '' : String(port);
          const labels = ['port_name', name, 'port_protocol', protocol, 'port_number', number];
          for (const { ip } of addresses) emit(1, ...labels, 'ip', ip, 'ready', 'true');
          for (const { ip } of notReadyAddresses) emit(1, ...labels, 'ip', ip, 'ready', 'false');
        }
      }
    },
    OPT_IN,
  ),
  gauge(
    'kube_endpoint_ports',
    'A port of an endpoints object.',
    ({ subsets = [] }, emit) => {
      for (const { ports = [] } of subsets) {
        for (const { name = '', protocol = '', port } of ports) {
          emit(1, 'port_name', name, 'port_protocol', protocol, 'port_number', port === undefined ? '' : String(port));
        }
      }
    },
    OPT_IN,
  ),
  ...labelFamilies('kube_endpoint'),
]);
