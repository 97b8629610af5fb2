import type { Board } from '../parts/board.ts';
import { graph } from '../parts/graph-panel.ts';
import { stat } from '../parts/stat-panel.ts';
import { UNIT } from '../parts/unit.ts';
import { clusterVariable } from '../parts/variables.ts';

const CLUSTER = 'cluster="$cluster"';
const HEALTH = { '0': { text: 'down', color: 'red' }, '1': { text: 'healthy', color: 'green' } };
/** Requests that end by themselves: watches and the like take as long as their client wants. */
const SHORT = 'verb!~"WATCH|WATCHLIST|CONNECT|PROXY"';

const rate = (metric: string, { by, where = '' }: { by?: string; where?: string } = {}): string =>
  `sum${by === undefined ? '' : ` by (${by})`} (rate(${metric}{${CLUSTER}${where === '' ? '' : `, ${where}`}}[$__rate_interval]))`;
const quantile = (metric: string, { by = '', where = '' }: { by?: string; where?: string } = {}): string =>
  `histogram_quantile(0.99, ${rate(`${metric}_bucket`, { by: by === '' ? 'le' : `le, ${by}`, where })})`;

const health = (title: string, metric: string, description: string) =>
  stat({
    title,
    description,
    unit: UNIT.plain,
    queries: [{ expr: `min(${metric}{${CLUSTER}})` }],
    names: HEALTH,
    thresholds: { bad: 1, lowIsBad: true },
  });

/** API server, etcd, scheduler, controller manager, and what every node needs: proxy and DNS. */
export const controlPlane: Board = {
  uid: 'pharos-control-plane',
  title: 'Pharos / Control plane',
  description:
    'API server, etcd, scheduler, controller manager, kube-proxy and cluster DNS. What a managed control plane does not let be scraped stays empty.',
  variables: [clusterVariable()],
  links: [
    { title: 'Cluster', uid: 'pharos-cluster' },
    { title: 'Nodes', uid: 'pharos-nodes' },
    { title: 'Alerts and policies', uid: 'pharos-alerts' },
  ],
  rows: [
    {
      panels: [
        health('API server', 'k8s_cluster_apiserver_healthy', 'Healthy when an API server answers.'),
        health('etcd', 'k8s_cluster_etcd_healthy', 'Healthy when more than half of the members answer.'),
        health('Scheduler', 'k8s_cluster_scheduler_healthy', 'Healthy when a scheduler answers.'),
        health('Controller manager', 'k8s_cluster_controller_manager_healthy', 'Healthy when one answers.'),
        stat({
          title: 'Requests answered',
          description: 'Requests to the API server in the time range that did not fail by its fault (5xx).',
          unit: UNIT.percent,
          decimals: 2,
          queries: [
            {
              expr: `100 * (1 - (sum(increase(apiserver_request_total{${CLUSTER}, code=~"5.."}[$__range])) or vector(0))
                / sum(increase(apiserver_request_total{${CLUSTER}}[$__range])))`,
            },
          ],
          thresholds: { warn: 99.9, bad: 99, lowIsBad: true },
        }),
        stat({
          title: 'Requests in time',
          description: 'Requests to the API server in the time range that took a second at most; watches are left out.',
          unit: UNIT.percent,
          decimals: 2,
          queries: [
            {
              expr: `100 * sum(increase(apiserver_request_sli_duration_seconds_bucket{${CLUSTER}, ${SHORT}, le=~"1(\\\\.0)?"}[$__range]))
                / sum(increase(apiserver_request_sli_duration_seconds_count{${CLUSTER}, ${SHORT}}[$__range]))`,
            },
          ],
          thresholds: { warn: 99, bad: 95, lowIsBad: true },
        }),
      ],
    },
    {
      panels: [
        graph({
          title: 'Requests to the API server',
          description: 'By verb.',
          unit: UNIT.requestsPerSecond,
          queries: [{ expr: rate('apiserver_request_total', { by: 'verb' }), legend: '{{verb}}' }],
        }),
        graph({
          title: 'Requests refused and failed',
          description:
            'By status code: 5xx are faults of the API server, 429 means that it sheds load, 409 conflicts of writers.',
          unit: UNIT.requestsPerSecond,
          queries: [
            { expr: rate('apiserver_request_total', { by: 'code', where: 'code=~"[45].."' }), legend: '{{code}}' },
          ],
        }),
        graph({
          title: 'Time of requests, 99th percentile',
          description: 'By verb, without time in admission webhooks; watches are left out.',
          unit: UNIT.seconds,
          queries: [
            {
              expr: quantile('apiserver_request_sli_duration_seconds', { by: 'verb', where: SHORT }),
              legend: '{{verb}}',
            },
          ],
          thresholds: { bad: 1 },
        }),
        graph({
          title: 'etcd: writes to disk, 99th percentile',
          description:
            'Of the write-ahead log (10 ms and less is well) and of commits (25 ms). Slow disks make all of the cluster slow.',
          unit: UNIT.seconds,
          queries: [
            { expr: quantile('etcd_disk_wal_fsync_duration_seconds', { by: 'instance' }), legend: 'log {{instance}}' },
            {
              expr: quantile('etcd_disk_backend_commit_duration_seconds', { by: 'instance' }),
              legend: 'commit {{instance}}',
            },
          ],
        }),
        graph({
          title: 'Pods that wait to be scheduled',
          description: 'By queue: unschedulable ones fit on no node.',
          unit: UNIT.count,
          queries: [{ expr: `sum by (queue) (scheduler_pending_pods{${CLUSTER}})`, legend: '{{queue}}' }],
        }),
        graph({
          title: 'Work queues',
          description: 'Objects that controllers still have to look at: the ten longest queues.',
          unit: UNIT.count,
          queries: [
            {
              expr: `topk(10, sum by (name) (workqueue_depth{${CLUSTER}, job="kube-controller-manager"}))`,
              legend: '{{name}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'API server',
      closed: true,
      panels: [
        graph({
          title: 'Requests being answered',
          description: 'By kind. At its limit the API server answers 429.',
          unit: UNIT.count,
          queries: [
            {
              expr: `sum by (request_kind) (apiserver_current_inflight_requests{${CLUSTER}})`,
              legend: '{{request_kind}}',
            },
          ],
        }),
        graph({
          title: 'Watches',
          description: 'Requests that stay open.',
          unit: UNIT.count,
          queries: [{ expr: `sum by (verb) (apiserver_longrunning_requests{${CLUSTER}})`, legend: '{{verb}}' }],
        }),
        graph({
          title: 'Events of watches',
          description:
            'Changes that are sent to watchers, and watchers that were cut off because they read too slowly.',
          unit: UNIT.perSecond,
          queries: [
            { expr: rate('apiserver_watch_events_total'), legend: 'events' },
            { expr: rate('apiserver_terminated_watchers_total'), legend: 'watchers cut off' },
          ],
        }),
        graph({
          title: 'Objects in storage',
          description: 'By resource: the ten with most. One that only grows is a leak of whoever makes them.',
          unit: UNIT.count,
          queries: [
            { expr: `topk(10, max by (resource) (apiserver_storage_objects{${CLUSTER}}))`, legend: '{{resource}}' },
          ],
        }),
        graph({
          title: 'Time of requests to etcd',
          description: 'As the API server sees them, on average by operation.',
          unit: UNIT.seconds,
          queries: [
            {
              expr: `${rate('etcd_request_duration_seconds_sum', { by: 'operation' })}
                / ${rate('etcd_request_duration_seconds_count', { by: 'operation' })}`,
              legend: '{{operation}}',
            },
          ],
        }),
        graph({
          title: 'Aggregated APIs not available',
          description:
            'APIs that other servers answer for the API server; the metrics APIs of autoscalers are among them.',
          unit: UNIT.count,
          decimals: 0,
          queries: [{ expr: `max by (name) (aggregator_unavailable_apiservice{${CLUSTER}})`, legend: '{{name}}' }],
          thresholds: { bad: 1 },
        }),
      ],
    },
    {
      title: 'etcd',
      closed: true,
      panels: [
        graph({
          title: 'Size of the database, of its quota',
          description: 'At 100 % etcd refuses all writes until it is compacted and defragmented.',
          unit: UNIT.percent,
          queries: [
            {
              expr: `100 * etcd_mvcc_db_total_size_in_bytes{${CLUSTER}} / etcd_server_quota_backend_bytes{${CLUSTER}}`,
              legend: '{{instance}}',
            },
          ],
          thresholds: { warn: 80, bad: 95 },
        }),
        graph({
          title: 'Size of the database',
          description: 'On disk, and what of it is in use: a wide gap goes away with defragmentation.',
          unit: UNIT.bytes,
          queries: [
            { expr: `max(etcd_mvcc_db_total_size_in_bytes{${CLUSTER}})`, legend: 'on disk' },
            { expr: `max(etcd_mvcc_db_total_size_in_use_in_bytes{${CLUSTER}})`, legend: 'in use' },
          ],
        }),
        graph({
          title: 'Members with a leader',
          description: 'Members that know a leader, and changes of the leader in the time shown by a point.',
          unit: UNIT.count,
          decimals: 0,
          queries: [
            { expr: `sum(etcd_server_has_leader{${CLUSTER}})`, legend: 'have a leader' },
            {
              expr: `sum(increase(etcd_server_leader_changes_seen_total{${CLUSTER}}[$__rate_interval]))`,
              legend: 'changes seen',
            },
          ],
        }),
        graph({
          title: 'Proposals',
          description: 'Writes that the members agree on.',
          unit: UNIT.perSecond,
          queries: [
            { expr: rate('etcd_server_proposals_committed_total'), legend: 'committed' },
            { expr: rate('etcd_server_proposals_applied_total'), legend: 'applied' },
            { expr: rate('etcd_server_proposals_failed_total'), legend: 'failed' },
            { expr: `sum(etcd_server_proposals_pending{${CLUSTER}})`, legend: 'pending now' },
          ],
        }),
        graph({
          title: 'Way to other members, 99th percentile',
          description: 'Round trips between members; above 50 ms elections become likely.',
          unit: UNIT.seconds,
          queries: [
            {
              expr: quantile('etcd_network_peer_round_trip_time_seconds', { by: 'instance, To' }),
              legend: '{{instance}} to {{To}}',
            },
          ],
          thresholds: { warn: 0.05, bad: 0.15 },
        }),
        graph({
          title: 'gRPC calls',
          description: 'By method.',
          unit: UNIT.requestsPerSecond,
          queries: [
            {
              expr: rate('grpc_server_handled_total', { by: 'grpc_method', where: 'job="etcd"' }),
              legend: '{{grpc_method}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Scheduler and controller manager',
      closed: true,
      panels: [
        graph({
          title: 'Attempts to schedule',
          description: 'By result.',
          unit: UNIT.perSecond,
          queries: [{ expr: rate('scheduler_schedule_attempts_total', { by: 'result' }), legend: '{{result}}' }],
        }),
        graph({
          title: 'Time until a pod has its node',
          description: 'On average over ten minutes, from when the pod is seen, with all attempts.',
          unit: UNIT.seconds,
          queries: [
            {
              expr: `sum(increase(scheduler_pod_scheduling_sli_duration_seconds_sum{${CLUSTER}}[10m]))
                / sum(increase(scheduler_pod_scheduling_sli_duration_seconds_count{${CLUSTER}}[10m]))`,
              legend: 'average',
            },
          ],
        }),
        graph({
          title: 'Time of an attempt',
          description: 'On average over ten minutes, by result.',
          unit: UNIT.seconds,
          queries: [
            {
              expr: `sum by (result) (increase(scheduler_scheduling_attempt_duration_seconds_sum{${CLUSTER}}[10m]))
                / sum by (result) (increase(scheduler_scheduling_attempt_duration_seconds_count{${CLUSTER}}[10m]))`,
              legend: '{{result}}',
            },
          ],
        }),
        graph({
          title: 'Objects put into work queues',
          description: 'Of the controller manager: the ten busiest queues.',
          unit: UNIT.perSecond,
          queries: [
            {
              expr: `topk(10, ${rate('workqueue_adds_total', { by: 'name', where: 'job="kube-controller-manager"' })})`,
              legend: '{{name}}',
            },
          ],
        }),
        graph({
          title: 'Time in work queues',
          description: 'On average, of the controller manager: the ten slowest queues.',
          unit: UNIT.seconds,
          queries: [
            {
              expr: `topk(10, ${rate('workqueue_queue_duration_seconds_sum', { by: 'name', where: 'job="kube-controller-manager"' })}
                / ${rate('workqueue_queue_duration_seconds_count', { by: 'name', where: 'job="kube-controller-manager"' })})`,
              legend: '{{name}}',
            },
          ],
        }),
        graph({
          title: 'Requests of components to the API server',
          description: 'By component and status code.',
          unit: UNIT.requestsPerSecond,
          queries: [{ expr: rate('rest_client_requests_total', { by: 'job, code' }), legend: '{{job}}: {{code}}' }],
        }),
      ],
    },
    {
      title: 'Proxy and DNS',
      closed: true,
      panels: [
        graph({
          title: 'Time to write the rules of services, 99th percentile',
          description: 'How long kube-proxy takes for one synchronisation of its rules: the ten slowest nodes.',
          unit: UNIT.seconds,
          queries: [
            {
              expr: `topk(10, ${quantile('kubeproxy_sync_proxy_rules_duration_seconds', { by: 'instance' })})`,
              legend: '{{instance}}',
            },
          ],
        }),
        graph({
          title: 'DNS requests',
          description: 'By type of record.',
          unit: UNIT.requestsPerSecond,
          queries: [{ expr: rate('coredns_dns_requests_total', { by: 'type' }), legend: '{{type}}' }],
        }),
        graph({
          title: 'DNS answers by code',
          description: 'NXDOMAIN is common, as names are tried with each search domain; SERVFAIL is a fault.',
          unit: UNIT.requestsPerSecond,
          queries: [{ expr: rate('coredns_dns_responses_total', { by: 'rcode' }), legend: '{{rcode}}' }],
        }),
        graph({
          title: 'Time of DNS answers, 99th percentile',
          description: 'Of all DNS servers of the cluster.',
          unit: UNIT.seconds,
          queries: [{ expr: quantile('coredns_dns_request_duration_seconds', { by: 'pod' }), legend: '{{pod}}' }],
        }),
        graph({
          title: 'DNS answers from the cache',
          description: 'Of all answers.',
          unit: UNIT.percent,
          max: 100,
          queries: [
            {
              expr: `100 * ${rate('coredns_cache_hits_total')} / (${rate('coredns_cache_hits_total')} + ${rate('coredns_cache_misses_total')})`,
              legend: 'cache hits',
            },
          ],
        }),
        graph({
          title: 'Memory of the components',
          description: 'Resident memory of each process: the twelve largest.',
          unit: UNIT.bytes,
          queries: [
            {
              expr: `topk(12, process_resident_memory_bytes{${CLUSTER}, job=~"apiserver|etcd|kube-.*"})`,
              legend: '{{job}} {{instance}}',
            },
          ],
        }),
      ],
    },
  ],
};
