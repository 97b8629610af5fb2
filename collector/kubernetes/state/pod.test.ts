import { describe, expect, it } from 'vitest';
import { seriesText, type Written } from './series-text.case.ts';

const RUNNING: Written = {
  metadata: {
    name: 'web-1',
    uid: 'u1',
    creationTimestamp: '2024-05-01T10:00:00Z',
    labels: { app: 'web' },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'r', controller: true }],
  },
  spec: {
    nodeName: 'n1',
    priorityClassName: 'high',
    restartPolicy: 'Always',
    containers: [
      {
        name: 'app',
        image: 'web:1',
        resources: {
          requests: { cpu: '100m', memory: '64Mi', 'nvidia.com/gpu': '1', pods: '3', 'kubernetes.io/odd': '1' },
          limits: { cpu: '1', memory: '128974848000m', 'hugepages-2Mi': '4Mi', 'ephemeral-storage': '1G' },
        },
      },
    ],
  },
  status: {
    phase: 'Running',
    hostIP: '10.0.0.1',
    podIP: '10.1.0.5',
    podIPs: [{ ip: '10.1.0.5' }, { ip: 'fd00::5' }],
    startTime: '2024-05-01T10:00:01Z',
    qosClass: 'Burstable',
    conditions: [
      { type: 'PodScheduled', status: 'True', lastTransitionTime: '2024-05-01T10:00:00Z' },
      { type: 'Ready', status: 'True', lastTransitionTime: '2024-05-01T10:00:07Z' },
    ],
    containerStatuses: [
      {
        name: 'app',
        image: 'docker.io/web:1',
        imageID: 'sha256:ab',
        containerID: 'containerd://c1',
        ready: true,
        restartCount: 2,
        state: { running: { startedAt: '2024-05-01T10:00:05Z' } },
        lastState: {
          terminated: { reason: 'OOMKilled', exitCode: 137, finishedAt: '2024-05-01T10:00:04Z' },
        },
      },
    ],
  },
};

describe('pods', () => {
  it('are told by default so', async () => {
    expect(await seriesText('pods', RUNNING, { selection: {} })).toEqual([
      'kube_pod_container_info{container="app", container_id="containerd://c1", image="docker.io/web:1", image_id="sha256:ab", image_spec="web:1"} 1',
      'kube_pod_container_resource_limits{container="app", node="n1", resource="cpu", unit="core"} 1',
      'kube_pod_container_resource_limits{container="app", node="n1", resource="ephemeral_storage", unit="byte"} 1000000000',
      'kube_pod_container_resource_limits{container="app", node="n1", resource="hugepages_2Mi", unit="byte"} 4194304',
      'kube_pod_container_resource_limits{container="app", node="n1", resource="memory", unit="byte"} 128974848',
      'kube_pod_container_resource_requests{container="app", node="n1", resource="cpu", unit="core"} 0.1',
      'kube_pod_container_resource_requests{container="app", node="n1", resource="memory", unit="byte"} 67108864',
      'kube_pod_container_resource_requests{container="app", node="n1", resource="nvidia_com_gpu", unit="integer"} 1',
      'kube_pod_container_status_last_terminated_exitcode{container="app"} 137',
      'kube_pod_container_status_last_terminated_reason{container="app", reason="OOMKilled"} 1',
      'kube_pod_container_status_ready{container="app"} 1',
      'kube_pod_container_status_restarts_total{container="app"} 2',
      'kube_pod_container_status_running{container="app"} 1',
      'kube_pod_created 1714557600',
      'kube_pod_info{created_by_kind="ReplicaSet", created_by_name="web", host_ip="10.0.0.1", host_network="false", node="n1", pod_ip="10.1.0.5", priority_class="high"} 1',
      'kube_pod_owner{owner_is_controller="true", owner_kind="ReplicaSet", owner_name="web"} 1',
      'kube_pod_start_time 1714557601',
      'kube_pod_status_phase{phase="Failed"} 0',
      'kube_pod_status_phase{phase="Pending"} 0',
      'kube_pod_status_phase{phase="Running"} 1',
      'kube_pod_status_phase{phase="Succeeded"} 0',
      'kube_pod_status_phase{phase="Unknown"} 0',
      'kube_pod_status_ready{condition="false"} 0',
      'kube_pod_status_ready{condition="true"} 1',
      'kube_pod_status_ready{condition="unknown"} 0',
      'kube_pod_status_reason{reason="Evicted"} 0',
      'kube_pod_status_reason{reason="NodeAffinity"} 0',
      'kube_pod_status_reason{reason="NodeLost"} 0',
      'kube_pod_status_reason{reason="Shutdown"} 0',
      'kube_pod_status_reason{reason="UnexpectedAdmissionError"} 0',
    ]);
  });

  it('have namespace, pod and uid on each series', async () => {
    expect(await seriesText('pods', RUNNING, { only: 'start_time', identity: true })).toEqual([
      'kube_pod_start_time{namespace="ns", pod="web-1", uid="u1"} 1714557601',
    ]);
  });

  it.each<[string, Written, readonly string[]]>([
    ['kube_pod_ips', RUNNING, ['{ip="10.1.0.5", ip_family="4"} 1', '{ip="fd00::5", ip_family="6"} 1']],
    [
      'kube_pod_status_qos_class',
      RUNNING,
      ['{qos_class="BestEffort"} 0', '{qos_class="Burstable"} 1', '{qos_class="Guaranteed"} 0'],
    ],
    ['kube_pod_container_state_started', RUNNING, ['{container="app"} 1714557605']],
    ['kube_pod_container_status_last_terminated_timestamp', RUNNING, ['{container="app"} 1714557604']],
    ['kube_pod_status_scheduled_time', RUNNING, [' 1714557600']],
    ['kube_pod_status_ready_time', RUNNING, [' 1714557607']],
    ['kube_pod_restart_policy', RUNNING, ['{type="Always"} 1']],
    ['kube_pod_container_status_terminated_reason', RUNNING, []],
    ['kube_pod_container_status_waiting_reason', RUNNING, []],
    ['kube_pod_status_unschedulable', RUNNING, []],
    ['kube_pod_deletion_timestamp', RUNNING, []],
    ['kube_pod_completion_time', RUNNING, []],
    ['kube_pod_status_phase', { spec: { containers: [] }, status: {} }, []],
    ['kube_pod_owner', { spec: { containers: [] } }, [' 1']],
    [
      'kube_pod_owner',
      {
        metadata: {
          ownerReferences: [
            { kind: 'A', name: 'a' },
            { kind: 'B', name: 'b', controller: false },
          ],
        },
      },
      [
        '{owner_is_controller="false", owner_kind="A", owner_name="a"} 1',
        '{owner_is_controller="false", owner_kind="B", owner_name="b"} 1',
      ],
    ],
    ['kube_pod_info', { spec: { hostNetwork: true, containers: [] }, status: {} }, ['{host_network="true"} 1']],
    ['kube_pod_deletion_timestamp', { metadata: { deletionTimestamp: '2024-05-01T10:00:00Z' } }, [' 1714557600']],
    [
      'kube_pod_status_unschedulable',
      { status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] } },
      [' 1'],
    ],
    [
      'kube_pod_status_scheduled',
      { status: { conditions: [{ type: 'PodScheduled', status: 'False' }] } },
      ['{condition="false"} 1', '{condition="true"} 0', '{condition="unknown"} 0'],
    ],
    [
      'kube_pod_container_status_waiting_reason',
      { status: { containerStatuses: [{ name: 'a', state: { waiting: { reason: 'CrashLoopBackOff' } } }] } },
      ['{container="a", reason="CrashLoopBackOff"} 1'],
    ],
    [
      'kube_pod_container_status_terminated_reason',
      { status: { containerStatuses: [{ name: 'a', state: { terminated: { reason: 'Error', exitCode: 1 } } }] } },
      ['{container="a", reason="Error"} 1'],
    ],
    [
      'kube_pod_completion_time',
      {
        status: {
          containerStatuses: [
            { name: 'a', state: { terminated: { finishedAt: '2024-05-01T10:00:00Z' } } },
            { name: 'b', state: { terminated: { finishedAt: '2024-05-01T10:00:09Z' } } },
          ],
        },
      },
      [' 1714557609'],
    ],
    [
      'kube_pod_spec_volumes_persistentvolumeclaims_readonly',
      {
        spec: {
          containers: [],
          volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c', readOnly: true } }, { name: 'other' }],
        },
      },
      ['{persistentvolumeclaim="c", volume="v"} 1'],
    ],
    [
      'kube_pod_overhead',
      { spec: { containers: [], overhead: { cpu: '250m', memory: '120Mi' } } },
      ['_cpu_cores 0.25', '_memory_bytes 125829120'],
    ],
    [
      'kube_pod_tolerations',
      {
        spec: {
          containers: [],
          tolerations: [
            { key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
            { key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
            { operator: 'Exists' },
          ],
        },
      },
      ['{effect="NoExecute", key="a", operator="Exists", toleration_seconds="300"} 1', '{operator="Exists"} 1'],
    ],
    [
      'kube_pod_nodeselectors',
      { spec: { containers: [], nodeSelector: { 'kubernetes.io/os': 'linux' } } },
      ['{nodeselector_kubernetes_io_os="linux"} 1'],
    ],
    [
      'kube_pod_init_container_info',
      {
        spec: { containers: [], initContainers: [{ name: 'i', image: 'init:1', restartPolicy: 'Always' }] },
        status: { initContainerStatuses: [{ name: 'i', image: 'init:1', state: {} }] },
      },
      ['{container="i", image="init:1", image_spec="init:1", restart_policy="Always"} 1'],
    ],
    [
      'kube_pod_init_container_resource_limits',
      { spec: { containers: [], initContainers: [{ name: 'i', resources: { limits: { cpu: '57m' } } }] } },
      ['{container="i", resource="cpu", unit="core"} 0.057'],
    ],
  ])('%s of %j', async (name, pod, wanted) => {
    expect(await seriesText('pods', { spec: { containers: [] }, ...pod }, { only: name })).toEqual(
      wanted.map((line) => `${name}${line}`),
    );
  });

  it.each([
    ['status.reason', { reason: 'Evicted' }],
    ['a condition', { conditions: [{ type: 'Ready', status: 'False', reason: 'Evicted' }] }],
    ['a container', { containerStatuses: [{ name: 'a', state: { terminated: { reason: 'Evicted' } } }] }],
  ])('find a reason in %s', async (_, status) => {
    const told = await seriesText('pods', { spec: { containers: [] }, status }, { only: 'kube_pod_status_reason' });
    expect(told.filter((line) => line.endsWith(' 1'))).toEqual(['kube_pod_status_reason{reason="Evicted"} 1']);
  });

  it('tell labels and annotations that are allowed', async () => {
    const pod: Written = {
      metadata: {
        labels: { 'app.kubernetes.io/partOf': 'shop', 'team-a': '1', 'team.a': '2', other: 'x' },
        annotations: { 'build/number': '17' },
      },
      spec: { containers: [] },
    };
    const selection = {
      metricAllowlist: ['^kube_pod_(labels|annotations)$'],
      metricLabelsAllowlist: { pods: ['app.kubernetes.io/*', 'team-a', 'team.a'] },
      metricAnnotationsAllowlist: { '*': ['*'] },
    };
    expect(await seriesText('pods', pod, { selection })).toEqual([
      'kube_pod_annotations{annotation_build_number="17"} 1',
      'kube_pod_labels{label_app_kubernetes_io_part_of="shop", label_team_a_conflict1="1", label_team_a_conflict2="2"} 1',
    ]);
  });
});
