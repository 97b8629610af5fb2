import { ALPHA, ALPHA_OPT_IN, gauge } from './family.ts';
import { createdFamily, labelFamilies } from './metadata-families.ts';
import { namespaced } from './state-resource.ts';

function textOf(is: boolean | undefined): string {
  return is === undefined ? '' : String(is);
}

export const ENDPOINT_SLICES = namespaced('endpointslices', 'endpointslice', [
  gauge(
    'kube_endpointslice_info',
    'Of which type the addresses of an endpoint slice are.',
    ({ addressType }, emit) => emit(1, 'addresstype', addressType ?? ''),
    ALPHA,
  ),
  createdFamily('kube_endpointslice', ALPHA_OPT_IN),
  gauge(
    'kube_endpointslice_endpoints',
    'An address of an endpoint slice and its condition.',
    ({ endpoints = [] }, emit) => {
      for (const { addresses = [], conditions, hostname = '', nodeName = '', zone = '', targetRef } of endpoints) {
        for (const address of addresses) {
          emit(
            1,
            'address',
            address,
            'ready',
            textOf(conditions?.ready),
            'serving',
            textOf(conditions?.serving),
            'terminating',
            textOf(conditions?.terminating),
            'hostname',
            hostname,
            'targetref_kind',
            targetRef?.kind ?? '',
            'targetref_name',
            targetRef?.name ?? '',
            'targetref_namespace',
            targetRef?.namespace ?? '',
            'endpoint_nodename',
            nodeName,
            'endpoint_zone',
            zone,
          );
        }
      }
    },
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_endpointslice_endpoints_hints',
    'A zone for which an address of an endpoint slice is meant.',
    ({ endpoints = [] }, emit) => {
      for (const { addresses = [], hints } of endpoints) {
        for (const { name } of hints?.forZones ?? []) emit(1, 'address', addresses[0] ?? '', 'for_zone', name);
      }
    },
    ALPHA_OPT_IN,
  ),
  gauge(
    'kube_endpointslice_ports',
    'A port of an endpoint slice.',
    ({ ports = [] }, emit) => {
      for (const { name = '', protocol = '', port } of ports) {
        emit(1, 'port_name', name, 'port_protocol', protocol, 'port_number', port === undefined ? '' : String(port));
      }
    },
    ALPHA,
  ),
  ...labelFamilies('kube_endpointslice', ALPHA),
]);
