import { describe, expect, it } from 'vitest';
import type { EndpointSlice, Endpoints, Ingress, Namespace, Node, Pod, Service } from '../../kubernetes/objects.ts';
import { meta } from './cached-cluster.case.ts';
import { endpointSliceGroup } from './endpoint-slice.ts';
import { endpointsGroup } from './endpoints.ts';
import { ingressGroup } from './ingress.ts';
import { nodeGroup } from './node.ts';
import { podGroup } from './pod.ts';
import type { RelatedObjects } from './related-objects.ts';
import { serviceGroup } from './service.ts';

/** What can be looked up, of each kind by its name. */
function related(
  objects: {
    readonly pods?: readonly Pod[];
    readonly services?: readonly Service[];
    readonly nodes?: readonly Node[];
    readonly namespaces?: readonly Namespace[];
  } = {},
): RelatedObjects {
  const { pods = [], services = [], nodes = [], namespaces = [] } = objects;
  return {
    pod: (namespace, name) => pods.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
    service: (namespace, name) =>
      services.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
    node: (name) => nodes.find(({ metadata }) => metadata.name === name),
    namespace: (name) => namespaces.find(({ metadata }) => metadata.name === name),
  };
}

/** Without `__meta_kubernetes_`, which would be everywhere. */
function short(labels: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels as Record<string, string>).map(([name, value]) => [
      name.replace('__meta_kubernetes_', ''),
      value,
    ]),
  );
}

const web: Pod = {
  metadata: meta('web-1', {
    labels: { 'app.kubernetes.io/name': 'web', ümlaut: 'ä' },
    annotations: { 'prometheus.io/port': '8080' },
    ownerReferences: [
      { kind: 'Other', name: 'other' },
      { kind: 'ReplicaSet', name: 'web', controller: true },
    ],
  }),
  spec: {
    nodeName: 'node-1',
    containers: [
      {
        name: 'app',
        image: 'app:1',
        ports: [
          { name: 'http', containerPort: 8080, protocol: 'TCP' },
          { containerPort: 9090, protocol: 'UDP' },
        ],
      },
      { name: 'proxy', image: 'proxy:2' },
    ],
    initContainers: [{ name: 'sidecar', image: 'side:3', ports: [{ name: 'admin', containerPort: 15000 }] }],
  },
  status: {
    phase: 'Running',
    podIP: '10.1.0.1',
    podIPs: [{ ip: '10.1.0.1' }, { ip: 'fd00::1' }, { ip: '10.1.0.2' }],
    hostIP: '192.168.0.1',
    conditions: [
      { type: 'Initialized', status: 'True' },
      { type: 'Ready', status: 'False' },
    ],
    containerStatuses: [{ name: 'app', containerID: 'containerd://app' }],
    initContainerStatuses: [{ name: 'sidecar', containerID: 'containerd://side' }],
  },
};

const WEB_LABELS = {
  pod_name: 'web-1',
  pod_uid: 'uid-web-1',
  pod_ip: '10.1.0.1',
  pod_ipv4: '10.1.0.1',
  pod_ipv6: 'fd00::1',
  pod_host_ip: '192.168.0.1',
  pod_node_name: 'node-1',
  pod_phase: 'Running',
  pod_ready: 'false',
  pod_controller_kind: 'ReplicaSet',
  pod_controller_name: 'web',
  pod_label_app_kubernetes_io_name: 'web',
  pod_labelpresent_app_kubernetes_io_name: 'true',
  pod_label__mlaut: 'ä',
  pod_labelpresent__mlaut: 'true',
  pod_annotation_prometheus_io_port: '8080',
  pod_annotationpresent_prometheus_io_port: 'true',
};

const node1: Node = {
  metadata: meta('node-1', { namespace: '', labels: { zone: 'a' }, annotations: { note: 'n' } }),
  spec: { providerID: 'cloud:///1' },
  status: {
    addresses: [
      { type: 'Hostname', address: 'host-1' },
      { type: 'InternalIP', address: '192.168.0.1' },
      { type: 'InternalIP', address: 'fd00::a' },
    ],
    conditions: [{ type: 'Ready', status: 'True' }],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
  },
};

const NODE_METADATA = {
  node_name: 'node-1',
  node_label_zone: 'a',
  node_labelpresent_zone: 'true',
  node_annotation_note: 'n',
  node_annotationpresent_note: 'true',
};

const namespace: Namespace = {
  metadata: meta('default', { namespace: '', labels: { team: 'x' }, annotations: { owner: 'y' } }),
  status: {},
};

const NAMESPACE_METADATA = {
  namespace_label_team: 'x',
  namespace_labelpresent_team: 'true',
  namespace_annotation_owner: 'y',
  namespace_annotationpresent_owner: 'true',
};

describe('the role pod', () => {
  it('has a target for each port, and for a container without', () => {
    const group = podGroup(web, related())!;
    expect(group.source).toBe('pod/default/web-1');
    expect(short(group.labels)).toEqual({ namespace: 'default', ...WEB_LABELS });
    const app = { pod_container_name: 'app', pod_container_image: 'app:1', pod_container_init: 'false' };
    expect(group.targets.map(short)).toEqual([
      {
        __address__: '10.1.0.1:8080',
        ...app,
        pod_container_id: 'containerd://app',
        pod_container_port_name: 'http',
        pod_container_port_number: '8080',
        pod_container_port_protocol: 'TCP',
      },
      {
        __address__: '10.1.0.1:9090',
        ...app,
        pod_container_id: 'containerd://app',
        pod_container_port_name: '',
        pod_container_port_number: '9090',
        pod_container_port_protocol: 'UDP',
      },
      {
        __address__: '10.1.0.1',
        pod_container_name: 'proxy',
        pod_container_image: 'proxy:2',
        pod_container_init: 'false',
        pod_container_id: '',
      },
      {
        __address__: '10.1.0.1:15000',
        pod_container_name: 'sidecar',
        pod_container_image: 'side:3',
        pod_container_init: 'true',
        pod_container_id: 'containerd://side',
        pod_container_port_name: 'admin',
        pod_container_port_number: '15000',
        pod_container_port_protocol: '',
      },
    ]);
  });

  it('has none without an address, and brackets around one of IPv6', () => {
    expect(podGroup({ ...web, status: { phase: 'Pending' } }, related())).toBeUndefined();
    const group = podGroup({ ...web, status: { podIP: 'fd00::1' } }, related())!;
    expect(group.targets.map((target) => short(target).__address__)).toEqual([
      '[fd00::1]:8080',
      '[fd00::1]:9090',
      '[fd00::1]',
      '[fd00::1]:15000',
    ]);
    expect(short(group.labels)).toMatchObject({ pod_ready: 'unknown', pod_phase: '', pod_host_ip: '' });
  });

  it('attaches the metadata of node and namespace', () => {
    const { labels } = podGroup(web, related({ nodes: [node1], namespaces: [namespace] }))!;
    expect(short(labels)).toEqual({ namespace: 'default', ...WEB_LABELS, ...NODE_METADATA, ...NAMESPACE_METADATA });
  });
});

describe('the role node', () => {
  it('has the kubelet, at the best address', () => {
    const group = nodeGroup(node1)!;
    expect(group.source).toBe('node/node-1');
    expect(short(group.labels)).toEqual({
      ...NODE_METADATA,
      node_provider_id: 'cloud:///1',
      node_condition_ready: 'true',
    });
    expect(group.targets.map(short)).toEqual([
      {
        __address__: '192.168.0.1:10250',
        instance: 'node-1',
        node_address_Hostname: 'host-1',
        node_address_InternalIP: '192.168.0.1',
      },
    ]);
  });

  it.each([
    [['Hostname', 'LegacyHostIP', 'ExternalDNS', 'ExternalIP', 'InternalDNS'], 'InternalDNS'],
    [['Hostname', 'LegacyHostIP', 'ExternalDNS', 'ExternalIP'], 'ExternalIP'],
    [['Hostname', 'LegacyHostIP', 'ExternalDNS'], 'ExternalDNS'],
    [['Hostname', 'LegacyHostIP'], 'LegacyHostIP'],
    [['Other', 'Hostname'], 'Hostname'],
    [['Other'], undefined],
    [[], undefined],
  ])('of the addresses %j takes %s', (types, best) => {
    const addresses = types.map((type) => ({ type, address: type.toLowerCase() }));
    const group = nodeGroup({ ...node1, status: { addresses } });
    expect(group?.targets.map((target) => short(target).__address__)).toEqual(best && [`${best.toLowerCase()}:0`]);
  });
});

const service: Service = {
  metadata: meta('web', { labels: { app: 'web' }, annotations: { note: 'n' } }),
  spec: {
    type: 'ClusterIP',
    clusterIP: '10.96.0.1',
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }, { port: 81 }],
  },
  status: {},
};

const SERVICE_LABELS = {
  namespace: 'default',
  service_name: 'web',
  service_label_app: 'web',
  service_labelpresent_app: 'true',
  service_annotation_note: 'n',
  service_annotationpresent_note: 'true',
};

describe('the role service', () => {
  it('has a target for each port, by its name in the DNS', () => {
    const group = serviceGroup(service, related({ namespaces: [namespace] }))!;
    expect(group.source).toBe('svc/default/web');
    expect(short(group.labels)).toEqual({ ...SERVICE_LABELS, ...NAMESPACE_METADATA });
    expect(group.targets.map(short)).toEqual([
      {
        __address__: 'web.default.svc:80',
        service_port_name: 'http',
        service_port_number: '80',
        service_port_protocol: 'TCP',
        service_type: 'ClusterIP',
        service_cluster_ip: '10.96.0.1',
      },
      {
        __address__: 'web.default.svc:81',
        service_port_name: '',
        service_port_number: '81',
        service_port_protocol: '',
        service_type: 'ClusterIP',
        service_cluster_ip: '10.96.0.1',
      },
    ]);
  });

  it('says where an external name and a load balancer are', () => {
    const ports = [{ port: 80 }];
    const target = (spec: Service['spec']) => short(serviceGroup({ ...service, spec }, related())!.targets[0]);
    const external = target({ type: 'ExternalName', externalName: 'db.example', ports });
    expect(external).toMatchObject({ service_type: 'ExternalName', service_external_name: 'db.example' });
    expect(external).not.toHaveProperty('service_cluster_ip');
    expect(target({ type: 'LoadBalancer', clusterIP: '10.96.0.2', loadBalancerIP: '1.2.3.4', ports })).toMatchObject({
      service_type: 'LoadBalancer',
      service_cluster_ip: '10.96.0.2',
      service_loadbalancer_ip: '1.2.3.4',
    });
    expect(serviceGroup({ ...service, spec: {} }, related())).toBeUndefined();
  });
});

describe('the role endpoints', () => {
  const pod = { kind: 'Pod', namespace: 'default', name: 'web-1' };
  const endpoints: Endpoints = {
    metadata: meta('web', { labels: { own: 'e' } }),
    subsets: [
      {
        addresses: [{ ip: '10.1.0.1', nodeName: 'node-1', hostname: 'h', targetRef: pod }],
        notReadyAddresses: [{ ip: 'fd00::9', targetRef: { kind: 'Node', name: 'node-1' } }],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      },
    ],
  };

  it('joins the service and the pods, and adds the other ports of those', () => {
    const group = endpointsGroup(endpoints, related({ pods: [web], services: [service], namespaces: [namespace] }))!;
    expect(group.source).toBe('endpoints/default/web');
    expect(short(group.labels)).toEqual({
      ...SERVICE_LABELS,
      ...NAMESPACE_METADATA,
      endpoints_name: 'web',
      endpoints_label_own: 'e',
      endpoints_labelpresent_own: 'true',
    });
    const app = { pod_container_name: 'app', pod_container_image: 'app:1', pod_container_init: 'false' };
    expect(group.targets.map(short)).toEqual([
      {
        __address__: '10.1.0.1:8080',
        endpoint_ready: 'true',
        endpoint_port_name: 'http',
        endpoint_port_protocol: 'TCP',
        endpoint_address_target_kind: 'Pod',
        endpoint_address_target_name: 'web-1',
        endpoint_node_name: 'node-1',
        endpoint_hostname: 'h',
        ...WEB_LABELS,
        ...app,
        pod_container_port_name: 'http',
        pod_container_port_number: '8080',
        pod_container_port_protocol: 'TCP',
      },
      {
        __address__: '[fd00::9]:8080',
        endpoint_ready: 'false',
        endpoint_port_name: 'http',
        endpoint_port_protocol: 'TCP',
        endpoint_address_target_kind: 'Node',
        endpoint_address_target_name: 'node-1',
      },
      {
        __address__: '10.1.0.1:9090',
        ...WEB_LABELS,
        ...app,
        pod_container_port_name: '',
        pod_container_port_number: '9090',
        pod_container_port_protocol: 'UDP',
      },
      {
        __address__: '10.1.0.1:15000',
        ...WEB_LABELS,
        pod_container_name: 'sidecar',
        pod_container_image: 'side:3',
        pod_container_init: 'true',
        pod_container_port_name: 'admin',
        pod_container_port_number: '15000',
        pod_container_port_protocol: '',
      },
    ]);
  });

  it('attaches the node that is named, or that is the target', () => {
    const { targets } = endpointsGroup(endpoints, related({ nodes: [node1] }))!;
    expect(targets).toHaveLength(2);
    for (const target of targets) expect(short(target)).toMatchObject(NODE_METADATA);
  });

  it('has none without addresses', () => {
    expect(endpointsGroup({ ...endpoints, subsets: [] }, related({ services: [service] }))).toBeUndefined();
  });
});

describe('the role endpointslice', () => {
  const slice: EndpointSlice = {
    metadata: meta('web-abc', { labels: { 'kubernetes.io/service-name': 'web' } }),
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: ['10.1.0.1', '10.1.0.7'],
        conditions: { ready: true, serving: true, terminating: false },
        hostname: 'h',
        nodeName: 'node-1',
        zone: 'z',
        targetRef: { kind: 'Pod', namespace: 'default', name: 'web-1' },
        deprecatedTopology: { 'topology.io/rack': 'r' },
      },
      { addresses: ['10.1.0.3'], targetRef: { kind: 'Node', name: 'node-1' } },
    ],
    ports: [{ name: 'http', port: 8080, protocol: 'TCP', appProtocol: 'h2c' }, {}],
  };

  it('joins the service and the pods, and adds the other ports of those', () => {
    const group = endpointSliceGroup(slice, related({ pods: [web], services: [service], namespaces: [namespace] }))!;
    expect(group.source).toBe('endpointslice/default/web-abc');
    expect(short(group.labels)).toEqual({
      ...SERVICE_LABELS,
      ...NAMESPACE_METADATA,
      endpointslice_name: 'web-abc',
      endpointslice_address_type: 'IPv4',
      endpointslice_label_kubernetes_io_service_name: 'web',
      endpointslice_labelpresent_kubernetes_io_service_name: 'true',
    });
    const http = {
      endpointslice_port: '8080',
      endpointslice_port_name: 'http',
      endpointslice_port_protocol: 'TCP',
      endpointslice_port_app_protocol: 'h2c',
    };
    const endpoint = {
      endpointslice_endpoint_conditions_ready: 'true',
      endpointslice_endpoint_conditions_serving: 'true',
      endpointslice_endpoint_conditions_terminating: 'false',
      endpointslice_endpoint_hostname: 'h',
      endpointslice_endpoint_node_name: 'node-1',
      endpointslice_endpoint_zone: 'z',
      endpointslice_endpoint_topology_topology_io_rack: 'r',
      endpointslice_endpoint_topology_present_topology_io_rack: 'true',
      endpointslice_address_target_kind: 'Pod',
      endpointslice_address_target_name: 'web-1',
      ...WEB_LABELS,
    };
    const app = {
      pod_container_name: 'app',
      pod_container_image: 'app:1',
      pod_container_init: 'false',
      pod_container_port_name: 'http',
      pod_container_port_number: '8080',
      pod_container_port_protocol: 'TCP',
    };
    const byNode = { endpointslice_address_target_kind: 'Node', endpointslice_address_target_name: 'node-1' };
    expect(group.targets.slice(0, 6).map(short)).toEqual([
      { __address__: '10.1.0.1:8080', ...http, ...endpoint, ...app },
      { __address__: '10.1.0.7:8080', ...http, ...endpoint, ...app },
      { __address__: '10.1.0.1', ...endpoint },
      { __address__: '10.1.0.7', ...endpoint },
      { __address__: '10.1.0.3:8080', ...http, ...byNode },
      { __address__: '10.1.0.3', ...byNode },
    ]);
    expect(group.targets.slice(6).map((target) => short(target).__address__)).toEqual([
      '10.1.0.1:9090',
      '10.1.0.1:15000',
    ]);
  });

  it('attaches the node that is the target, or that is named', () => {
    const { targets } = endpointSliceGroup(slice, related({ nodes: [node1] }))!;
    for (const target of targets) expect(short(target)).toMatchObject(NODE_METADATA);
  });

  it('is of no service without the label', () => {
    const { labels } = endpointSliceGroup({ ...slice, metadata: meta('x') }, related({ services: [service] }))!;
    expect(short(labels)).toEqual({
      namespace: 'default',
      endpointslice_name: 'x',
      endpointslice_address_type: 'IPv4',
    });
  });
});

describe('the role ingress', () => {
  const paths = (...names: string[]) => ({ paths: names.map((path) => ({ path })) });
  const ingress: Ingress = {
    metadata: meta('front', { labels: { l: 'v' } }),
    spec: {
      ingressClassName: 'nginx',
      tls: [{ hosts: ['*.secure.example', 'exact.example'] }],
      rules: [
        { host: 'a.secure.example', http: paths('/', '/api') },
        { host: 'exact.example', http: paths('') },
        { host: 'a.b.secure.example' },
        { host: 'none.example', http: {} },
        {},
      ],
    },
  };

  it('has a target for each path, with the scheme that its host has', () => {
    const group = ingressGroup(ingress, related({ namespaces: [namespace] }))!;
    expect(group.source).toBe('ingress/default/front');
    expect(short(group.labels)).toEqual({
      namespace: 'default',
      ingress_name: 'front',
      ingress_class_name: 'nginx',
      ingress_label_l: 'v',
      ingress_labelpresent_l: 'true',
      ...NAMESPACE_METADATA,
    });
    expect(group.targets.map((target) => Object.values(target))).toEqual([
      ['a.secure.example', 'https', 'a.secure.example', '/'],
      ['a.secure.example', 'https', 'a.secure.example', '/api'],
      ['exact.example', 'https', 'exact.example', '/'],
      ['a.b.secure.example', 'http', 'a.b.secure.example', '/'],
      ['', 'http', '', '/'],
    ]);
    expect(Object.keys(short(group.targets[0]))).toEqual([
      '__address__',
      'ingress_scheme',
      'ingress_host',
      'ingress_path',
    ]);
  });

  it('has none without rules', () => {
    expect(ingressGroup({ ...ingress, spec: {} }, related())).toBeUndefined();
  });
});
