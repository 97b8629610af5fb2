import { type ApiCaller, refusedWith } from '../api-caller.ts';

/** Where this server listens, as the API server reaches it: an IP address. */
export interface ServiceAddress {
  readonly host: string;
  readonly port: number;
}

interface Slice {
  readonly endpoints?: readonly { readonly addresses?: readonly string[] }[] | null;
  readonly ports?: readonly { readonly port?: number }[] | null;
}

const PORT_NAME = 'https';

/**
 * Makes a Service without pods lead to an address, which may be outside of the cluster: where there is none, nor its namespace,
 * or its EndpointSlice has another address. A Service that exists is not changed. Rejects as the API does.
 */
export async function createService(options: {
  readonly api: ApiCaller;
  readonly service: { readonly namespace: string; readonly name: string; readonly port?: number };
  readonly address: ServiceAddress;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { api, service, address, signal } = options;
  const { namespace, name, port = 443 } = service;
  const metadata = { namespace, name };
  const namespaces = '/api/v1/namespaces';
  if ((await found(`${namespaces}/${encodeURIComponent(namespace)}`)) === undefined) {
    await create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  }
  const services = `${namespaces}/${encodeURIComponent(namespace)}/services`;
  if ((await found(`${services}/${encodeURIComponent(name)}`)) === undefined) {
    const ports = [{ name: PORT_NAME, port, targetPort: address.port, protocol: 'TCP' }];
    await create(services, { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports } });
  }
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`;
  const endpoints = [{ addresses: [address.host], conditions: { ready: true } }];
  const ports = [{ name: PORT_NAME, port: address.port, protocol: 'TCP' }];
  const slice = (await found(`${slices}/${encodeURIComponent(name)}`)) as Slice | undefined;
  if (slice === undefined) {
    await create(slices, {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': name } },
      addressType: address.host.includes(':') ? 'IPv6' : 'IPv4',
      endpoints,
      ports,
    });
    return;
  }
  const isSame = slice.endpoints?.[0]?.addresses?.[0] === address.host && slice.ports?.[0]?.port === address.port;
  if (!isSame) await api.send('PATCH', `${slices}/${encodeURIComponent(name)}`, { body: { endpoints, ports }, signal });

  async function found(path: string): Promise<unknown> {
    try {
      return await api.get(path, { signal });
    } catch (error) {
      if (refusedWith(error) === 404) return undefined;
      throw error;
    }
  }

  async function create(path: string, body: object): Promise<void> {
    try {
      await api.send('POST', path, { body, signal });
    } catch (error) {
      // Somebody else was faster.
      if (refusedWith(error) !== 409) throw error;
    }
  }
}
