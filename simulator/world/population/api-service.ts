import type { KubeObject } from '../../kube-object.ts';
import type { ObjectStore } from '../../object-store.ts';

/** The Service `default/kubernetes`, through which pods reach the API server. */
export function apiService(created: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      creationTimestamp: created,
      labels: { component: 'apiserver', provider: 'kubernetes' },
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.96.0.1',
      clusterIPs: ['10.96.0.1'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
    },
    status: { loadBalancer: {} },
  };
}

/** Says where the API servers are, as they do themselves. */
export function announceApi(store: ObjectStore, addresses: readonly string[], port: number): void {
  const ports = [{ name: 'https', port, protocol: 'TCP' }];
  const metadata = { name: 'kubernetes', namespace: 'default' };
  const put = (resource: string, object: KubeObject) => {
    if (store.update(resource, object) === undefined) store.create(resource, object);
  };
  put('endpoints', {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { ...metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports }],
  });
  put('endpointslices.discovery.k8s.io', {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, generation: 1, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: addresses.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
    ports,
  });
}
