import type { KubeObject } from '../../kube-object.ts';

const SYSTEM: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease', 'monitoring']);

/** A namespace with its service account, and for users' ones a quota and limits. */
export function namespaceObjects(name: string, created: string): (readonly [string, KubeObject])[] {
  const metadata = { namespace: name, creationTimestamp: created };
  const objects: (readonly [string, KubeObject])[] = [
    [
      'namespaces',
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name, creationTimestamp: created, labels: { 'kubernetes.io/metadata.name': name } },
        spec: { finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      },
    ],
    ['serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...metadata, name: 'default' } }],
    [
      'configmaps',
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { ...metadata, name: 'kube-root-ca.crt' },
        data: { 'ca.crt': '-----BEGIN CERTIFICATE-----\nsimulated\n-----END CERTIFICATE-----\n' },
      },
    ],
  ];
  if (SYSTEM.has(name)) return objects;
  const hard = {
    'requests.cpu': '400',
    'requests.memory': '1600Gi',
    'limits.cpu': '800',
    'limits.memory': '3200Gi',
    pods: '2000',
    persistentvolumeclaims: '200',
  };
  return [
    ...objects,
    [
      'resourcequotas',
      {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { ...metadata, name: 'compute' },
        spec: { hard },
        status: { hard, used: {} },
      },
    ],
    [
      'limitranges',
      {
        apiVersion: 'v1',
        kind: 'LimitRange',
        metadata: { ...metadata, name: 'bounds' },
        spec: {
          limits: [{ type: 'Container', max: { cpu: '16', memory: '64Gi' }, min: { cpu: '10m', memory: '4Mi' } }],
        },
      },
    ],
  ];
}
