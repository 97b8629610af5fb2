import type { KubeObject } from '../../simulator/kube-object.ts';
import type { ObjectStore } from '../../simulator/object-store.ts';

/** Fills a store with objects that between them have everything that discovery looks at. Namespaces: default and other. */
export function createSampleObjects(store: ObjectStore): void {
  for (const [resource, objects] of Object.entries(SAMPLES)) {
    for (const object of objects) {
      if (store.create(resource, object) === undefined) throw new Error(`${object.metadata.name} is there already`);
    }
  }
}

function core(kind: string, name: string, fields: Record<string, unknown>, metadata: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind,
    metadata: { name, ...(CLUSTER_WIDE.has(kind) ? {} : { namespace: 'default' }), ...metadata },
    ...fields,
  };
}

const CLUSTER_WIDE = new Set(['Node', 'Namespace']);

const http = { name: 'http', containerPort: 8080, protocol: 'TCP' };

const labelled = {
  labels: { 'app.kubernetes.io/name': 'web', 'with-dash': 'a', empty: '' },
  annotations: { 'prometheus.io/scrape': 'true', 'example.org/ümlaut': 'ä "quoted"\nline' },
};

/** A pod that is up, at an address. */
export function samplePod(name: string, podIP: string, options: { spec?: object; metadata?: object } = {}): KubeObject {
  return core(
    'Pod',
    name,
    {
      spec: {
        nodeName: 'node-1',
        containers: [{ name: 'app', image: 'registry.example/app:1', ports: [http] }],
        ...options.spec,
      },
      status: {
        phase: 'Running',
        podIP,
        podIPs: [{ ip: podIP }],
        hostIP: '192.168.0.1',
        conditions: [
          { type: 'PodScheduled', status: 'True' },
          { type: 'Ready', status: 'True' },
        ],
        containerStatuses: [
          {
            name: 'app',
            image: 'registry.example/app:1',
            imageID: 'sha256:1',
            containerID: `containerd://${name}`,
            ready: true,
            restartCount: 0,
          },
        ],
      },
    },
    options.metadata,
  );
}

const webPod = { kind: 'Pod', namespace: 'default', name: 'web-1', uid: 'web-1' };

const SAMPLES: Readonly<Record<string, readonly KubeObject[]>> = {
  namespaces: [
    core('Namespace', 'default', { status: { phase: 'Active' } }, { labels: { team: 'x' } }),
    core('Namespace', 'other', { status: { phase: 'Active' } }),
  ],
  nodes: [
    core(
      'Node',
      'node-1',
      {
        spec: { providerID: 'cloud:///1' },
        status: {
          addresses: [
            { type: 'Hostname', address: 'node-1.local' },
            { type: 'InternalIP', address: '192.168.0.1' },
            { type: 'ExternalIP', address: '1.2.3.4' },
          ],
          conditions: [{ type: 'Ready', status: 'True' }],
          daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
        },
      },
      { labels: { 'topology.kubernetes.io/zone': 'a' }, annotations: { note: 'n' } },
    ),
    core('Node', 'node-2', {
      spec: {},
      status: {
        addresses: [{ type: 'Hostname', address: 'node-2.local' }],
        daemonEndpoints: { kubeletEndpoint: { Port: 10255 } },
      },
    }),
    core('Node', 'node-without-address', { spec: {}, status: {} }),
  ],
  pods: [
    samplePod('web-1', '10.1.0.1', {
      metadata: {
        ...labelled,
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Something', name: 's', uid: 's' },
          { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'r', controller: true },
        ],
      },
      spec: {
        containers: [
          {
            name: 'app',
            image: 'registry.example/app:1',
            ports: [http, { containerPort: 9090, protocol: 'UDP' }],
          },
          { name: 'proxy', image: 'registry.example/proxy:2' },
          { name: 'same-port', image: 'registry.example/same:3', ports: [{ ...http, name: 'again' }] },
        ],
        initContainers: [
          {
            name: 'sidecar',
            image: 'registry.example/side:4',
            restartPolicy: 'Always',
            ports: [{ name: 'admin', containerPort: 15000, protocol: 'TCP' }],
          },
          { name: 'setup', image: 'registry.example/setup:5' },
        ],
      },
    }),
    samplePod('web-2', 'fd00::2', { spec: { nodeName: 'node-2' } }),
    samplePod('bare', '10.1.0.3', { spec: { containers: [{ name: 'c', image: 'i' }], nodeName: 'nowhere' } }),
    samplePod('bare-ipv6', 'fd00::3', { spec: { containers: [{ name: 'c', image: 'i' }] } }),
    samplePod('elsewhere', '10.1.0.4', { metadata: { namespace: 'other', labels: { app: 'db' } } }),
    core('Pod', 'pending', { spec: { containers: [{ name: 'c', image: 'i', ports: [http] }] }, status: {} }),
    core('Pod', 'failed', {
      spec: { nodeName: 'node-1', containers: [{ name: 'c', image: 'i', ports: [http] }] },
      status: { phase: 'Failed', podIP: '10.1.0.5', conditions: [{ type: 'Ready', status: 'False' }] },
    }),
  ],
  services: [
    core(
      'Service',
      'web',
      {
        spec: {
          type: 'ClusterIP',
          clusterIP: '10.96.0.1',
          ports: [
            { name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 },
            { port: 81, protocol: 'UDP' },
          ],
        },
      },
      labelled,
    ),
    core('Service', 'headless', {
      spec: { type: 'ClusterIP', clusterIP: 'None', ports: [{ port: 80, protocol: 'TCP' }] },
    }),
    core('Service', 'external', {
      spec: { type: 'ExternalName', externalName: 'db.example.org', ports: [{ port: 5432, protocol: 'TCP' }] },
    }),
    core('Service', 'balanced', {
      spec: {
        type: 'LoadBalancer',
        clusterIP: '10.96.0.2',
        loadBalancerIP: '5.6.7.8',
        ports: [{ port: 443, protocol: 'TCP' }],
      },
    }),
    core('Service', 'balanced-without-ip', {
      spec: { type: 'LoadBalancer', clusterIP: '10.96.0.3', ports: [{ port: 443, protocol: 'TCP' }] },
    }),
    core('Service', 'without-ports', { spec: { type: 'ExternalName', externalName: 'x.example.org' } }),
    core(
      'Service',
      'elsewhere',
      { spec: { type: 'NodePort', clusterIP: '10.96.0.4', ports: [{ port: 1, protocol: 'TCP' }] } },
      { namespace: 'other' },
    ),
  ],
  endpoints: [
    core(
      'Endpoints',
      'web',
      {
        subsets: [
          {
            addresses: [
              { ip: '10.1.0.1', nodeName: 'node-1', hostname: 'web-1', targetRef: webPod },
              { ip: 'fd00::2', targetRef: { kind: 'Pod', namespace: 'default', name: 'web-2' } },
              { ip: '10.1.0.9', targetRef: { kind: 'Pod', namespace: 'default', name: 'gone' } },
            ],
            notReadyAddresses: [
              { ip: '10.1.0.5', nodeName: 'node-1', targetRef: { kind: 'Pod', namespace: 'default', name: 'failed' } },
            ],
            ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
          },
          { addresses: [{ ip: '9.9.9.9' }], ports: [{ port: 53, protocol: 'UDP' }] },
        ],
      },
      { labels: { own: 'e' }, annotations: { note: 'e' } },
    ),
    core('Endpoints', 'of-nodes', {
      subsets: [
        {
          addresses: [
            { ip: '192.168.0.1', targetRef: { kind: 'Node', name: 'node-1' } },
            { ip: '192.168.0.2', nodeName: 'node-2', targetRef: { kind: 'Node', name: 'node-1' } },
          ],
          ports: [{ name: 'kubelet', port: 10250, protocol: 'TCP' }],
        },
      ],
    }),
    core('Endpoints', 'empty', {}),
    core(
      'Endpoints',
      'elsewhere',
      { subsets: [{ addresses: [{ ip: '10.1.0.4' }], ports: [{ port: 1, protocol: 'TCP' }] }] },
      { namespace: 'other' },
    ),
  ],
  'endpointslices.discovery.k8s.io': [
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: 'web-abc',
        namespace: 'default',
        labels: { 'kubernetes.io/service-name': 'web' },
        annotations: { note: 's' },
      },
      addressType: 'IPv4',
      endpoints: [
        {
          addresses: ['10.1.0.1'],
          conditions: { ready: true, serving: true, terminating: false },
          hostname: 'web-1',
          nodeName: 'node-1',
          zone: 'a',
          targetRef: webPod,
          deprecatedTopology: { 'topology.kubernetes.io/region': 'eu' },
        },
        {
          addresses: ['10.1.0.5'],
          conditions: { ready: false },
          targetRef: { kind: 'Pod', namespace: 'default', name: 'failed' },
        },
        { addresses: ['192.168.0.1'], nodeName: 'node-2', targetRef: { kind: 'Node', name: 'node-1' } },
        { addresses: ['10.1.0.9'] },
      ],
      ports: [
        { name: 'http', port: 8080, protocol: 'TCP', appProtocol: 'h2c' },
        { name: '', port: 9999, protocol: 'TCP' },
      ],
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'lonely', namespace: 'other' },
      addressType: 'FQDN',
      endpoints: [{ addresses: ['db.example.org'] }],
      ports: [{ port: 5432, protocol: 'TCP' }],
    },
  ],
  'ingresses.networking.k8s.io': [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'front', namespace: 'default', ...labelled },
      spec: {
        ingressClassName: 'nginx',
        tls: [{ hosts: ['*.secure.example', 'exact.example'], secretName: 's' }],
        rules: [
          { host: 'a.secure.example', http: { paths: [{ path: '/', pathType: 'Prefix' }, { path: '/api' }] } },
          { host: 'exact.example', http: { paths: [{ pathType: 'Prefix' }] } },
          { host: 'a.b.secure.example' },
          { http: { paths: [{ path: '/any' }] } },
        ],
      },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'plain', namespace: 'other' },
      spec: { rules: [{ host: 'plain.example', http: { paths: [{ path: '/x' }] } }] },
    },
  ],
};
