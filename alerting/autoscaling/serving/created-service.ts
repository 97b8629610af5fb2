import { type ApiCaller, refusedWith } from '../api-caller.ts';

/** Where this server listens, as the API server reaches it: an IP address. */
export interface ServiceAddress {
  readonly host: string;
  readonly port: number;
}

const PORT_NAME = 'https';

/** Makes a Service without pods lead to an address outside of the cluster, where one is missing or leads elsewhere. Rejects as the API does. */
export async function createService(options: {
  readonly api: ApiCaller;
  readonly service: { readonly namespace: string; readonly name: string; readonly port?: number };
  readonly address: ServiceAddress;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { api, service, address, signal } = options;
  const { namespace, name, port = 443 } = service;
  const core = `/api/v1/namespaces/${encodeURIComponent(namespace)}`;
  const metadata = { namespace, name };
  await createMissing(`${core}/services`, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { ports: [{ name: PORT_NAME, port, targetPort: address.port, protocol: 'TCP' }] },
  });
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`;
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': name } },
    addressType: address.host.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: [{ addresses: [address.host], conditions: { ready: true } }],
    ports: [{ name: PORT_NAME, port: address.port, protocol: 'TCP' }],
  };
  if (await createMissing(slices, slice)) return;
  const { endpoints, ports } = slice;
  await api.send('PATCH', `${slices}/${encodeURIComponent(name)}`, { body: { endpoints, ports }, signal });

  /** True when it was missing. */
  async function createMissing(path: string, body: object): Promise<boolean> {
    try {
      await api.send('POST', path, { body, signal });
      return true;
    } catch (error) {
      if (refusedWith(error) === 409) return false;
      throw error;
    }
  }
}
