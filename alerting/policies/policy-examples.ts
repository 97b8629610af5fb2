/** A worked example for the reference. */
export interface PolicyExample {
  readonly title: string;
  /** What it shows. */
  readonly text: string;
  /** One item of a list of policies. */
  readonly yaml: string;
}

/** What people ask for most, each as it is written in a file. */
export const POLICY_EXAMPLES: readonly PolicyExample[] = [
  {
    title: 'CPU over its request',
    text: 'Three consecutive periods of five minutes with an average over 90 % warn, over 150 % it is serious: one alert, whose level rises.',
    yaml: `
- id: pod-cpu-over-request
  name: PodCpuOverRequest
  level: pod
  conditions:
    - metric: k8s_pod_rate_cpu_core_used_request
      period: 5m
      operator: gt
      thresholds: {warn: 90, serious: 150}
      periods: 3
  annotations:
    summary: 'Pod {{ $labels.pod }} uses {{ $value | humanize }} % of the CPU it asked for'
`,
  },
  {
    title: 'Restarts',
    text: 'The metric counts restarts since the sample before, so their sum is what happened within the period.',
    yaml: `
- id: pod-restarts
  name: PodRestarts
  level: pod
  conditions:
    - metric: k8s_pod_restart_total
      period: 10m
      statistic: sum
      operator: ge
      thresholds: {remind: 1, warn: 3, serious: 10}
  notice:
    receivers: [platform]
`,
  },
  {
    title: 'Node not ready',
    text: 'The least value of a minute, so one scrape that sees the node as not ready is enough; serious and told again every 15 minutes.',
    yaml: `
- id: node-not-ready
  name: NodeNotReady
  level: node
  objects:
    include: {node_role: [Node]}
  conditions:
    - metric: k8s_node_status_ready
      period: 1m
      statistic: min
      operator: lt
      thresholds: {serious: 1}
  notice:
    receivers: [on-call]
    repeat: {kind: every, interval: 15m}
`,
  },
  {
    title: 'No data',
    text: 'A node of which nothing has been heard for ten minutes is an alert of its own, whatever its memory was.',
    yaml: `
- id: node-memory
  name: NodeMemory
  level: node
  conditions:
    - {metric: k8s_node_mem_usage, period: 1m, operator: gt, threshold: 90, periods: 5}
  no_data: {mode: alert, after: 10m, severity: serious}
`,
  },
  {
    title: 'Hysteresis',
    text: 'What was above 85 % stays an alert until it is at 70 % or below, so a value around the threshold does not flap.',
    yaml: `
- id: cluster-memory-requested
  name: ClusterMemoryRequested
  level: cluster
  conditions:
    - metric: k8s_cluster_rate_mem_request_bytes_cluster
      period: 5m
      operator: gt
      threshold: 85
      recovery_threshold: 70
`,
  },
  {
    title: 'M of N periods',
    text: 'Three of the last five minutes: one minute in between that was good does not hide it.',
    yaml: `
- id: web-cpu-limit
  name: WebCpuAtLimit
  level: workload
  objects:
    include: {namespace: [shop], workload_name: ['web-*']}
  conditions:
    - metric: k8s_workload_rate_cpu_core_used_resource
      statistic: max
      operator: ge
      threshold: 95
      periods: 3
      out_of: 5
`,
  },
  {
    title: 'Other thresholds for some objects',
    text: 'Batch jobs may use more, and the load generator may do what it likes. The first override that an object is in counts.',
    yaml: `
- id: pod-memory-of-limit
  name: PodMemoryOfLimit
  level: pod
  conditions:
    - {metric: k8s_pod_rate_mem_no_cache_limit, operator: gt, threshold: 85, periods: 5}
  overrides:
    - objects:
        include: {workload_kind: [Job, CronJob]}
      conditions:
        - thresholds: {warn: 95, serious: 99}
    - objects:
        include: {namespace: [load-test]}
      disabled: true
`,
  },
  {
    title: 'Exponential repeat',
    text: 'Told again after 5, 10, 20, 40 minutes and so on, but at least every 12 hours.',
    yaml: `
- id: etcd-unhealthy
  name: EtcdUnhealthy
  level: cluster
  conditions:
    - {metric: k8s_cluster_etcd_healthy, statistic: last, operator: lt, thresholds: {serious: 1}, periods: 2}
  notice:
    receivers: [on-call, platform]
    repeat: {kind: exponential, first: 5m, longest: 12h}
`,
  },
  {
    title: 'A drop against yesterday',
    text: 'Half an hour in which a service received 60 % less than in the same half hour of the day before.',
    yaml: `
- id: service-traffic-drop
  name: ServiceTrafficDrop
  level: service
  objects:
    include: {namespace: [shop]}
  conditions:
    - metric: k8s_service_network_receive_bytes_bw
      period: 30m
      operator: decrease
      comparison: day
      threshold: 60
`,
  },
  {
    title: 'All namespaces but some',
    text: 'Both conditions must hold of a container; those of the system and of sandboxes are left out. Alerts of a namespace are told together.',
    yaml: `
- id: container-starved
  name: ContainerStarved
  description: CPU and memory at their limits at once.
  level: container
  objects:
    exclude: {namespace: [kube-system, 'sandbox-*']}
  conditions:
    - {metric: k8s_container_rate_cpu_core_used_limit, period: 5m, operator: ge, threshold: 90}
    - {metric: k8s_container_rate_mem_no_cache_limit, period: 5m, operator: ge, threshold: 90}
  union: all
  notice:
    group_by: [alertname, cluster, namespace]
    repeat: {kind: once}
  labels:
    team: platform
`,
  },
];
