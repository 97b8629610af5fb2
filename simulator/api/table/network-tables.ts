import type { KubeObject } from '../../kube-object.ts';
import { labelSelectorText } from '../selectors.ts';
import { age, columns, firstOf, labelText, orNone, type TableDefinition } from './cells.ts';

interface Balanced {
  readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] };
}

interface Service extends KubeObject {
  readonly spec?: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly externalIPs?: readonly string[];
    readonly externalName?: string;
    readonly ports?: readonly { readonly port: number; readonly nodePort?: number; readonly protocol?: string }[];
    readonly selector?: Readonly<Record<string, string>>;
  };
  readonly status?: Balanced;
}

const services: TableDefinition = {
  columns: columns('Name, Type, Cluster-IP, External-IP, Port(s), Age | Selector'),
  cells: (object, now) => {
    const { metadata, spec } = object as Service;
    const ports = (spec?.ports ?? []).map(
      ({ port, nodePort, protocol = 'TCP' }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`,
    );
    return [
      metadata.name,
      spec?.type ?? 'ClusterIP',
      orNone(spec?.clusterIP),
      externalAddress(object as Service),
      orNone(ports.join(',')),
      age(object, now),
      labelText(spec?.selector),
    ];
  },
};

function externalAddress({ spec, status }: Service): string {
  const external = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case 'ExternalName':
      return spec.externalName ?? '';
    case 'LoadBalancer': {
      const addresses = [...balancerAddresses(status), ...external];
      return addresses.length === 0 ? '<pending>' : addresses.join(',');
    }
    default:
      return orNone(external.join(','));
  }
}

function balancerAddresses(status: Balanced | undefined): readonly string[] {
  return (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? '').sort();
}

interface Endpoints extends KubeObject {
  readonly subsets?: readonly {
    readonly addresses?: readonly { readonly ip: string }[];
    readonly ports?: readonly { readonly port: number }[];
  }[];
}

const endpoints: TableDefinition = {
  columns: columns('Name, Endpoints, Age'),
  cells: (object, now) => {
    const list = ((object as Endpoints).subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
      ports.length === 0
        ? addresses.map(({ ip }) => hostPort(ip, undefined))
        : ports.flatMap(({ port }) => addresses.map(({ ip }) => hostPort(ip, port))),
    );
    return [object.metadata.name, orNone(firstOf(list, 3)), age(object, now)];
  },
};

function hostPort(ip: string, port: number | undefined): string {
  const host = ip.includes(':') ? `[${ip}]` : ip;
  return port === undefined ? host : `${host}:${port}`;
}

interface EndpointSlice extends KubeObject {
  readonly addressType?: string;
  readonly endpoints?: readonly { readonly addresses?: readonly string[] }[];
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[];
}

const endpointSlices: TableDefinition = {
  columns: columns('Name, AddressType, Ports, Endpoints, Age'),
  cells: (object, now) => {
    const slice = object as EndpointSlice;
    const ports = (slice.ports ?? []).map(({ name, port }) => (port === undefined ? (name ?? '*') : String(port)));
    const addresses = (slice.endpoints ?? []).flatMap(({ addresses = [] }) => addresses);
    return [
      slice.metadata.name,
      slice.addressType ?? '',
      ports.length === 0 ? '<unset>' : firstOf(ports, 3),
      addresses.length === 0 ? '<unset>' : firstOf(addresses, 3),
      age(object, now),
    ];
  },
};

interface Ingress extends KubeObject {
  readonly spec?: {
    readonly ingressClassName?: string;
    readonly tls?: readonly object[];
    readonly rules?: readonly { readonly host?: string }[];
  };
  readonly status?: Balanced;
}

const ingresses: TableDefinition = {
  columns: columns('Name, Class, Hosts, Address, Ports, Age'),
  cells: (object, now) => {
    const { metadata, spec, status } = object as Ingress;
    const hosts = (spec?.rules ?? []).flatMap(({ host }) => (host ? [host] : []));
    return [
      metadata.name,
      orNone(spec?.ingressClassName),
      hosts.length === 0 ? '*' : firstOf(hosts, 3),
      balancerAddresses(status).join(','),
      (spec?.tls ?? []).length > 0 ? '80, 443' : '80',
      age(object, now),
    ];
  },
};

const ingressClasses: TableDefinition = {
  columns: columns('Name, Controller, Parameters, Age'),
  cells: (object, now) => {
    const { controller = '', parameters } = (object.spec ?? {}) as {
      readonly controller?: string;
      readonly parameters?: { readonly apiGroup?: string; readonly kind: string; readonly name: string };
    };
    const kind = parameters?.apiGroup ? `${parameters.kind}.${parameters.apiGroup}` : parameters?.kind;
    return [object.metadata.name, controller, parameters ? `${kind}/${parameters.name}` : '<none>', age(object, now)];
  },
};

const networkPolicies: TableDefinition = {
  columns: columns('Name, Pod-Selector, Age'),
  cells: (object, now) => {
    const { podSelector } = (object.spec ?? {}) as { readonly podSelector?: object };
    return [object.metadata.name, orNone(labelSelectorText(podSelector)), age(object, now)];
  },
};

/** By the store's resource. */
export const NETWORK_TABLES: Readonly<Record<string, TableDefinition>> = {
  services,
  endpoints,
  'endpointslices.discovery.k8s.io': endpointSlices,
  'ingresses.networking.k8s.io': ingresses,
  'ingressclasses.networking.k8s.io': ingressClasses,
  'networkpolicies.networking.k8s.io': networkPolicies,
};
