import type { Board } from '../parts/board.ts';
import { graph } from '../parts/graph-panel.ts';
import { stat } from '../parts/stat-panel.ts';
import { UNIT } from '../parts/unit.ts';
import { labelVariable } from '../parts/variables.ts';

const CHOSEN = '{instance=~"$instance"}';
const rate = (metric: string, by?: string): string =>
  `sum${by === undefined ? '' : ` by (${by})`} (rate(${metric}${CHOSEN}[$__rate_interval]))`;
const quantile = (metric: string): string => `histogram_quantile(0.99, ${rate(`${metric}_bucket`, 'le')})`;
const average = (metric: string, by?: string): string =>
  `${rate(`${metric}_sum`, by)} / ${rate(`${metric}_count`, by)}`;

/** Of what has never happened yet there may be no series. */
const orZero = (expr: string): string => `${expr} or vector(0)`;

/** Pharos' own metrics: whether it takes in, keeps and answers everything, and what that costs. */
export const pharosItself: Board = {
  uid: 'pharos-itself',
  title: 'Pharos / Pharos itself',
  description:
    'Scrapes, outbox, store, queries, rules, Kubernetes, memory and event loop of Pharos: what it does and what that costs.',
  variables: [labelVariable({ name: 'instance', title: 'Instance', of: 'pharos_build_info', several: true })],
  links: [
    { title: 'Alerts and policies', uid: 'pharos-alerts' },
    { title: 'Autoscaling', uid: 'pharos-autoscaling' },
  ],
  rows: [
    {
      panels: [
        stat({
          title: 'Samples stored',
          description: 'Samples per second that are durable.',
          unit: UNIT.perSecond,
          queries: [{ expr: rate('pharos_storage_samples_appended_total') }],
        }),
        stat({
          title: 'Series',
          description: 'Series that the writers hold.',
          unit: UNIT.count,
          queries: [{ expr: `sum(pharos_storage_active_series${CHOSEN})` }],
        }),
        stat({
          title: 'Targets',
          description: 'Targets that are scraped.',
          unit: UNIT.count,
          queries: [{ expr: `sum(pharos_scrape_targets${CHOSEN})` }],
        }),
        stat({
          title: 'Targets down',
          description: 'Targets of all collectors whose last scrape failed.',
          unit: UNIT.count,
          queries: [{ expr: 'count(up == 0) or vector(0)' }],
          thresholds: { warn: 1, bad: 10 },
        }),
        stat({
          title: 'Not in ClickHouse yet',
          description:
            'Age of the oldest samples that lie in the outbox only. They are safe, but queries do not see them.',
          unit: UNIT.seconds,
          decimals: 0,
          queries: [
            {
              expr: `max(time() - (pharos_outbox_oldest_segment_timestamp_seconds${CHOSEN} > 0)) or vector(0)`,
            },
          ],
          thresholds: { warn: 60, bad: 600 },
        }),
        stat({
          title: 'Samples refused',
          description: 'In the time range, because the outbox was full or had failed. They are lost.',
          unit: UNIT.count,
          decimals: 0,
          queries: [{ expr: `sum(increase(pharos_storage_samples_refused_total${CHOSEN}[$__range]))` }],
          thresholds: { bad: 1 },
        }),
      ],
    },
    {
      panels: [
        graph({
          title: 'Scrapes by result',
          description: 'Scrapes per second. Of failed ones only that they failed is stored.',
          unit: UNIT.perSecond,
          queries: [{ expr: rate('pharos_scrapes_total', 'result'), legend: '{{result}}' }],
        }),
        graph({
          title: 'Outbox, of its limit',
          description: 'It fills while ClickHouse cannot be reached; at 100 % samples are refused.',
          unit: UNIT.percent,
          queries: [
            {
              expr: `100 * pharos_outbox_bytes${CHOSEN} / pharos_outbox_limit_bytes${CHOSEN}`,
              legend: '{{instance}}',
            },
          ],
          thresholds: { warn: 50, bad: 90 },
        }),
        graph({
          title: 'Queries by handler',
          description: 'Requests to the HTTP API: the ten handlers with most.',
          unit: UNIT.requestsPerSecond,
          queries: [{ expr: `topk(10, ${rate('pharos_api_requests_total', 'handler')})`, legend: '{{handler}}' }],
        }),
        graph({
          title: 'CPU',
          description: 'Of each process, threads for heavy queries and ClickHouse in the process included.',
          unit: UNIT.cores,
          queries: [
            {
              expr: `rate(process_cpu_seconds_total${CHOSEN}[$__rate_interval]) and on (instance, job) pharos_build_info${CHOSEN}`,
              legend: '{{instance}}',
            },
          ],
        }),
        graph({
          title: 'Memory',
          description:
            'Resident memory of each process, and what of it is JavaScript heap; most of the rest is ClickHouse where it is embedded.',
          unit: UNIT.bytes,
          queries: [
            {
              expr: `process_resident_memory_bytes${CHOSEN} and on (instance, job) pharos_build_info${CHOSEN}`,
              legend: '{{instance}} resident',
            },
            {
              expr: `nodejs_heap_size_used_bytes${CHOSEN} and on (instance, job) pharos_build_info${CHOSEN}`,
              legend: '{{instance}} heap',
            },
          ],
        }),
        graph({
          title: 'Lag of the event loop',
          description:
            'How much too late the main thread comes to its work: the 99th percentile and the longest between scrapes. All else waits so long.',
          unit: UNIT.seconds,
          queries: [
            {
              expr: `nodejs_eventloop_lag_p99_seconds${CHOSEN} and on (instance, job) pharos_build_info${CHOSEN}`,
              legend: '{{instance}} p99',
            },
            {
              expr: `nodejs_eventloop_lag_max_seconds${CHOSEN} and on (instance, job) pharos_build_info${CHOSEN}`,
              legend: '{{instance}} longest',
            },
          ],
          thresholds: { warn: 0.5, bad: 2 },
        }),
      ],
    },
    {
      title: 'Scraping',
      closed: true,
      panels: [
        graph({
          title: 'Targets by job',
          description: 'Targets that are scraped: the twelve jobs with most.',
          unit: UNIT.count,
          queries: [
            { expr: `topk(12, sum by (scrape_job) (pharos_scrape_targets${CHOSEN}))`, legend: '{{scrape_job}}' },
          ],
        }),
        graph({
          title: 'Time of a scrape',
          description: 'On average and the 99th percentile, from the request until the samples are handed on.',
          unit: UNIT.seconds,
          queries: [
            { expr: average('pharos_scrape_duration_seconds'), legend: 'average' },
            { expr: quantile('pharos_scrape_duration_seconds'), legend: 'p99' },
          ],
        }),
        graph({
          title: 'Scrapes left out',
          description: 'Scrapes not begun because the one before had not ended, and those over a limit of their job.',
          unit: UNIT.perSecond,
          queries: [
            { expr: orZero(rate('pharos_scrape_missed_total')), legend: 'not begun' },
            { expr: orZero(rate('pharos_scrape_limit_exceeded_total')), legend: 'over a limit' },
          ],
        }),
        graph({
          title: 'Bytes scraped',
          description: 'Pages of targets, decompressed.',
          unit: UNIT.bytesPerSecond,
          queries: [{ expr: rate('pharos_scrape_body_bytes_total'), legend: 'received' }],
        }),
        graph({
          title: 'Memory for scraping',
          description: 'The text of series that targets exposed last, and pages that are being received.',
          unit: UNIT.bytes,
          queries: [
            { expr: `sum(pharos_scrape_cache_bytes${CHOSEN})`, legend: 'series' },
            { expr: `sum(pharos_scrape_body_buffer_bytes${CHOSEN})`, legend: 'pages' },
          ],
        }),
        graph({
          title: 'Received by push',
          description: 'Samples of remote write and of OTLP, and what of them was refused.',
          unit: UNIT.perSecond,
          queries: [
            { expr: rate('pharos_remote_write_samples_total'), legend: 'remote write' },
            { expr: rate('pharos_otlp_samples_total'), legend: 'OTLP' },
            { expr: rate('pharos_remote_write_refused_samples_total'), legend: 'refused' },
          ],
        }),
      ],
    },
    {
      title: 'Store',
      closed: true,
      panels: [
        graph({
          title: 'Samples taken and inserted',
          description: 'Durable in the outbox, and stored by ClickHouse. Apart for long, ClickHouse cannot keep up.',
          unit: UNIT.perSecond,
          queries: [
            { expr: rate('pharos_storage_samples_appended_total'), legend: 'durable' },
            { expr: rate('pharos_storage_samples_inserted_total'), legend: 'in ClickHouse' },
          ],
        }),
        graph({
          title: 'Time of inserts and commits',
          description: 'On average: an insert of a segment into ClickHouse, and making a segment durable.',
          unit: UNIT.seconds,
          queries: [
            { expr: average('pharos_outbox_insert_duration_seconds'), legend: 'insert' },
            { expr: average('pharos_outbox_commit_duration_seconds'), legend: 'commit' },
          ],
        }),
        graph({
          title: 'Inserts that failed',
          description: 'They are repeated. Segments that can never be stored are put aside.',
          unit: UNIT.perSecond,
          queries: [
            { expr: rate('pharos_outbox_insert_failures_total'), legend: 'failed' },
            { expr: rate('pharos_outbox_quarantined_segments_total'), legend: 'put aside' },
          ],
        }),
        graph({
          title: 'Bytes in the outbox',
          description: 'Samples that are not in ClickHouse yet.',
          unit: UNIT.bytes,
          queries: [{ expr: `sum by (instance) (pharos_outbox_bytes${CHOSEN})`, legend: '{{instance}}' }],
        }),
        graph({
          title: 'Memory for rules and policies',
          description: 'Recent samples that are kept so that rules and policies need not ask the store.',
          unit: UNIT.bytes,
          queries: [{ expr: `sum by (instance) (pharos_recent_bytes${CHOSEN})`, legend: '{{instance}}' }],
        }),
        graph({
          title: 'Reads of rules and policies',
          description: 'Where selections of rules and policies were answered: in memory or by the store.',
          unit: UNIT.perSecond,
          queries: [{ expr: rate('pharos_recent_selects_total', 'from'), legend: 'from {{from}}' }],
        }),
      ],
    },
    {
      title: 'Queries, rules and policies',
      closed: true,
      panels: [
        graph({
          title: 'Time of queries',
          description: 'On average by handler: the ten slowest.',
          unit: UNIT.seconds,
          queries: [
            { expr: `topk(10, ${average('pharos_api_request_duration_seconds', 'handler')})`, legend: '{{handler}}' },
          ],
        }),
        graph({
          title: 'Queries running and waiting',
          description: 'Queries wait when as many run as may.',
          unit: UNIT.count,
          decimals: 0,
          queries: [
            { expr: `sum(pharos_queries_running${CHOSEN})`, legend: 'running' },
            { expr: `sum(pharos_queries_waiting${CHOSEN})`, legend: 'waiting' },
          ],
        }),
        graph({
          title: 'Light and heavy queries',
          description: 'Light ones run in the main thread, heavy ones in threads of their own.',
          unit: UNIT.perSecond,
          queries: [{ expr: rate('pharos_query_lanes_total', 'lane'), legend: '{{lane}}' }],
        }),
        graph({
          title: 'Answers by status code',
          description: 'Of the HTTP API: 4xx are mistakes of who asks, 5xx faults of Pharos.',
          unit: UNIT.requestsPerSecond,
          queries: [{ expr: rate('pharos_api_requests_total', 'code'), legend: '{{code}}' }],
        }),
        graph({
          title: 'Time of rule groups',
          description: 'Of the last evaluation: the ten slowest groups.',
          unit: UNIT.seconds,
          queries: [{ expr: `topk(10, pharos_rule_group_last_duration_seconds${CHOSEN})`, legend: '{{rule_group}}' }],
        }),
        graph({
          title: 'Failures of rules and policies',
          description: 'Evaluations that failed. Alerts stay as they were.',
          unit: UNIT.perSecond,
          queries: [
            { expr: orZero(rate('pharos_rule_evaluation_failures_total')), legend: 'rules' },
            { expr: orZero(rate('pharos_policy_evaluation_failures_total')), legend: 'policies' },
          ],
        }),
      ],
    },
    {
      title: 'Kubernetes',
      closed: true,
      panels: [
        graph({
          title: 'Objects known',
          description: 'Objects in the watch caches, by resource: the ten with most.',
          unit: UNIT.count,
          queries: [
            {
              expr: `topk(10, sum by (cluster, resource) (pharos_kubernetes_objects${CHOSEN}))`,
              legend: '{{cluster}} {{resource}}',
            },
          ],
        }),
        graph({
          title: 'Age of what is known',
          description:
            'For how long a watch cache has not been known to be current: the ten oldest. Bookmarks come about every minute.',
          unit: UNIT.seconds,
          queries: [
            {
              expr: `topk(10, max by (cluster, resource) (pharos_kubernetes_cache_age_seconds${CHOSEN}))`,
              legend: '{{cluster}} {{resource}}',
            },
          ],
          thresholds: { warn: 120, bad: 300 },
        }),
        graph({
          title: 'Events of watches',
          description: 'Changes that the API servers sent, by resource: the ten with most.',
          unit: UNIT.perSecond,
          queries: [
            {
              expr: `topk(10, ${rate('pharos_kubernetes_events_total', 'cluster, resource')})`,
              legend: '{{cluster}} {{resource}}',
            },
          ],
        }),
        graph({
          title: 'State metrics',
          description: 'Series of kube_* metrics by cluster.',
          unit: UNIT.count,
          queries: [{ expr: `sum by (cluster) (pharos_state_metrics_series${CHOSEN})`, legend: '{{cluster}}' }],
        }),
        graph({
          title: 'Catalogue',
          description: 'Series of k8s_* metrics by cluster.',
          unit: UNIT.count,
          queries: [{ expr: `sum by (cluster) (pharos_catalogue_series${CHOSEN})`, legend: '{{cluster}}' }],
        }),
        graph({
          title: 'Targets found',
          description:
            'Targets that service discovery has found before relabelling, and sources that could not be read.',
          unit: UNIT.count,
          queries: [
            { expr: `sum(pharos_discovery_targets${CHOSEN})`, legend: 'targets' },
            {
              expr: orZero(`sum(increase(pharos_discovery_failures_total${CHOSEN}[$__rate_interval]))`),
              legend: 'failures',
            },
          ],
        }),
      ],
    },
    {
      title: 'Process',
      closed: true,
      panels: [
        graph({
          title: 'Garbage collection',
          description: 'Share of time by kind; major ones stop the main thread longest.',
          unit: UNIT.ratio,
          queries: [{ expr: rate('nodejs_gc_duration_seconds_sum', 'kind'), legend: '{{kind}}' }],
        }),
        graph({
          title: 'Memory outside the heap',
          description: 'Buffers, of each process.',
          unit: UNIT.bytes,
          queries: [
            {
              expr: `nodejs_external_memory_bytes${CHOSEN} and on (instance, job) pharos_build_info${CHOSEN}`,
              legend: '{{instance}}',
            },
          ],
        }),
        graph({
          title: 'Open files, of the limit',
          description: 'Sockets and files of each process.',
          unit: UNIT.percent,
          queries: [
            {
              expr: `100 * process_open_fds${CHOSEN} / process_max_fds${CHOSEN} and on (instance, job) pharos_build_info${CHOSEN}`,
              legend: '{{instance}}',
            },
          ],
          thresholds: { warn: 70, bad: 90 },
        }),
      ],
    },
  ],
};
