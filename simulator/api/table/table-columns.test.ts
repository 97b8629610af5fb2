import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../kube-object.ts';
import { shortDuration } from './short-duration.ts';
import { columnsOf, tableRow } from './table-columns.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const CREATED = '2026-03-01T11:55:00Z';

function row(resource: string, object: object): string {
  const full = { metadata: { name: 'x', creationTimestamp: CREATED }, ...object } as unknown as KubeObject;
  const { cells } = tableRow(resource, full, NOW);
  expect(cells.length).toBe(columnsOf(resource).length);
  return cells.join(' | ');
}

/** The status of a pod with one container, as kubectl shows it. */
function podStatus(status: object, given: { spec?: object; deleted?: boolean } = {}): string {
  const { spec = { containers: [{ name: 'a' }] }, deleted = false } = given;
  const metadata = { name: 'x', creationTimestamp: CREATED, ...(deleted && { deletionTimestamp: CREATED }) };
  const object = { metadata, spec, status: { phase: 'Running', ...status } } as unknown as KubeObject;
  return tableRow('pods', object, NOW).cells.slice(1, 4).join(' | ');
}

const container = (state: object, more: object = {}) => ({ name: 'a', restartCount: 0, ready: false, state, ...more });

describe('tables', () => {
  it('tell how pods are', () => {
    expect(podStatus({ phase: 'Pending' })).toBe('0/1 | Pending | 0');
    expect(podStatus({ containerStatuses: [container({ running: {} }, { ready: true })] })).toBe('1/1 | Running | 0');
    const lastState = { terminated: { exitCode: 137, finishedAt: '2026-03-01T11:58:00Z' } };
    const waiting = container({ waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 4, lastState });
    expect(podStatus({ containerStatuses: [waiting] })).toBe('0/1 | CrashLoopBackOff | 4 (2m ago)');
    expect(
      podStatus({ containerStatuses: [container({ terminated: { reason: 'OOMKilled', exitCode: 137 } })] }),
    ).toContain('OOMKilled');
    expect(podStatus({ containerStatuses: [container({ terminated: { exitCode: 3 } })] })).toContain('ExitCode:3');
    expect(podStatus({ phase: 'Failed', reason: 'Evicted' })).toContain('Evicted');
    const init = { containers: [{ name: 'a' }], initContainers: [{ name: 'i' }, { name: 'j' }] };
    const running = { initContainerStatuses: [container({ terminated: { exitCode: 0 } }), container({ running: {} })] };
    expect(podStatus({ phase: 'Pending', ...running }, { spec: init })).toBe('0/1 | Init:1/2 | 0');
    const failed = {
      initContainerStatuses: [container({ waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 2 })],
    };
    expect(podStatus({ phase: 'Pending', ...failed }, { spec: init })).toBe('0/1 | Init:CrashLoopBackOff | 2');
    const sidecar = { containers: [{ name: 'a' }], initContainers: [{ name: 's', restartPolicy: 'Always' }] };
    const both = {
      initContainerStatuses: [{ ...container({ running: {} }, { ready: true, started: true }), name: 's' }],
      containerStatuses: [container({ running: {} }, { ready: true })],
    };
    expect(podStatus(both, { spec: sidecar })).toBe('2/2 | Running | 0');
    expect(podStatus({}, { deleted: true })).toContain('Terminating');
    expect(podStatus({ reason: 'NodeLost' }, { deleted: true })).toContain('Unknown');
    expect(
      tableRow('pods', { metadata: { name: 'x' }, status: { phase: 'Succeeded' } } as unknown as KubeObject, NOW)
        .conditions,
    ).toEqual([
      { type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' },
    ]);
  });

  it('tell how workloads are', () => {
    const template = { spec: { containers: [{ name: 'a', image: 'a:1' }], nodeSelector: { disk: 'ssd' } } };
    const selector = {
      matchLabels: { app: 'x' },
      matchExpressions: [{ key: 'tier', operator: 'In', values: ['b', 'a'] }],
    };
    const spec = { replicas: 3, template, selector };
    const status = { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 2, replicas: 3 };
    expect(row('deployments.apps', { spec, status })).toBe('x | 2/3 | 3 | 2 | 5m | a | a:1 | app=x,tier in (a,b)');
    expect(row('replicasets.apps', { spec, status })).toBe('x | 3 | 3 | 2 | 5m | a | a:1 | app=x,tier in (a,b)');
    expect(row('statefulsets.apps', { spec, status })).toBe('x | 2/3 | 5m | a | a:1');
    const counts = { desiredNumberScheduled: 3, currentNumberScheduled: 3, numberReady: 2 };
    expect(row('daemonsets.apps', { spec, status: counts })).toContain('x | 3 | 3 | 2 | 0 | 0 | disk=ssd | 5m');
    const job = {
      startTime: CREATED,
      completionTime: '2026-03-01T11:56:30Z',
      succeeded: 1,
      conditions: [{ type: 'Complete', status: 'True' }],
    };
    expect(row('jobs.batch', { spec: { completions: 1, template }, status: job })).toContain(
      'x | Complete | 1/1 | 90s | 5m',
    );
    expect(row('jobs.batch', { spec: { parallelism: 3, template } })).toContain('x | Running | 0/1 of 3 |  | 5m');
    const cron = { schedule: '*/5 * * * *', jobTemplate: { spec: { template } } };
    expect(row('cronjobs.batch', { spec: cron, status: { active: [{}] } })).toContain(
      'x | */5 * * * * | <none> | False | 1 | <none> | 5m',
    );
    const metrics = [
      { type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 80 } } },
      { type: 'Pods', pods: { metric: { name: 'rps' }, target: { averageValue: '10' } } },
      { type: 'External', external: { target: { value: '5' } } },
    ];
    const currentMetrics = [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 41 } } }];
    const scaleTargetRef = { kind: 'Deployment', name: 'web' };
    expect(
      row('horizontalpodautoscalers.autoscaling', {
        spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 5, metrics },
        status: { currentReplicas: 2, currentMetrics },
      }),
    ).toBe('x | Deployment/web | cpu: 41%/80%, <unknown>/10 + 1 more... | 1 | 5 | 2 | 5m');
    expect(
      row('poddisruptionbudgets.policy', { spec: { minAvailable: '50%' }, status: { disruptionsAllowed: 2 } }),
    ).toBe('x | 50% | N/A | 2 | 5m');
  });

  it('tell how nodes, networks and storage are', () => {
    const labels = { 'node-role.kubernetes.io/control-plane': '', 'kubernetes.io/role': 'etcd' };
    const node = {
      metadata: { name: 'x', creationTimestamp: CREATED, labels },
      spec: { unschedulable: true },
      status: { conditions: [{ type: 'Ready', status: 'Unknown' }], nodeInfo: { kubeletVersion: 'v1.34.2' } },
    };
    expect(row('nodes', node)).toContain(
      'x | NotReady,SchedulingDisabled | control-plane,etcd | 5m | v1.34.2 | <none>',
    );
    const service = {
      type: 'LoadBalancer',
      clusterIP: '10.0.0.1',
      ports: [{ port: 80, nodePort: 30080, protocol: 'TCP' }],
    };
    expect(row('services', { spec: service })).toBe(
      'x | LoadBalancer | 10.0.0.1 | <pending> | 80:30080/TCP | 5m | <none>',
    );
    const addresses = ['1', '2', '3', '4'].map((last) => ({ ip: `10.0.0.${last}` }));
    expect(row('endpoints', { subsets: [{ addresses, ports: [{ port: 80 }] }] })).toBe(
      'x | 10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more... | 5m',
    );
    const slice = { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80 }] };
    expect(row('endpointslices.discovery.k8s.io', slice)).toBe('x | IPv4 | 80 | 10.0.0.1 | 5m');
    const ingress = { ingressClassName: 'nginx', rules: [{ host: 'a.io' }], tls: [{}] };
    expect(row('ingresses.networking.k8s.io', { spec: ingress })).toBe('x | nginx | a.io |  | 80, 443 | 5m');
    const claim = {
      spec: { volumeName: 'v', storageClassName: 'ssd' },
      status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] },
    };
    expect(row('persistentvolumeclaims', claim)).toBe('x | Bound | v | 1Gi | RWO | ssd | <unset> | 5m | <unset>');
    const volume = {
      spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteMany'], claimRef: { namespace: 'a', name: 'c' } },
      status: { phase: 'Bound' },
    };
    expect(row('persistentvolumes', volume)).toContain('x | 1Gi | RWX |  | Bound | a/c');
    const event = {
      involvedObject: { kind: 'Pod', name: 'p' },
      type: 'Warning',
      reason: 'BackOff',
      message: 'm',
      lastTimestamp: CREATED,
      count: 3,
    };
    expect(row('events', event)).toContain('5m | Warning | BackOff | pod/p | m');
    expect(row('leases.coordination.k8s.io', { spec: { holderIdentity: 'me' } })).toBe('x | me | 5m');
    expect(row('namespaces', { status: { phase: 'Active' } })).toBe('x | Active | 5m');
    expect(row('widgets.example.com', {})).toBe('x | 5m');
  });

  it('show durations as kubectl does', () => {
    const second = 1000;
    const minute = 60 * second;
    const hour = 60 * minute;
    const day = 24 * hour;
    const cases: readonly (readonly [number, string])[] = [
      [-5 * second, '<invalid>'],
      [-1 * second, '0s'],
      [119 * second, '119s'],
      [3 * minute + 5 * second, '3m5s'],
      [4 * minute, '4m'],
      [179 * minute, '179m'],
      [7 * hour + 30 * minute, '7h30m'],
      [47 * hour, '47h'],
      [3 * day + 5 * hour, '3d5h'],
      [300 * day, '300d'],
      [3 * 365 * day, '3y'],
      [3 * 365 * day + 20 * day, '3y20d'],
      [20 * 365 * day, '20y'],
    ];
    for (const [milliseconds, text] of cases) expect(shortDuration(milliseconds)).toBe(text);
  });
});
