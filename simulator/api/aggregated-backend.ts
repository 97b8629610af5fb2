import type { KubeObject } from '../kube-object.ts';
import type { ObjectStore } from '../object-store.ts';

/** APIService of apiregistration.k8s.io/v1. */
export interface ApiService extends KubeObject {
  readonly spec?: {
    readonly group?: string;
    readonly version?: string;
    readonly service?: ServiceReference | null;
    /** PEM in base64. */
    readonly caBundle?: string;
    readonly insecureSkipTLSVerify?: boolean;
    readonly groupPriorityMinimum?: number;
    readonly versionPriority?: number;
  };
  readonly status?: { readonly conditions?: readonly ApiServiceCondition[] };
}

export interface ServiceReference {
  readonly namespace?: string;
  readonly name?: string;
  /** Of the Service. Default 443. */
  readonly port?: number;
}

export interface ApiServiceCondition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** Where an aggregated server is reached. */
export interface Backend {
  /** Without a slash at its end. */
  readonly url: string;
  /** What its certificate must be for, whatever its address. */
  readonly serverName: string;
  /** PEM; undefined for the authorities of the system. */
  readonly ca: string | undefined;
  readonly insecure: boolean;
}

/** Why a server cannot be reached, as an APIService's condition says it. */
export interface Unreachable {
  readonly reason: string;
  readonly message: string;
}

interface Service extends KubeObject {
  readonly spec?: {
    readonly type?: string;
    readonly externalName?: string;
    readonly ports?: readonly { readonly name?: string; readonly port: number }[];
  };
}

interface Ports {
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null;
}

interface Slice extends KubeObject, Ports {
  readonly endpoints?:
    | readonly { readonly addresses: readonly string[]; readonly conditions?: { readonly ready?: boolean | null } }[]
    | null;
}

interface Endpoints extends KubeObject {
  readonly subsets?: readonly (Ports & { readonly addresses?: readonly { readonly ip: string }[] | null })[] | null;
}

/**
 * Finds the server of an APIService: one of the ready addresses behind its Service, whose EndpointSlices count before its
 * Endpoints. `turn` says which one. An override by `namespace/name` of the Service is taken before all, without a Service.
 */
export function findBackend(
  { spec }: ApiService,
  {
    store,
    overrides,
    turn,
  }: { readonly store: ObjectStore; readonly overrides: ReadonlyMap<string, string>; readonly turn: number },
): Backend | Unreachable {
  const { namespace = '', name = '', port = 443 } = spec?.service ?? {};
  const trust = {
    serverName: `${name}.${namespace}.svc`,
    ca: spec?.caBundle === undefined ? undefined : Buffer.from(spec.caBundle, 'base64').toString(),
    insecure: spec?.insecureSkipTLSVerify === true,
  };
  const override = overrides.get(`${namespace}/${name}`);
  if (override !== undefined) return { url: override.replace(/\/$/, ''), ...trust };
  const at = `service/${name} in "${namespace}"`;
  const service = store.get('services', namespace, name) as Service | undefined;
  if (service === undefined) return { reason: 'ServiceNotFound', message: `${at} is not present` };
  const { type, externalName, ports = [] } = service.spec ?? {};
  if (type === 'ExternalName') return { url: `https://${externalName}:${port}`, ...trust };
  const found = ports.find((one) => one.port === port);
  if (found === undefined) return { reason: 'ServicePortError', message: `${at} is not listening on port ${port}` };
  const addresses = addressesOf(store, { namespace, name, port: found.name ?? '' });
  if (addresses === undefined) return { reason: 'EndpointsNotFound', message: `cannot find endpointslices for ${at}` };
  if (addresses.length === 0) {
    return {
      reason: 'MissingEndpoints',
      message: `endpoints for ${at} have no addresses with port name "${found.name ?? ''}"`,
    };
  }
  return { url: `https://${addresses[turn % addresses.length]}`, ...trust };
}

/** Hosts and ports; undefined when there is neither an EndpointSlice nor an Endpoints object. */
function addressesOf(
  store: ObjectStore,
  { namespace, name, port }: { readonly namespace: string; readonly name: string; readonly port: string },
): readonly string[] | undefined {
  const numbersOf = ({ ports }: Ports) =>
    (ports ?? []).filter((one) => (one.name ?? '') === port).map((one) => one.port);
  const slices = (store.list('endpointslices.discovery.k8s.io', { namespace }) as readonly Slice[]).filter(
    ({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name,
  );
  if (slices.length > 0) {
    return slices.flatMap((slice) =>
      (slice.endpoints ?? [])
        .filter(({ conditions }) => conditions?.ready !== false)
        .flatMap(({ addresses }) => numbersOf(slice).map((number) => hostPort(addresses[0]!, number))),
    );
  }
  const endpoints = store.get('endpoints', namespace, name) as Endpoints | undefined;
  return endpoints?.subsets?.flatMap((subset) =>
    (subset.addresses ?? []).flatMap(({ ip }) => numbersOf(subset).map((number) => hostPort(ip, number))),
  );
}

function hostPort(host: string, port: number | undefined): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
