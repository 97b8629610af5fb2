import type { KubeObject } from '../../kube-object.ts';
import type { Pod } from '../objects.ts';
import { makeContainer, makeDaemonSet, makeDeployment, makeService } from './object-makers.ts';

const EVERYWHERE = [{ operator: 'Exists' }];
/** System pods that need a kubelet of their own do not go to virtual nodes. */
const REAL_NODES = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'type', operator: 'NotIn', values: ['virtual-kubelet'] }] }],
    },
  },
};

/** The control plane's parts with the port of their pages. */
export const CONTROL_PLANE_PORTS = {
  'kube-apiserver': 6443,
  etcd: 2381,
  'kube-scheduler': 10259,
  'kube-controller-manager': 10257,
} as const;

const STATIC_REQUESTS = {
  'kube-apiserver': { cpu: '250m', memory: '1200Mi' },
  etcd: { cpu: '100m', memory: '600Mi' },
  'kube-scheduler': { cpu: '100m', memory: '120Mi' },
  'kube-controller-manager': { cpu: '200m', memory: '300Mi' },
} as const;

/** The static pods of a control-plane node. */
export function staticPods(node: string, address: string): Pod[] {
  return (Object.keys(CONTROL_PLANE_PORTS) as (keyof typeof CONTROL_PLANE_PORTS)[]).map((component) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${component}-${node}`,
      namespace: 'kube-system',
      labels: { component, tier: 'control-plane' },
      annotations: {
        'kubernetes.io/config.hash': '3f0e8a6a2c5b4d0f9d1c7e6b5a493827',
        'kubernetes.io/config.mirror': '3f0e8a6a2c5b4d0f9d1c7e6b5a493827',
        'kubernetes.io/config.source': 'file',
        ...(component === 'etcd' && { 'kubeadm.kubernetes.io/etcd.advertise-client-urls': `https://${address}:2379` }),
      },
    },
    spec: {
      nodeName: node,
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      priority: 2_000_001_000,
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      tolerations: [{ operator: 'Exists', effect: 'NoExecute' }],
      containers: [
        makeContainer({
          name: component,
          image: component === 'etcd' ? 'registry.k8s.io/etcd:3.5.21-0' : `registry.k8s.io/${component}:v1.33.4`,
          port: CONTROL_PLANE_PORTS[component],
          portName: component === 'kube-apiserver' || component.startsWith('kube-') ? 'https' : 'metrics',
          requests: STATIC_REQUESTS[component],
        }),
      ],
    },
  }));
}

/** Objects by resource: Deployments, DaemonSets and Services of kube-system and monitoring. */
export function systemObjects({
  created,
  gpus,
}: {
  readonly created: string;
  readonly gpus: boolean;
}): (readonly [string, KubeObject])[] {
  const critical = { priorityClassName: 'system-node-critical', priority: 2_000_001_000 };
  const objects: (readonly [string, KubeObject])[] = [
    [
      'deployments.apps',
      makeDeployment(
        {
          namespace: 'kube-system',
          name: 'coredns',
          labels: { 'k8s-app': 'kube-dns' },
          created,
          annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9153' },
          spec: {
            priorityClassName: 'system-cluster-critical',
            priority: 2_000_000_000,
            serviceAccountName: 'coredns',
            tolerations: [
              { key: 'CriticalAddonsOnly', operator: 'Exists' },
              { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
            ],
            containers: [
              {
                ...makeContainer({
                  name: 'coredns',
                  image: 'registry.k8s.io/coredns/coredns:v1.12.0',
                  port: 9153,
                  portName: 'metrics',
                  requests: { cpu: '100m', memory: '70Mi' },
                  limits: { memory: '170Mi' },
                }),
                ports: [
                  { name: 'dns', containerPort: 53, protocol: 'UDP' },
                  { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
                  { name: 'metrics', containerPort: 9153, protocol: 'TCP' },
                ],
              },
            ],
          },
        },
        2,
      ),
    ],
    [
      'services',
      makeService({
        namespace: 'kube-system',
        name: 'kube-dns',
        labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS' },
        selector: { 'k8s-app': 'kube-dns' },
        ports: [
          { name: 'dns', port: 53, targetPort: 'dns' },
          { name: 'metrics', port: 9153, targetPort: 'metrics' },
        ],
        created,
        clusterIp: '10.96.0.10',
      }),
    ],
    [
      'daemonsets.apps',
      makeDaemonSet({
        namespace: 'kube-system',
        name: 'kube-proxy',
        labels: { 'k8s-app': 'kube-proxy' },
        created,
        spec: {
          ...critical,
          hostNetwork: true,
          serviceAccountName: 'kube-proxy',
          tolerations: EVERYWHERE,
          affinity: REAL_NODES,
          containers: [
            makeContainer({
              name: 'kube-proxy',
              image: 'registry.k8s.io/kube-proxy:v1.33.4',
              port: 10249,
              portName: 'metrics',
              probes: false,
            }),
          ],
        },
      }),
    ],
    [
      'daemonsets.apps',
      makeDaemonSet({
        namespace: 'kube-system',
        name: 'cni-agent',
        labels: { 'k8s-app': 'cni-agent' },
        created,
        spec: {
          ...critical,
          hostNetwork: true,
          tolerations: EVERYWHERE,
          affinity: REAL_NODES,
          initContainers: [makeContainer({ name: 'install-cni', image: 'registry.example/cni-plugins:v1.7.1' })],
          containers: [
            makeContainer({
              name: 'cni-agent',
              image: 'registry.example/cni-agent:v0.26.7',
              requests: { cpu: '100m', memory: '50Mi' },
              limits: { memory: '256Mi' },
            }),
          ],
        },
      }),
    ],
    [
      'daemonsets.apps',
      makeDaemonSet({
        namespace: 'monitoring',
        name: 'node-exporter',
        labels: {
          'app.kubernetes.io/component': 'exporter',
          'app.kubernetes.io/name': 'node-exporter',
          'app.kubernetes.io/part-of': 'kube-prometheus',
        },
        created,
        spec: {
          ...critical,
          hostNetwork: true,
          hostPID: true,
          tolerations: EVERYWHERE,
          affinity: REAL_NODES,
          serviceAccountName: 'node-exporter',
          containers: [
            makeContainer({
              name: 'node-exporter',
              image: 'quay.io/prometheus/node-exporter:v1.9.1',
              port: 9100,
              portName: 'metrics',
              probes: false,
              requests: { cpu: '50m', memory: '64Mi' },
              limits: { cpu: '250m', memory: '180Mi' },
            }),
          ],
        },
      }),
    ],
    [
      'services',
      makeService({
        namespace: 'monitoring',
        name: 'node-exporter',
        labels: { 'app.kubernetes.io/name': 'node-exporter' },
        selector: { 'app.kubernetes.io/name': 'node-exporter' },
        ports: [{ name: 'metrics', port: 9100, targetPort: 'metrics' }],
        created,
        clusterIp: 'None',
      }),
    ],
  ];
  if (gpus) {
    objects.push([
      'daemonsets.apps',
      makeDaemonSet({
        namespace: 'monitoring',
        name: 'dcgm-exporter',
        labels: { 'app.kubernetes.io/name': 'dcgm-exporter' },
        created,
        annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9400' },
        spec: {
          ...critical,
          nodeSelector: { 'nvidia.com/gpu.present': 'true' },
          tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
          containers: [
            makeContainer({
              name: 'dcgm-exporter',
              image: 'nvcr.io/nvidia/k8s/dcgm-exporter:4.2.3-4.1.3-ubuntu22.04',
              port: 9400,
              portName: 'metrics',
              requests: { cpu: '100m', memory: '256Mi' },
            }),
          ],
        },
      }),
    ]);
  }
  return objects;
}
