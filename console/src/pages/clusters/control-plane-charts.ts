import type { CatalogueObject } from '../../objects/catalogue-charts.ts';
import { catalogueLine } from '../../objects/catalogue-charts.ts';
import type { ChartDescription, ChartSection } from '../../objects/chart-description.ts';
import { selector } from '../../objects/selector.ts';
import type { ControlPlanePart } from './cluster-facts.ts';

/** Requests that end by themselves: the others take as long as their client wants. */
const SHORT = 'verb!~"WATCH|WATCHLIST|CONNECT|PROXY"';

/**
 * The control plane: whether its parts answer, how large etcd's database is, and, of the parts that are scraped, how fast they are and what
 * fails. Where a provider runs it, little of it may be.
 */
export function controlPlaneCharts(cluster: string, scraped: ReadonlySet<ControlPlanePart>): readonly ChartSection[] {
  const object: CatalogueObject = { level: 'cluster', selector: selector({ cluster }) };
  const general: readonly ChartDescription[] = [
    {
      title: 'Components that answer',
      unit: '',
      description: '1 is yes: of etcd, more than half of its members.',
      lines: [
        catalogueLine(object, 'apiserver_healthy', 'API server'),
        catalogueLine(object, 'etcd_healthy', 'etcd'),
        catalogueLine(object, 'scheduler_healthy', 'Scheduler'),
        catalogueLine(object, 'controller_manager_healthy', 'Controller manager'),
      ],
    },
    {
      title: "Size of etcd's database",
      unit: 'bytes',
      description: 'The largest of its members. At its quota etcd takes no more writes.',
      lines: [catalogueLine(object, 'etcd_db_total_size_bytes', 'Size')],
    },
  ];
  const controllers: readonly ChartDescription[] = [
    ...(scraped.has('Scheduler') ? [waitingPods(cluster)] : []),
    ...(scraped.has('Controller manager') ? [queues(cluster)] : []),
  ];
  return [
    { title: 'Control plane', charts: [...general, ...controllers] },
    ...(scraped.has('API server') ? [{ title: 'API server', charts: apiServer(cluster) }] : []),
    ...(scraped.has('etcd') ? [{ title: 'etcd', charts: etcd(cluster) }] : []),
  ];
}

function waitingPods(cluster: string): ChartDescription {
  return {
    title: 'Pods that wait for a node',
    unit: '',
    description: "By the scheduler's queue: unschedulable ones fit on no node.",
    lines: [{ legend: '{{queue}}', query: `sum by (queue) (scheduler_pending_pods${selector({ cluster })})` }],
  };
}

function queues(cluster: string): ChartDescription {
  return {
    title: 'Work queues, the ten longest',
    unit: '',
    description: 'Objects that controllers still have to look at.',
    lines: [
      {
        legend: '{{name}}',
        query: `topk(10, sum by (name) (workqueue_depth${selector({ cluster }, 'job=~".*controller-manager"')}))`,
      },
    ],
  };
}

function apiServer(cluster: string): readonly ChartDescription[] {
  const requests = (...where: readonly string[]): string =>
    `rate(apiserver_request_total${selector({ cluster }, ...where)}[2m])`;
  const durations = `rate(apiserver_request_sli_duration_seconds_bucket${selector({ cluster }, SHORT)}[2m])`;
  return [
    {
      title: 'Requests',
      unit: 'requests/s',
      lines: [{ legend: '{{verb}}', query: `sum by (verb) (${requests()})` }],
    },
    {
      title: 'Time of requests, 99th percentile',
      unit: 's',
      description: 'By verb, without the time in admission webhooks and without watches.',
      lines: [{ legend: '{{verb}}', query: `histogram_quantile(0.99, sum by (le, verb) (${durations}))` }],
    },
    {
      title: 'Requests refused or failed',
      unit: 'requests/s',
      description: '5xx are faults of the API server, 429 says that it has too much to do, 409 that writers met.',
      lines: [{ legend: '{{code}}', query: `sum by (code) (${requests('code=~"[45].."')})` }],
    },
    {
      title: 'Errors, of all requests',
      unit: '%',
      description: 'Answers of 5xx.',
      lines: [
        {
          legend: 'Errors',
          query: `100 * (sum(${requests('code=~"5.."')}) or 0 * sum(${requests()})) / sum(${requests()})`,
        },
      ],
    },
    {
      title: 'Requests being answered',
      unit: '',
      description: 'At its limit the API server answers 429.',
      lines: [
        {
          legend: '{{request_kind}}',
          query: `sum by (request_kind) (apiserver_current_inflight_requests${selector({ cluster })})`,
        },
      ],
    },
    {
      title: 'Its requests to etcd, on average',
      unit: 's',
      lines: [
        {
          legend: '{{operation}}',
          query:
            `sum by (operation) (rate(etcd_request_duration_seconds_sum${selector({ cluster })}[2m])) / ` +
            `sum by (operation) (rate(etcd_request_duration_seconds_count${selector({ cluster })}[2m]))`,
        },
      ],
    },
  ];
}

function etcd(cluster: string): readonly ChartDescription[] {
  const own = selector({ cluster });
  const slowest = (metric: string): string =>
    `histogram_quantile(0.99, sum by (le, instance) (rate(${metric}_bucket${own}[2m])))`;
  return [
    {
      title: 'Members with a leader',
      unit: '',
      lines: [
        { legend: 'Have a leader', query: `sum(etcd_server_has_leader${own})` },
        { legend: 'There are', query: `count(etcd_server_has_leader${own})`, isBound: true },
      ],
    },
    {
      title: 'Writes to the log, 99th percentile',
      unit: 's',
      description: 'Up to 10 ms is well. Slow disks make all of the cluster slow.',
      lines: [{ legend: '{{instance}}', query: slowest('etcd_disk_wal_fsync_duration_seconds') }],
    },
    {
      title: 'Commits to disk, 99th percentile',
      unit: 's',
      description: 'Up to 25 ms is well.',
      lines: [{ legend: '{{instance}}', query: slowest('etcd_disk_backend_commit_duration_seconds') }],
    },
    {
      title: 'Way to other members, 99th percentile',
      unit: 's',
      description: 'From 50 ms on elections become likely.',
      lines: [{ legend: '{{instance}}', query: slowest('etcd_network_peer_round_trip_time_seconds') }],
    },
    {
      title: 'Proposals',
      unit: 'operations/s',
      description: 'Writes that the members agree on, and those that failed.',
      lines: [
        { legend: 'Committed', query: `max(rate(etcd_server_proposals_committed_total${own}[2m]))` },
        { legend: 'Failed', query: `sum(rate(etcd_server_proposals_failed_total${own}[2m]))` },
      ],
    },
    {
      title: 'Database, of its quota',
      unit: '%',
      lines: [
        {
          legend: '{{instance}}',
          query: `100 * max by (instance) (etcd_mvcc_db_total_size_in_bytes${own}) / max by (instance) (etcd_server_quota_backend_bytes${own})`,
        },
      ],
    },
  ];
}
