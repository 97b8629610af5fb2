import { describe, expect, it } from 'vitest';
import type { ResourceName } from '../objects.ts';
import { seriesText, type Written } from './series-text.case.ts';
import { STATE_RESOURCES } from './state-resources.ts';

/** Of an object, all series of families that begin with a name, without the name. */
type Case = readonly [resource: ResourceName, name: string, object: Written, series: readonly string[]];

const CREATED = { creationTimestamp: '2024-05-01T10:00:00Z' };
const conditions = (type: string, status: string): { conditions: object[] } => ({ conditions: [{ type, status }] });

const CASES: readonly Case[] = [
  [
    'nodes',
    'kube_node_info',
    {
      spec: { podCIDR: '10.1.0.0/24', providerID: 'cloud:///i-1' },
      status: {
        nodeInfo: {
          kernelVersion: '6.1',
          osImage: 'Debian 12',
          containerRuntimeVersion: 'containerd://1.7',
          kubeletVersion: 'v1.31.0',
          kubeProxyVersion: 'v1.31.0',
          systemUUID: 'ab',
        },
        addresses: [
          { type: 'InternalIP', address: '10.0.0.1' },
          { type: 'Hostname', address: 'n1' },
        ],
      },
    },
    [
      '{container_runtime_version="containerd://1.7", internal_ip="10.0.0.1", kernel_version="6.1", kubelet_version="v1.31.0", kubeproxy_version="v1.31.0", os_image="Debian 12", pod_cidr="10.1.0.0/24", provider_id="cloud:///i-1", system_uuid="ab"} 1',
    ],
  ],
  [
    'nodes',
    'kube_node_role',
    { metadata: { labels: { 'node-role.kubernetes.io/control-plane': '', 'kubernetes.io/os': 'linux' } } },
    ['{role="control-plane"} 1'],
  ],
  ['nodes', 'kube_node_spec_unschedulable', { spec: { unschedulable: true } }, [' 1']],
  ['nodes', 'kube_node_spec_unschedulable', {}, [' 0']],
  [
    'nodes',
    'kube_node_spec_taint',
    {
      spec: {
        taints: [
          { key: 'gpu', value: 'yes', effect: 'NoSchedule' },
          { key: 'x', effect: 'NoExecute' },
        ],
      },
    },
    ['{effect="NoExecute", key="x"} 1', '{effect="NoSchedule", key="gpu", value="yes"} 1'],
  ],
  [
    'nodes',
    'kube_node_status_capacity',
    { status: { capacity: { cpu: '3920m', memory: '7Gi', pods: '110', 'attachable-volumes-csi': '25', odd: '1' } } },
    [
      '{resource="attachable_volumes_csi", unit="byte"} 25',
      '{resource="cpu", unit="core"} 3.92',
      '{resource="memory", unit="byte"} 7516192768',
      '{resource="pods", unit="integer"} 110',
    ],
  ],
  [
    'nodes',
    'kube_node_status_condition',
    { status: conditions('Ready', 'Unknown') },
    [
      '{condition="Ready", status="false"} 0',
      '{condition="Ready", status="true"} 0',
      '{condition="Ready", status="unknown"} 1',
    ],
  ],
  [
    'nodes',
    'kube_node_status_addresses',
    { status: { addresses: [{ type: 'Hostname', address: 'n1' }] } },
    ['{address="n1", type="Hostname"} 1'],
  ],
  [
    'namespaces',
    'kube_namespace_status_phase',
    { status: { phase: 'Active' } },
    ['{phase="Active"} 1', '{phase="Terminating"} 0'],
  ],
  ['namespaces', 'kube_namespace_created', { metadata: CREATED }, [' 1714557600']],
  [
    'deployments',
    'kube_deployment_s',
    {
      metadata: { generation: 4 },
      spec: { replicas: 10, strategy: { rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } } },
      status: {
        replicas: 9,
        readyReplicas: 8,
        availableReplicas: 7,
        unavailableReplicas: 3,
        updatedReplicas: 6,
        observedGeneration: 3,
      },
    },
    [
      'pec_paused 0',
      'pec_replicas 10',
      'pec_strategy_rollingupdate_max_surge 3',
      'pec_strategy_rollingupdate_max_unavailable 2',
      'tatus_observed_generation 3',
      'tatus_replicas 9',
      'tatus_replicas_available 7',
      'tatus_replicas_ready 8',
      'tatus_replicas_unavailable 3',
      'tatus_replicas_updated 6',
    ],
  ],
  [
    'deployments',
    'kube_deployment_spec_strategy',
    { spec: { replicas: 3, strategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 'much' } } } },
    ['_rollingupdate_max_unavailable 1'],
  ],
  [
    'deployments',
    'kube_deployment_status_condition',
    { status: { conditions: [{ type: 'Progressing', status: 'False', reason: 'OfMyOwn' }] } },
    [
      '{condition="Progressing", reason="unknown", status="false"} 1',
      '{condition="Progressing", reason="unknown", status="true"} 0',
      '{condition="Progressing", reason="unknown", status="unknown"} 0',
    ],
  ],
  [
    'replicasets',
    'kube_replicaset',
    { metadata: { generation: 2 }, spec: { replicas: 3 }, status: { replicas: 3, readyReplicas: 2 } },
    [
      '_metadata_generation 2',
      '_owner 1',
      '_spec_replicas 3',
      '_status_fully_labeled_replicas 0',
      '_status_observed_generation 0',
      '_status_ready_replicas 2',
      '_status_replicas 3',
    ],
  ],
  [
    'statefulsets',
    'kube_statefulset',
    {
      metadata: { generation: 5 },
      spec: { replicas: 3, persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' } },
      status: { replicas: 3, readyReplicas: 2, updatedReplicas: 1, currentRevision: 'r1', updateRevision: 'r2' },
    },
    [
      '_metadata_generation 5',
      '_persistentvolumeclaim_retention_policy{when_deleted="Retain", when_scaled="Delete"} 1',
      '_replicas 3',
      '_status_current_revision{revision="r1"} 1',
      '_status_observed_generation 0',
      '_status_replicas 3',
      '_status_replicas_available 0',
      '_status_replicas_current 0',
      '_status_replicas_ready 2',
      '_status_replicas_updated 1',
      '_status_update_revision{revision="r2"} 1',
    ],
  ],
  [
    'daemonsets',
    'kube_daemonset_status',
    { status: { desiredNumberScheduled: 5, currentNumberScheduled: 4, numberReady: 3, numberMisscheduled: 1 } },
    [
      '_current_number_scheduled 4',
      '_desired_number_scheduled 5',
      '_number_available 0',
      '_number_misscheduled 1',
      '_number_ready 3',
      '_number_unavailable 0',
      '_observed_generation 0',
      '_updated_number_scheduled 0',
    ],
  ],
  [
    'jobs',
    'kube_job_s',
    {
      spec: { parallelism: 2, completions: 4, activeDeadlineSeconds: 600 },
      status: { active: 1, succeeded: 2, startTime: '2024-05-01T10:00:00Z', completionTime: '2024-05-01T10:00:30Z' },
    },
    [
      'pec_active_deadline_seconds 600',
      'pec_completions 4',
      'pec_parallelism 2',
      'tatus_active 1',
      'tatus_completion_time 1714557630',
      'tatus_failed 0',
      'tatus_ready 0',
      'tatus_start_time 1714557600',
      'tatus_succeeded 2',
    ],
  ],
  [
    'jobs',
    'kube_job_status_failed',
    { status: { failed: 3, conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded' }] } },
    ['{reason="BackoffLimitExceeded"} 0', '{reason="DeadlineExceeded"} 1', '{reason="Evicted"} 0'],
  ],
  ['jobs', 'kube_job_status_failed', { status: { failed: 3 } }, [' 3']],
  [
    'jobs',
    'kube_job_complete',
    { status: conditions('Complete', 'True') },
    ['{condition="false"} 0', '{condition="true"} 1', '{condition="unknown"} 0'],
  ],
  ['jobs', 'kube_job_failed', { status: conditions('Complete', 'True') }, []],
  [
    'cronjobs',
    'kube_cronjob',
    {
      metadata: CREATED,
      spec: {
        schedule: '*/15 * * * *',
        concurrencyPolicy: 'Forbid',
        suspend: false,
        startingDeadlineSeconds: 60,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 1,
      },
      status: { active: [{ name: 'j' }], lastScheduleTime: '2024-05-01T10:15:00Z' },
    },
    [
      '_created 1714557600',
      '_info{concurrency_policy="Forbid", schedule="*/15 * * * *", timezone="local"} 1',
      '_metadata_resource_version 7',
      '_next_schedule_time 1714559400',
      '_spec_failed_job_history_limit 1',
      '_spec_starting_deadline_seconds 60',
      '_spec_successful_job_history_limit 3',
      '_spec_suspend 0',
      '_status_active 1',
      '_status_last_schedule_time 1714558500',
    ],
  ],
  [
    'cronjobs',
    'kube_cronjob_next_schedule_time',
    { metadata: CREATED, spec: { schedule: '0 9 * * *', timeZone: 'Europe/Berlin' } },
    [' 1714633200'],
  ],
  [
    'cronjobs',
    'kube_cronjob_next_schedule_time',
    { metadata: CREATED, spec: { schedule: '@daily', suspend: true } },
    [],
  ],
  [
    'horizontalpodautoscalers',
    'kube_horizontalpodautoscaler',
    {
      metadata: { generation: 2 },
      spec: {
        minReplicas: 2,
        maxReplicas: 10,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
          {
            type: 'ContainerResource',
            containerResource: { name: 'memory', container: 'a', target: { averageValue: '100Mi' } },
          },
          { type: 'Pods', pods: { metric: { name: 'rps' }, target: { averageValue: '1500m' } } },
          { type: 'Object', object: { metric: { name: 'queue' }, target: { value: '10k', averageValue: '5' } } },
          { type: 'External', external: { metric: { name: 'lag' }, target: { value: 30 } } },
          { type: 'New', external: { metric: { name: 'no' }, target: { value: 30 } } },
        ],
      },
      status: {
        currentReplicas: 3,
        desiredReplicas: 4,
        conditions: [{ type: 'AbleToScale', status: 'True' }],
        currentMetrics: [
          { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 91, averageValue: '455m' } } },
          { type: 'External', external: { metric: { name: 'lag' }, current: { value: '42' } } },
          { type: '' },
        ],
      },
    },
    [
      '_info{scaletargetref_api_version="apps/v1", scaletargetref_kind="Deployment", scaletargetref_name="web"} 1',
      '_metadata_generation 2',
      '_spec_max_replicas 10',
      '_spec_min_replicas 2',
      '_spec_target_metric{metric_name="cpu", metric_target_type="utilization"} 80',
      '_spec_target_metric{metric_name="lag", metric_target_type="value"} 30',
      '_spec_target_metric{metric_name="memory", metric_target_type="average"} 104857600',
      '_spec_target_metric{metric_name="queue", metric_target_type="average"} 5',
      '_spec_target_metric{metric_name="queue", metric_target_type="value"} 10000',
      '_spec_target_metric{metric_name="rps", metric_target_type="average"} 1.5',
      '_status_condition{condition="AbleToScale", status="false"} 0',
      '_status_condition{condition="AbleToScale", status="true"} 1',
      '_status_condition{condition="AbleToScale", status="unknown"} 0',
      '_status_current_replicas 3',
      '_status_desired_replicas 4',
      '_status_target_metric{metric_name="cpu", metric_target_type="average"} 0.455',
      '_status_target_metric{metric_name="cpu", metric_target_type="utilization"} 91',
      '_status_target_metric{metric_name="lag", metric_target_type="value"} 42',
    ],
  ],
  [
    'services',
    'kube_service',
    {
      spec: { type: 'LoadBalancer', clusterIP: '10.2.0.1', externalTrafficPolicy: 'Local', externalIPs: ['1.2.3.4'] },
      status: { loadBalancer: { ingress: [{ ip: '5.6.7.8' }, { hostname: 'lb.example' }] } },
    },
    [
      '_info{cluster_ip="10.2.0.1", external_traffic_policy="Local"} 1',
      '_spec_external_ip{external_ip="1.2.3.4"} 1',
      '_spec_type{type="LoadBalancer"} 1',
      '_status_load_balancer_ingress{hostname="lb.example"} 1',
      '_status_load_balancer_ingress{ip="5.6.7.8"} 1',
    ],
  ],
  [
    'endpointslices',
    'kube_endpointslice',
    {
      addressType: 'IPv4',
      endpoints: [
        {
          addresses: ['10.1.0.5', '10.1.0.6'],
          conditions: { ready: true, serving: true, terminating: false },
          nodeName: 'n1',
          zone: 'z1',
          hints: { forZones: [{ name: 'z1' }] },
          targetRef: { kind: 'Pod', name: 'web-1', namespace: 'ns' },
        },
      ],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    },
    [
      '_endpoints_hints{address="10.1.0.5", for_zone="z1"} 1',
      '_endpoints{address="10.1.0.5", endpoint_nodename="n1", endpoint_zone="z1", ready="true", serving="true", targetref_kind="Pod", targetref_name="web-1", targetref_namespace="ns", terminating="false"} 1',
      '_endpoints{address="10.1.0.6", endpoint_nodename="n1", endpoint_zone="z1", ready="true", serving="true", targetref_kind="Pod", targetref_name="web-1", targetref_namespace="ns", terminating="false"} 1',
      '_info{addresstype="IPv4"} 1',
      '_ports{port_name="http", port_number="8080", port_protocol="TCP"} 1',
    ],
  ],
  [
    'endpoints',
    'kube_endpoint_',
    {
      subsets: [
        {
          addresses: [{ ip: '10.1.0.5' }],
          notReadyAddresses: [{ ip: '10.1.0.6' }],
          ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
        },
      ],
    },
    [
      'address{ip="10.1.0.5", port_name="http", port_number="80", port_protocol="TCP", ready="true"} 1',
      'address{ip="10.1.0.6", port_name="http", port_number="80", port_protocol="TCP", ready="false"} 1',
      'info 1',
      'ports{port_name="http", port_number="80", port_protocol="TCP"} 1',
    ],
  ],
  [
    'ingresses',
    'kube_ingress',
    {
      metadata: { annotations: { 'kubernetes.io/ingress.class': 'old' } },
      spec: {
        ingressClassName: 'new',
        tls: [{ hosts: ['a.example'], secretName: 'cert' }],
        rules: [
          {
            host: 'a.example',
            http: {
              paths: [
                { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } },
                { path: '/f', backend: { resource: { apiGroup: 'k8s.io', kind: 'Bucket', name: 'b' } } },
              ],
            },
          },
        ],
      },
    },
    [
      '_info{ingressclass="old"} 1',
      '_metadata_resource_version 7',
      '_path{host="a.example", path="/", path_type="Prefix", service_name="web", service_port="80"} 1',
      '_path{host="a.example", path="/f", resource_api_group="k8s.io", resource_kind="Bucket", resource_name="b"} 1',
      '_tls{secret="cert", tls_host="a.example"} 1',
    ],
  ],
  ['ingresses', 'kube_ingress_info', {}, ['{ingressclass="_default"} 1']],
  [
    'ingressclasses',
    'kube_ingressclass_info',
    { spec: { controller: 'k8s.io/nginx' } },
    ['{controller="k8s.io/nginx"} 1'],
  ],
  [
    'persistentvolumeclaims',
    'kube_persistentvolumeclaim',
    {
      metadata: { labels: { excluded_from_alerts: 'true', app: 'x' } },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'fast',
        volumeName: 'pv1',
        volumeMode: 'Filesystem',
        resources: { requests: { storage: '10Gi' } },
      },
      status: { phase: 'Bound', ...conditions('Resizing', 'True') },
    },
    [
      '_access_mode{access_mode="ReadWriteOnce"} 1',
      '_info{storageclass="fast", volumemode="Filesystem", volumename="pv1"} 1',
      '_labels{label_excluded_from_alerts="true"} 1',
      '_resource_requests_storage_bytes 10737418240',
      '_status_condition{condition="Resizing", status="false"} 0',
      '_status_condition{condition="Resizing", status="true"} 1',
      '_status_condition{condition="Resizing", status="unknown"} 0',
      '_status_phase{phase="Bound"} 1',
      '_status_phase{phase="Lost"} 0',
      '_status_phase{phase="Pending"} 0',
    ],
  ],
  [
    'persistentvolumes',
    'kube_persistentvolume_',
    {
      spec: {
        capacity: { storage: '5Gi' },
        storageClassName: 'fast',
        persistentVolumeReclaimPolicy: 'Delete',
        claimRef: { kind: 'PersistentVolumeClaim', namespace: 'ns', name: 'data' },
        csi: { driver: 'csi.example', volumeHandle: 'h1', volumeAttributes: { mounter: 'rbd' } },
      },
      status: { phase: 'Bound' },
    },
    [
      'capacity_bytes 5368709120',
      'claim_ref{claim_namespace="ns", name="data"} 1',
      'csi_attributes{csi_mounter="rbd"} 1',
      'info{csi_driver="csi.example", csi_volume_handle="h1", reclaim_policy="Delete", storageclass="fast"} 1',
      'status_phase{phase="Available"} 0',
      'status_phase{phase="Bound"} 1',
      'status_phase{phase="Failed"} 0',
      'status_phase{phase="Pending"} 0',
      'status_phase{phase="Released"} 0',
      'volume_mode{volumemode="Filesystem"} 1',
    ],
  ],
  ...(
    [
      [{ gcePersistentDisk: { pdName: 'd' } }, 'gce_persistent_disk_name="d"'],
      [{ awsElasticBlockStore: { volumeID: 'v' } }, 'ebs_volume_id="v"'],
      [{ azureDisk: { diskName: 'd' } }, 'azure_disk_name="d"'],
      [{ fc: { lun: 0, targetWWNs: ['a', 'b'] } }, 'fc_lun="0", fc_target_wwns="a,b"'],
      [{ iscsi: { targetPortal: 'p', iqn: 'q', lun: 3 } }, 'iscsi_iqn="q", iscsi_lun="3", iscsi_target_portal="p"'],
      [{ nfs: { server: 's', path: '/p' } }, 'nfs_path="/p", nfs_server="s"'],
      [{ local: { path: '/p', fsType: 'ext4' } }, 'local_fs="ext4", local_path="/p"'],
      [{ hostPath: { path: '/p', type: 'Directory' } }, 'host_path="/p", host_path_type="Directory"'],
    ] as const
  ).map(([spec, labels]): Case => ['persistentvolumes', 'kube_persistentvolume_info', { spec }, [`{${labels}} 1`]]),
  [
    'storageclasses',
    'kube_storageclass_info',
    { provisioner: 'csi.example' },
    ['{provisioner="csi.example", reclaim_policy="Delete", volume_binding_mode="Immediate"} 1'],
  ],
  [
    'volumeattachments',
    'kube_volumeattachment',
    {
      spec: { attacher: 'csi.example', nodeName: 'n1', source: { persistentVolumeName: 'pv1' } },
      status: { attached: true, attachmentMetadata: { devicePath: '/dev/sdb' } },
    },
    [
      '_info{attacher="csi.example", node="n1"} 1',
      '_spec_source_persistentvolume{volumename="pv1"} 1',
      '_status_attached 1',
      '_status_attachment_metadata{metadata_device_path="/dev/sdb"} 1',
    ],
  ],
  [
    'resourcequotas',
    'kube_resourcequota',
    { status: { hard: { 'requests.cpu': '10', pods: '20' }, used: { 'requests.cpu': '2500m' } } },
    [
      '{resource="pods", type="hard"} 20',
      '{resource="requests.cpu", type="hard"} 10',
      '{resource="requests.cpu", type="used"} 2.5',
    ],
  ],
  [
    'limitranges',
    'kube_limitrange',
    { spec: { limits: [{ type: 'Container', default: { cpu: '500m' }, defaultRequest: { cpu: '100m' } }] } },
    [
      '{constraint="default", resource="cpu", type="Container"} 0.5',
      '{constraint="defaultRequest", resource="cpu", type="Container"} 0.1',
    ],
  ],
  [
    'poddisruptionbudgets',
    'kube_poddisruptionbudget_status',
    { status: { currentHealthy: 2, desiredHealthy: 3, disruptionsAllowed: 0, expectedPods: 4, observedGeneration: 1 } },
    [
      '_current_healthy 2',
      '_desired_healthy 3',
      '_expected_pods 4',
      '_observed_generation 1',
      '_pod_disruptions_allowed 0',
    ],
  ],
  [
    'configmaps',
    'kube_configmap',
    { metadata: CREATED },
    ['_created 1714557600', '_info 1', '_metadata_resource_version 7'],
  ],
  ['secrets', 'kube_secret', {}, ['_info 1', '_metadata_resource_version 7', '_owner 1']],
  [
    'replicationcontrollers',
    'kube_replicationcontroller_s',
    { spec: { replicas: 2 }, status: { replicas: 2, availableReplicas: 1 } },
    [
      'pec_replicas 2',
      'tatus_available_replicas 1',
      'tatus_fully_labeled_replicas 0',
      'tatus_observed_generation 0',
      'tatus_ready_replicas 0',
      'tatus_replicas 2',
    ],
  ],
  [
    'leases',
    'kube_lease',
    {
      metadata: { ownerReferences: [{ kind: 'Node', name: 'n1' }] },
      spec: { holderIdentity: 'n1', renewTime: '2024-05-01T10:00:00.123456Z' },
    },
    ['_owner{lease_holder="n1", owner_kind="Node", owner_name="n1"} 1', '_renew_time 1714557600'],
  ],
  [
    'networkpolicies',
    'kube_networkpolicy_spec',
    { spec: { ingress: [{ from: [] }, {}] } },
    ['_egress_rules 0', '_ingress_rules 2'],
  ],
  [
    'certificatesigningrequests',
    'kube_certificatesigningrequest',
    {
      spec: { signerName: 'kubernetes.io/kubelet-serving' },
      status: { certificate: Buffer.from('a certificate').toString('base64'), ...conditions('Approved', 'True') },
    },
    ['_cert_length 13', '_condition{condition="approved"} 1', '_condition{condition="denied"} 0'],
  ],
  [
    'serviceaccounts',
    'kube_serviceaccount',
    { automountServiceAccountToken: false, secrets: [{ name: 's' }], imagePullSecrets: [{ name: 'p' }] },
    ['_image_pull_secret{name="p"} 1', '_info{automount_token="false"} 1', '_secret{name="s"} 1'],
  ],
  ...(['mutating', 'validating'] as const).map(
    (which): Case => [
      `${which}webhookconfigurations`,
      `kube_${which}webhookconfiguration_`,
      {
        webhooks: [
          { name: 'w', clientConfig: { service: { name: 's', namespace: 'sys' } } },
          { name: 'by-url', clientConfig: { url: 'https://x' } },
        ],
      },
      [
        'info 1',
        'metadata_resource_version 7',
        'webhook_clientconfig_service{service_name="s", service_namespace="sys", webhook_name="w"} 1',
      ],
    ],
  ),
  ['roles', 'kube_role', {}, ['_info 1', '_metadata_resource_version 7']],
  ['clusterroles', 'kube_clusterrole', {}, ['_info 1', '_metadata_resource_version 7']],
  [
    'rolebindings',
    'kube_rolebinding_info',
    { roleRef: { kind: 'Role', name: 'r' } },
    ['{roleref_kind="Role", roleref_name="r"} 1'],
  ],
  [
    'clusterrolebindings',
    'kube_clusterrolebinding_info',
    { roleRef: { kind: 'ClusterRole', name: 'r' } },
    ['{roleref_kind="ClusterRole", roleref_name="r"} 1'],
  ],
];

describe('state metrics', () => {
  it.each(CASES)('of %s: %s', async (resource, name, object, wanted) => {
    expect(await seriesText(resource, object, { only: name })).toEqual(wanted.map((line) => `${name}${line}`));
  });

  it('have a case for every resource', () => {
    const tested = new Set<string>(CASES.map(([resource]) => resource));
    expect(STATE_RESOURCES.map(({ resource }) => resource).filter((each) => !tested.has(each))).toEqual(['pods']);
  });

  it('can be made of an object that says next to nothing', async () => {
    for (const { resource } of STATE_RESOURCES) await seriesText(resource, {});
  });

  it('have names of one family each, with help, in good form', () => {
    const families = STATE_RESOURCES.flatMap(
      ({ families }) => families as readonly { name: string; help: string; type: string }[],
    );
    const names = families.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, help, type } of families) {
      expect(name).toMatch(/^kube_[a-z0-9_]+$/);
      expect(help).toMatch(/^[A-Z].*\.$/);
      expect(type === 'counter').toBe(name.endsWith('_total'));
    }
  });
});
